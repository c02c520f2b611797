// Package lake owns what is stored: one DuckDB file per tenant with the hot rows, the Parquet
// parts below it, the manifest that names the live parts, and the query engine over both.
//
// The applier calls Append, the compactor Roll and Sweep, the API the query methods. On a crash
// at any moment every hit is in exactly one place (invariant 9); DESIGN.md has the matrix. The
// package starts no goroutine; Run is called by whoever owns one.
package lake
