# HitKeep: build and test. `make` lists the targets; CI runs the same ones.

SHELL   := /bin/sh
GO      ?= go
NPM     ?= npm
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X hitkeep/appliance.Version=$(VERSION)
CMD     := ./appliance/cmd/hitkeep

UI_SOURCES := $(shell find ui/src ui/public ui/scripts -type f 2>/dev/null) ui/angular.json ui/package-lock.json $(wildcard ui/tsconfig*.json ui/.postcssrc.json)

.NOTPARALLEL:
.PHONY: help check build run test crash bench lint clean ui generate binary failpoints

help: ## list the targets
	@echo "HitKeep $(VERSION)"
	@echo
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

check: ## look for the tools that a build needs
	@sh scripts/check-tools.sh

build: check ui binary ## tracker, dashboard and ./bin/hitkeep

run: build ## build, then serve a demo on http://localhost:8080 from ./data-demo
	@exec ./bin/hitkeep serve --demo --data-dir ./data-demo

test: check ui binary failpoints ## all tests: Go with -race, dashboard, tracker, browsers
	@CHROMIUM="$$(sh scripts/chromium.sh)" && export CHROMIUM && \
		HITKEEP_TEST_BINARY="$(CURDIR)/bin/hitkeep-failpoints" node scripts/test.mjs

crash: check failpoints ## kill the binary 200 times (CRASH_KILLS=n, CRASH_SEED=n)
	CRASH_KILLS=$${CRASH_KILLS:-200} HITKEEP_TEST_BINARY="$(CURDIR)/bin/hitkeep-failpoints" \
		$(GO) test -count=1 -timeout 120m -v ./appliance/crashtest/

bench: check ui binary failpoints ## measure the binary; the results belong into BENCHMARKS.md
	$(GO) run ./appliance/bench
	$(GO) test -run '^$$' -bench . -benchmem -count=1 -p 1 -timeout 60m ./ingest/... ./lake/...

lint: check ## gofmt, go vet, staticcheck
	@sh scripts/gofmt.sh
	$(GO) vet ./...
	$(GO) vet -tags failpoints ./appliance/...
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

clean: ## remove what was built; data directories stay
	rm -rf bin dist ui/out ui/.angular ui/node_modules appliance/e2etest/reader/node_modules
	find ui/dist -mindepth 1 ! -name placeholder -delete

generate: ## write hk.js and the API types again from their sources
	$(GO) generate ./tracker/...
	cd ui && $(NPM) run --silent gen

# The dashboard is built again only when its sources changed.
ui: ui/out/.built

# Not `npm ci`: it refuses a lock file that does not list the optional binaries of all other
# platforms. This takes the locked versions all the same and leaves the lock file alone.
ui/node_modules/.installed: ui/package.json ui/package-lock.json
	cd ui && $(NPM) install --no-save --no-audit --no-fund
	@touch $@

ui/out/.built: ui/node_modules/.installed $(UI_SOURCES)
	cd ui && $(NPM) run --silent build
	@touch $@

# Go knows itself what has changed.
binary:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/hitkeep $(CMD)

# The same binary with the steps at which the crash tests kill it.
failpoints:
	$(GO) build -tags failpoints -o bin/hitkeep-failpoints $(CMD)
