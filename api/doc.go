// Package api serves the dashboard's HTTP interface, described by openapi.yaml: status, setup,
// accounts, login sessions, sites, members, users, API tokens, the stats query and live events.
//
// It owns no data: users, sites and tokens change through Control as commands (invariant 13),
// login sessions are kept by Logins, numbers come from Stats. On a crash nothing of it needs
// repair; what is lost is the grace of a login rotation and the login limits.
//
// It starts no goroutines. Live streams run on the server's own; Close ends them and waits.
package api
