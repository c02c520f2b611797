#!/bin/sh
# Fails when a committed Go file is not formatted.
set -eu
bad=$(git ls-files -co --exclude-standard -- '*.go' | xargs gofmt -l)
if [ -n "$bad" ]; then
	echo "not formatted (gofmt -w):" >&2
	echo "$bad" >&2
	exit 1
fi
