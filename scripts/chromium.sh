#!/bin/sh
# Prints the path of a Chromium for the browser tests: $CHROMIUM, else one on the PATH, else
# Debian's, installed now. Browser tests are never skipped.
set -u
if [ -n "${CHROMIUM:-}" ]; then
	if [ ! -x "$CHROMIUM" ]; then
		echo "CHROMIUM=$CHROMIUM cannot be executed" >&2
		exit 1
	fi
	echo "$CHROMIUM"
	exit
fi
find_one() {
	for name in chromium chromium-browser google-chrome-stable google-chrome; do
		command -v "$name" 2>/dev/null && return
	done
	return 1
}
find_one && exit

install="apt-get update && apt-get install -y --no-install-recommends chromium"
if [ "$(id -u)" = 0 ]; then
	DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2
elif sudo -n true 2>/dev/null; then
	sudo -n env DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2
fi
if ! find_one; then
	echo "The browser tests need Chromium. Set CHROMIUM=/path/to/it, or run:" >&2
	echo "  sudo sh -c '$install'" >&2
	exit 1
fi
