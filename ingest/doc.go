// Package ingest takes hits in, makes them durable and feeds them to the stores.
//
// The front owns the routes: it parses a request once, finds the site, applies its rules,
// enriches the hit (browser, country, source, channel, bot verdict, visitor id) and forgets who
// sent it: neither the address nor the user agent leaves the request (invariant 15). It appends
// the hit to the journal and answers when the journal has fsynced it (invariant 1). The daily
// salts of visitor ids are made and destroyed here.
//
// Behind the journal, frames go through the embedded queue to one applier per store; DESIGN.md
// describes that way and what every crash leaves behind. The front itself holds no state but
// caches: killed at any step, a hit is either in the journal or was not acknowledged, and a salt
// is on disk before the first id made with it.
package ingest
