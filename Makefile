# yinit: `make demo` shows what it does, `make test` tests it.
GO      ?= go
VERSION ?= 0.1.0-dev
# -E makes the binary start in initcore/early, before the Go runtime; see its doc.go.
# Functions are aligned to 16 bytes, as on arm64: to 32, the binary for amd64 is 0.07 MB larger.
LDFLAGS  = -s -w -funcalign 16 -E yinit/initcore/early.entry $(BUILD)
# What --version tells of both programs.
BUILD    = $(addprefix -X yinit/cmd/yinit/build.,release=$(VERSION) revision=$(COMMIT) date=$(DATE))
# The commit that the program names, and its time; empty without git.
COMMIT  ?= $(shell git describe --always --abbrev=40 --exclude '*' --dirty 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
DATE    ?= $(if $(SOURCE_DATE_EPOCH),$(shell date -u -d @$(SOURCE_DATE_EPOCH) +%F))
OUTPUT  ?= bin/yinit
EXPORTER ?= bin/yinit-exporter
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

.PHONY: help demo build exporter fleet test toolchains runtime race vm engines kubelet fuzz bench conform lint e2e hostile soak check size readme man pictures
.PHONY: release release-check
help: ## show this list
	@grep -E '^[a-z0-9-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: build ## run yinit with a workload that misbehaves; needs neither Docker nor root
	@./bin/yinit demo

build: ## build bin/yinit, one static binary
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(OUTPUT) ./cmd/yinit

exporter: ## build bin/yinit-exporter, which serves metrics of a node to Prometheus
	@$(GO) build -trimpath -ldflags '-s -w $(BUILD)' -o $(EXPORTER) ./cmd/yinit-exporter

fleet: build exporter ## test the exporter beside Docker and a real Prometheus, and check the files in deploy
	cd deploy/test && YINIT_FLEET=1 $(GO) test -count=1 -timeout 30m -v ./...

# The tests that run in parallel wait for minutes, and need little of a CPU.
test: build ## run all tests that this machine allows, in PID namespaces and in Docker
	$(GO) vet ./...
	$(GO) test -timeout 30m -parallel 8 ./...
	cd deploy/test && $(GO) vet ./... && $(GO) test ./...

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

engines: build bin/crictl ## look at podman, Docker with userns-remap, containerd, CRI pods, LXC and systemd-nspawn as a node does, and stop what they run; needs root
	YINIT_ENGINES=1 YINIT_CRICTL=$(abspath bin/crictl) $(GO) test -count=1 -timeout 20m -v -run '^TestEngine' ./cmd/yinit

kubelet: build exporter bin/kubelet ## run pods and the pod of deploy/kubernetes with a kubelet and a containerd of its own; needs root
	YINIT_ENGINES=1 YINIT_KUBELET=$(abspath bin/kubelet) $(GO) test -count=1 -timeout 20m -v -run '^TestKubelet$$' ./cmd/yinit

bin/kubelet bin/crictl:
	.ci/kube $@

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

bench: build exporter ## compare yinit with other inits, then run the benchmarks of the packages
	cd bench && $(GO) run -ldflags '$(LDFLAGS)' . ../bin/yinit
	cd bench/proc && $(GO) run .
	cd bench/proc && $(GO) run . -yinit ../../bin/yinit
	cd bench/proc && $(GO) run . -health ../../bin/yinit
	cd bench/proc && $(GO) run . -containers ../../bin/yinit
	cd bench/proc && $(GO) run . -exporter ../../bin/yinit-exporter
	$(GO) test -run '^$$' -bench . -benchmem ./...

conform: build ## write what yinit and other inits do, case by case, to docs/; INIT="..." adds one
	YINIT_CONFORM_TABLE=$(CURDIR)/docs/conformance.md $(GO) test -count=1 -timeout 30m -run TestConformanceTable ./cmd/yinit
	@cat docs/conformance.md

readme: ## write the option tables into docs/options.md
	YINIT_UPDATE=1 $(GO) test -count=1 -run TestReadmeOptions ./cmd/yinit/config

man: ## write the man page yinit(1), docs/yinit.1
	YINIT_UPDATE=1 $(GO) test -count=1 -run TestManPage ./cmd/yinit/config

pictures: build ## make the pictures of yinit top again, docs/pictures; needs tmux, python3 and, for one, root and Docker
	docs/pictures/make.py

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

# One Go release, so that everybody who builds a commit gets the same bytes.
release: export GOTOOLCHAIN = $(firstword $(TOOLCHAINS))
release: ## build dist/: programs for amd64 and arm64, packages, an image, SBOMs, checksums
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' deploy/packages/release

release-check: ## build a release twice and try all of it; needs root, debootstrap, lintian, rpm2cpio, docker
	cd deploy/packages && $(GO) vet ./... && COMMIT='$(COMMIT)' SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' VERSION='$(VERSION)' $(GO) test -count=1 -timeout 40m -v .
