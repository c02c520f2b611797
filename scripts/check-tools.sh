#!/bin/sh
# Says which of the tools that a build needs are missing or too old, and how to get them.
set -u
missing=""
say() { echo "  $1" >&2; missing="$missing $2"; }

# at_least HAVE WANT: dotted versions.
at_least() {
	[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

if ! command -v go >/dev/null 2>&1; then
	say "Go 1.26 or newer is missing (go.dev/dl, or golang-1.26 of Debian's backports)" golang-go
else
	have=$(go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//')
	at_least "$have" 1.26 || say "Go $have is too old: 1.26 or newer is needed" golang-go
fi
if ! command -v node >/dev/null 2>&1; then
	say "Node 20.19 or newer is missing" nodejs
else
	have=$(node --version | sed 's/^v//')
	at_least "$have" 20.19 || say "Node $have is too old: 20.19 or newer is needed" nodejs
fi
command -v npm >/dev/null 2>&1 || say "npm is missing" npm
command -v gcc >/dev/null 2>&1 || say "gcc is missing" build-essential
command -v g++ >/dev/null 2>&1 || say "g++ is missing" build-essential
command -v git >/dev/null 2>&1 || say "git is missing" git

if [ -n "$missing" ]; then
	packages=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
	echo "Install what is missing, on Debian and Ubuntu:" >&2
	echo "  sudo apt-get update && sudo apt-get install -y $packages" >&2
	echo "(If the distribution's Go or Node is older: go.dev/dl and nodejs.org have current ones.)" >&2
	exit 1
fi
