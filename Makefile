# trace2otel: make demo, make test, make bench. All that a fresh machine needs
# is Go, and node and npm for the tests that ask the real trace_processor.

GO ?= go
DEMO_TRACE ?= testdata/go1.26.8-multi.trace

.PHONY: all build demo test race lint collector-test jaeger-test browser-test bench bench-instructions bench-growth fuzz clean

all: build

build: ## build bin/trace2otel
	$(GO) build -o bin/trace2otel ./cmd/trace2otel

demo: build ## convert a real trace into all formats in ./demo
	bin/trace2otel convert $(DEMO_TRACE) --to perfetto,otlp,pprof,stats --out demo --force
	@base=$$(basename $(DEMO_TRACE) .trace); \
	echo; \
	echo "Open these:"; \
	echo "  demo/$$base.pftrace      https://ui.perfetto.dev (Open trace file; it stays on your machine)"; \
	echo "  demo/$$base.otlp.jsonl   any OpenTelemetry collector (otlpjsonfile receiver)"; \
	for kind in net sync syscall sched wait run wall create gc cpu; do \
		printf "  %-38s go tool pprof -http=: %s\n" "demo/$$base.$$kind.pb.gz" "demo/$$base.$$kind.pb.gz"; \
	done

test: ## run the tests; those that need node say so if it is missing
	$(GO) test -timeout 30m ./...
	cd internal/collectortest && $(GO) test -timeout 30m ./...

jaeger-test: ## send spans to a real Jaeger and ask it for them; builds it once, which takes minutes
	TRACE2OTEL_JAEGER=1 $(GO) test -count=1 -timeout 60m ./internal/jaegertest

browser-test: ## open the pages of stats --format html in headless Chromium
	cd internal/browsertest && TRACE2OTEL_REQUIRE_BROWSER=1 $(GO) test -count=1 -timeout 15m ./...

race: ## run the tests under the race detector
	$(GO) test -race ./...

lint: ## formatting, vet on three systems, staticcheck
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not gofmt'd:"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	$(GO) tool staticcheck ./...
	cd internal/collectortest && $(GO) vet ./...
	cd internal/browsertest && $(GO) vet ./...

bench: ## CPU, wall, memory and bytes of each output, beside reading; makes its traces on first use
	$(GO) run ./internal/bench $(BENCH)
	$(GO) run ./internal/bench -startup testdata/go1.26.8-wait-on-pipe.trace

INSTRUCTION_BOUNDS ?= read own=0.25,records=0.66,perfetto=1.65,otlp jsonl=1.5,perfetto end=0.57
bench-instructions: ## instructions of reading, of the engine, a timeline, its end and spans, beside reading with x/exp; needs valgrind
	$(GO) build -o bin/bench ./internal/bench
	bin/bench -instructions -subject "own|records|^perfetto( end)?$$|^otlp jsonl$$" -max '$(INSTRUCTION_BOUNDS)' testdata/go1.26.8-multi.trace

bench-growth: ## how many instructions twice the trace takes, for what programs can have any number of; needs valgrind
	$(GO) build -o bin/bench ./internal/bench
	bin/bench -growth -most 2.5

FUZZTIME ?= 30s
fuzz: ## fuzz the whole pipeline, by bytes, by events and by names
	$(GO) test ./internal/endtoend -run '^$$' -fuzz FuzzPipeline -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./internal/endtoend -run '^$$' -fuzz FuzzEvents -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
	$(GO) test ./internal/endtoend -run '^$$' -fuzz FuzzNames -fuzztime $(FUZZTIME) -fuzzminimizetime 10x

clean:
	rm -rf bin demo
