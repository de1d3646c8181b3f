# The library is tested with the oldest Kubernetes libraries it supports, which go.mod names
# (GOWORK=off), and with the newest, which examples/go.mod names (through go.work).

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Not ./...: that would analyse the whole of Kubernetes as well.
CLUSTER = . ./suite ./traffic ./images/... ./e2e/... ./cmd/pawl-cluster
# The modules that go.work adds to the library, and all there are.
MORE = ./examples/... ./rollout/gates/prometheus/...
MODULES = . examples rollout/gates/prometheus test/cluster test/identity
FUZZTIME ?= 10s
# The race detector needs a C compiler.
RACE := $(if $(shell command -v $$(go env CC)),-race)

.PHONY: check test prove e2e e2e-selftest e2e-node cluster cluster-down identity fuzz lint layering fmt fmt-diff tidy tidy-diff

check: fmt-diff tidy-diff lint test

test:
	GOWORK=off go test $(RACE) -shuffle=on ./...
	cd rollout/gates/prometheus && GOWORK=off go test $(RACE) -shuffle=on ./...
	go test $(RACE) -shuffle=on ./... $(MORE)

# The strategies against their laws: 20,000 seeded rollouts each, every state of small workloads, and mistakes that must
# be caught. Minutes, and a few GB.
prove:
	go test -count=1 -v -run 'Keeps?TheLaws($$|And)' -timeout 30m ./strategies -seeds=20000
	go test -count=1 -v -run '^TestExhaustively$$' -timeout 30m ./strategies -exhaustive
	go test -count=1 -v -run '^TestMutants$$' -timeout 30m ./strategies -mutants

# Against a real control plane, which the first run builds from source: minutes, 5 GB of disk.
e2e:
	cd test/cluster && GOWORK=off go test -count=1 -timeout=30m -parallel=8 -skip '^TestRealNode' $$(GOWORK=off go list $(CLUSTER) | grep -v /e2e/node) $(ARGS)

# Strategies that are broken on purpose must be caught by what judges every other rollout.
e2e-selftest:
	cd test/cluster && GOWORK=off go test -count=1 -v -run '^TestBrokenStrategiesAreCaught$$' ./e2e/faults

# Against a real node: real pods, probes, kube-proxy, and requests through a Service. As root; skipped where that is not
# possible, unless PAWL_REQUIRE_NODE=1. ARGS=-rewrite writes docs/traffic.md.
e2e-node:
	cd test/cluster && GOWORK=off go test -count=1 -v -timeout=15m -run '^TestRealNode' .
	cd test/cluster && GOWORK=off go test -count=1 -v -timeout=30m -parallel=8 ./e2e/node $(ARGS)

# A real control plane with simulated nodes, to play with: eval "$$(make cluster)"; kubectl get nodes
cluster:
	@cd test/cluster && GOWORK=off go run ./cmd/pawl-cluster start

cluster-down:
	@cd test/cluster && GOWORK=off go run ./cmd/pawl-cluster stop

# The frozen identities, with other minors of the Kubernetes libraries. -tidy after a change of hashing's imports.
identity:
	cd test/identity && GOWORK=off go test -count=1 -v .

lint: layering
	GOWORK=off go vet ./...
	go vet ./... $(MORE)
	cd test/cluster && GOWORK=off go vet $(CLUSTER)
	$(STATICCHECK) ./... $(MORE)
	cd test/cluster && GOWORK=off $(STATICCHECK) $(CLUSTER)
	cd test/identity && GOWORK=off go vet . && GOWORK=off $(STATICCHECK) .

layering:
	go test -count=1 -run 'TestLayering|TestDependencies|TestNothingReaches' .

# Each fuzz target for FUZZTIME.
fuzz:
	@set -e; for dir in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
	  for target in $$(go test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
	    echo "go test -fuzz $$target $$dir"; \
	    go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$dir; \
	  done; done

fmt:
	gofmt -w .

fmt-diff:
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }

tidy:
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done
	@cd test/cluster && for m in versions/*.mod; do GOWORK=off go mod tidy -modfile=$$m || exit 1; done

tidy-diff:
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy -diff) || exit 1; done
	@cd test/cluster && for m in versions/*.mod; do GOWORK=off go mod tidy -diff -modfile=$$m || exit 1; done
