// Command hitkeep is the web analytics appliance: server and command line in one.
package main

import (
	"os"
	_ "time/tzdata" // a box may come without a zone database

	"hitkeep/appliance"
)

func main() { os.Exit(appliance.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
