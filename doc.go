// Package hitkeep is the domain of the HitKeep analytics appliance: hits, visits, sites,
// partitions, queries, control commands and errors. It uses the standard library only, does
// no I/O and starts no goroutine. Every other package imports this one and none of its siblings;
// package appliance joins them.
package hitkeep
