# yinit: `make demo` shows what it does, `make test` tests it.
GO      ?= go
VERSION ?= 0.1.0-dev
# -E makes the binary start in initcore/early, before the Go runtime; see its doc.go.
LDFLAGS  = -s -w -E yinit/initcore/early.entry -X main.release=$(VERSION)
FUZZTIME ?= 10s
SOAK    ?= 20m
# The two newest Go releases, which yinit supports; `make toolchains` tests each.
TOOLCHAINS ?= go1.26.8 go1.27.4
# The kernel that `make vm` boots.
KERNEL ?= bin/vmlinuz
export CGO_ENABLED = 0
# The garbage collector of Go 1.25 touches one page less of each small span, which makes
# PID 1 0.2 MB smaller. The setting is empty if this Go release no longer has it.
export GOEXPERIMENT := $(shell GOEXPERIMENT=nogreenteagc $(GO) env GOEXPERIMENT 2>/dev/null)

.PHONY: help demo build test toolchains runtime race vm fuzz bench conform lint e2e hostile soak check size readme man pictures
help: ## show this list
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: build ## run yinit with a workload that misbehaves; needs neither Docker nor root
	@./bin/yinit demo

build: ## build bin/yinit, one static binary
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/yinit ./cmd/yinit

# The tests that run in parallel wait for minutes, and need little of a CPU.
test: build ## run all tests that this machine allows, in PID namespaces and in Docker
	$(GO) vet ./...
	$(GO) test -timeout 30m -parallel 8 ./...

toolchains: ## build with each Go release, and test what depends on the Go runtime
	@set -e; for release in $(TOOLCHAINS); do echo "== $$release"; \
		GOTOOLCHAIN=$$release $(MAKE) --no-print-directory runtime; done
	@$(MAKE) --no-print-directory build

runtime: build
	./bin/yinit version
	$(GO) test -count=1 -timeout 30m ./initcore/early ./initcore
	$(GO) test -count=1 -timeout 30m -run '^Test(Layer|Conformance|ConformanceLayers|Arm64|Verdict.*)$$' ./cmd/yinit

race: ## test the packages that can run under the race detector
	CGO_ENABLED=1 $(GO) test -race ./initcore/... ./procfs/... ./tui/...

vm: $(KERNEL) ## run what depends on the kernel on Linux 6.1, in a virtual machine without KVM
	YINIT_VM=$(abspath $(KERNEL)) $(GO) test -count=1 -timeout 40m -v -run '^TestVM$$' ./cmd/yinit

bin/vmlinuz:
	.ci/kernel $@

# A fuzz target now and then fails at its deadline without an input (go.dev/issue/75804, Go 1.26):
# then it is run again.
fuzz: ## run each fuzz target for FUZZTIME
	@set -e; for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$f"; \
			for try in 1 2 3; do \
				if out=$$($(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg 2>&1); then break; fi; \
				echo "$$out"; \
				case "$$try $$out" in 3*|*"Failing input"*) exit 1;; *"context deadline exceeded"*) ;; *) exit 1;; esac; \
			done; done; done

bench: build ## compare yinit with other inits, then run the benchmarks of the packages
	cd bench && $(GO) run -ldflags '$(LDFLAGS)' . ../bin/yinit
	cd bench/proc && $(GO) run .
	cd bench/proc && $(GO) run . -yinit ../../bin/yinit
	$(GO) test -run '^$$' -bench . -benchmem ./...

conform: build ## write what yinit and other inits do, case by case, to docs/; INIT="..." adds one
	YINIT_CONFORM_TABLE=$(CURDIR)/docs/conformance.md $(GO) test -count=1 -timeout 30m -run TestConformanceTable ./cmd/yinit
	@cat docs/conformance.md

readme: ## write the option tables into README.md
	YINIT_UPDATE=1 $(GO) test -count=1 -run TestReadmeOptions ./cmd/yinit/config

man: ## write the man page yinit(1), docs/yinit.1
	YINIT_UPDATE=1 $(GO) test -count=1 -run TestManPage ./cmd/yinit/config

lint: ## run gofumpt, go vet and staticcheck
	@test -z "$$($(GO) tool gofumpt -l .)" || { $(GO) tool gofumpt -l .; echo "run: go tool gofumpt -w ."; exit 1; }
	$(GO) vet ./...
	GOARCH=arm64 $(GO) vet ./...
	$(GO) tool staticcheck ./...

e2e: build ## run only the tests of the whole program
	$(GO) test -timeout 30m -count=1 ./cmd/yinit

hostile: build ## run the long attacks: each system call fails with each error, and others
	YINIT_HOSTILE=1 $(GO) test -timeout 90m -count=1 -v -run '^TestHostile' ./cmd/yinit

soak: build ## run a random workload for SOAK, and compare the history with the pids that were given out
	YINIT_SOAK=$(SOAK) $(GO) test -timeout 0 -count=1 -v -run '^TestSoak$$' ./cmd/yinit

size: build ## print the size of the binary
	@ls -l bin/yinit | awk '{printf "%.1f MB\n", $$5/1e6}'

check: lint test race toolchains ## run all checks that CI runs
	$(MAKE) --no-print-directory fuzz FUZZTIME=2s
