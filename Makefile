#   make run       one server with a real model on http://127.0.0.1:8321; sets up what is missing
#   make test      every test, the end-to-end ones on the real model among them; CI runs this
#   make build     release build of the commands and of every provider library, into .build/release
#   make format    the house's formatting, over every tracked Swift file
#   make golden    rewrites the golden files; read the diff before you commit it
#
# `make help` has the rest.

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
# SwiftPM takes all cores and a lock on .build: two targets at once would only wait for each other.
.NOTPARALLEL:

DIST   ?= Distributions/starter.yaml
ARGS   ?=
PREFIX ?= /usr/local
RUNS   ?= 20
PEERS  ?=
TEACH  ?=
JUDGE  ?=
TORTURE_RUNS ?= 200
CUTS ?= 1500000
SEED  ?=
COUNT ?= 20000

# One build, so that what is tested is what is measured and served, and a newcomer waits once: a debug build beside it took
# nearly as long again, and ran the tests three times slower. -enable-testing shows the tests what is internal, for 7 % more
# code. Without -O3 the C of a debug build is compiled at -O0. Compressed, what debuggers and backtraces read takes a third
# of its size.
SWIFT_FLAGS ?= -c release -Xswiftc -enable-testing -Xcc -O3 -Xlinker --compress-debug-sections=zlib
RELEASE     := .build/release
MODEL       := models/SmolLM2-135M-Instruct.Q4_1.gguf
export SWIFT_FLAGS

.PHONY: help
help: ## this table
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  run: DIST=FILE ARGS='--port 9000'     test: FILTER=REGEX     install: PREFIX=DIR DESTDIR=DIR"

.PHONY: run
run: toolchain model embedding-model build ## serve Distributions/starter.yaml
	@exec $(RELEASE)/llama-stack run $(DIST) $(ARGS)

.PHONY: build
build: toolchain ## release build: the commands and every provider library
	swift build $(SWIFT_FLAGS)

.PHONY: test
test: toolchain model embedding-model test-data client browser ## every test
	@Scripts/run-tests.sh

.PHONY: unit
unit: toolchain test-data ## the unit tests alone; they need no model
	@Scripts/run-tests.sh unit

.PHONY: end-to-end
end-to-end: toolchain model embedding-model test-data client browser ## the end-to-end tests alone
	@Scripts/run-tests.sh end-to-end

.PHONY: golden
golden: toolchain model embedding-model test-data client browser ## rewrite the golden files from what the code does now
	@status=0; UPDATE_GOLDEN=1 Scripts/run-tests.sh || status=$$?; git --no-pager diff --stat -- Tests; exit $$status

.PHONY: format
format: toolchain ## format every tracked Swift file in place
	@git ls-files -z -- '*.swift' | xargs -0 swift format format --in-place --parallel --configuration .swift-format

.PHONY: install
install: build ## install the command, the providers and the plug-in header below PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/llama-stack/providers $(DESTDIR)$(PREFIX)/include
	install -m 755 $(RELEASE)/llama-stack $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(RELEASE)/llama-stack-provider-host $(DESTDIR)$(PREFIX)/lib/llama-stack
	install -m 755 $(RELEASE)/llama-stack-document-reader $(DESTDIR)$(PREFIX)/lib/llama-stack/providers
	install -m 644 $(RELEASE)/libprovider-*.so $(DESTDIR)$(PREFIX)/lib/llama-stack/providers
	install -m 644 Sources/CProviderABI/include/llama_stack_provider.h $(DESTDIR)$(PREFIX)/include

.PHONY: fuzz-templates
fuzz-templates: toolchain ## random chat templates, rendered by jinja2 and by ours: lists what differs (SEED=N COUNT=N)
	@Scripts/reference/templates_differ.sh fuzz "$(SEED)" "$(COUNT)"

.PHONY: check-templates
check-templates: toolchain ## the public chat templates of packages on PyPI, rendered by jinja2 and by ours
	@Scripts/reference/templates_differ.sh public

.PHONY: bench-start
bench-start: build model embedding-model ## time from spawn to /health/ready, beside a plain read of the model (RUNS=20)
	@Scripts/bench-start.py --runs $(RUNS) $(DIST)

.PHONY: bench-calls
bench-calls: build ## what the way through HTTP, host and contract adds to a call, and what a process of its own adds to that
	@$(RELEASE)/llama-stack-bench calls Distributions/echo.yaml
	@$(RELEASE)/llama-stack-bench calls Distributions/echo.yaml --isolation both
	@$(RELEASE)/llama-stack-bench calls Distributions/echo.yaml --stream
	@$(RELEASE)/llama-stack-bench calls Distributions/echo.yaml --stream --concurrency 16

.PHONY: bench-turns
bench-turns: build ## what a turn of an agent costs over the same chat completion
	@$(RELEASE)/llama-stack-bench turns

.PHONY: bench-tools
bench-tools: build model ## how well the model calls tools, beside llama-server (an hour; TOOLS='--rows easy --no-peer' for less)
	@Scripts/bench-tools.py $(TOOLS)

.PHONY: bench-mcp
bench-mcp: build ## what the stack adds to a call of an MCP tool, beside the same bytes over a bare pipe
	@Scripts/bench-mcp.py

.PHONY: bench-teaching
bench-teaching: build model ## whether fine-tuning teaches a task: exact answers before and after (TEACH='--algorithms lora')
	@Scripts/bench-teaching.py $(TEACH)

.PHONY: check-trained
check-trained: build model ## adapters that jobs train, beside PEFT's reading, merged in transformers and llama.cpp (CHECK='--adapters head')
	@Scripts/reference/check_trained.py $(CHECK)

.PHONY: bench-peers
bench-peers: build model ## this beside llama.cpp and OpenVINO, from PyPI (PEERS='--rows server --write', --shape 1b,8b, --list, --smoke)
	@Scripts/bench-peers.py $(PEERS)

.PHONY: bench-embeddings
bench-embeddings: build embedding-model ## embeddings a second, beside sentence-transformers (installed from PyPI the first time)
	@Scripts/bench-embeddings.py

.PHONY: judge-code-guard
judge-code-guard: build ## insecure Python that code-guard finds, by bandit's examples and verdicts (from PyPI; JUDGE=--write records)
	@Scripts/judge-code-guard.py $(JUDGE)

.PHONY: train-prompt-guard
train-prompt-guard: build embedding-model ## prompt-guard's classifier anew, and what it finds on a half that it never saw (JUDGE=--write records)
	@Scripts/train-prompt-guard.py $(JUDGE)

.PHONY: bench-train
bench-train: build model ## steps of training beside PEFT and TRL, installed from PyPI (TRAIN='--rows lora,dpo --threads 1')
	@Scripts/bench-train.py $(TRAIN)

.PHONY: bench-reward
bench-reward: build model ## a reward model's scores of 16 candidates behind one prompt, beside transformers (REWARD='--threads 1 --rounds 2')
	@Scripts/bench-reward.py $(REWARD)

.PHONY: bench-generate
bench-generate: build model ## tokens a second of synthetic data, beside the engine alone at 16 together (GENERATE='--threads 1')
	@Scripts/bench-generate.py $(GENERATE)

.PHONY: bench-loop
bench-loop: build model ## preferences, a reward, data, an adapter and a chat in one run of Distributions/train.yaml (LOOP='--pairs 80')
	@Scripts/bench-loop.py $(LOOP)

.PHONY: bench-training-served
bench-training-served: build model ## how soon a job takes its first step, and the time between a client's tokens while it trains
	@Scripts/bench-training-served.py $(SERVED)

.PHONY: train-curves
train-curves: model ## the losses of 50 steps of LoRA, 20 of DoRA and 20 of DPO beside those of torch and PEFT; 300 steps with a quantized forward beside f32
	@TRAINING_STEPS=all swift test $(SWIFT_FLAGS) --filter 'LlamaTrainingTests\.CurveTests'

.PHONY: fuzz-schemas
fuzz-schemas: toolchain ## random changes of JSON Schemas, and random patterns beside a plain matcher (SEED=N COUNT=N)
	@seed=$(or $(SEED),$$RANDOM); echo "SEED=$$seed"; \
	    LLAMA_STACK_SCHEMAS=$(COUNT) LLAMA_STACK_SEED=$$seed swift test $(SWIFT_FLAGS) \
	    --filter 'JSONSchemaTests\.FuzzTests|RegularExpressionsTests\.ReferenceTests'

.PHONY: cut-replies
cut-replies: toolchain ## tool calls of every form, cut at random: ten thousand times each, half an hour (CUTS=N in all, SEED=N)
	LLAMA_STACK_CUTS=$(CUTS) $(if $(SEED),LLAMA_STACK_SEED=$(SEED)) swift test $(SWIFT_FLAGS) --filter 'ChatTemplatesTests\.(ReplyParserTests|WrittenCallTests)'

.PHONY: torture
torture: build ## a server beside each fault of a provider; crashes of providers in a child; kill -9 and power cuts below writing memory banks and training jobs, 200 times each (TORTURE_RUNS=N; the cuts need root)
	@cc -shared -fPIC -pthread -O1 -I Sources/CProviderABI/include -o $(RELEASE)/libdying-provider.so \
	    Tests/Fixtures/dying-provider/provider.c
	@cc -shared -fPIC -pthread -O1 -w -fvisibility=hidden -I Sources/CProviderABI/include -I Plugins/EchoC \
	    -o $(RELEASE)/libfaults-provider.so Tests/Fixtures/broken-providers/faults.c Plugins/EchoC/json.c Plugins/EchoC/requests.c
	$(RELEASE)/llama-stack-torture faults
	$(RELEASE)/llama-stack-torture crashes 20
	$(RELEASE)/llama-stack-torture provider $(TORTURE_RUNS)
	@Scripts/fetch-postgres.sh
	$(RELEASE)/llama-stack-torture postgres 20
	$(RELEASE)/llama-stack-torture kill $(TORTURE_RUNS)
	$(RELEASE)/llama-stack-torture jobs $(TORTURE_RUNS)
	@if [[ $$(id -u) -eq 0 ]]; then $(RELEASE)/llama-stack-torture power $(TORTURE_RUNS); \
	    $(RELEASE)/llama-stack-torture jobs-power $(TORTURE_RUNS); \
	    else echo "no power was cut: that needs root"; fi

.PHONY: torture-mcp
torture-mcp: toolchain ## MCP servers that crash, hang and lie in the turns of an agent, 50 times each (MCP_ROUNDS=N)
	MCP_ROUNDS=$(or $(MCP_ROUNDS),50) swift test $(SWIFT_FLAGS) --filter 'ToolsMCPTests\.MisbehaviourTests'

.PHONY: torture-turns
torture-turns: toolchain ## turns of agents that 200 callers leave in each stage, and 200 agents that call 25,600 tools at once
	TURNS_ALL=1 swift test $(SWIFT_FLAGS) --filter 'AgentsReferenceTests\.TurnFaultTests'

.PHONY: torture-training
torture-training: build ## jobs beside damaged checkpoints, full disks, restarts, cancels at any time and stalled readers: hundreds of each (disks need root)
	JOBS_ALL=1 swift test $(SWIFT_FLAGS) \
	    --filter 'CheckpointDamageTests|JobControlTests|DivergenceTests|JobRestartTests|JobDiskTests|JobLogTests'

.PHONY: check-groups
check-groups: toolchain ## the limits of children and cages by control groups of version 2, on a kernel that is a program (Debian's)
	swift build --build-tests $(SWIFT_FLAGS)
	@Scripts/check-groups.sh

.PHONY: bench-storage
bench-storage: build ## inserts a second that are acknowledged when they are on disk, by 1, 8 and 64 writers
	@$(RELEASE)/llama-stack-torture bench

.PHONY: bench-searchable
bench-searchable: build embedding-model ## how soon a small document is found by words while others embed, drop and read (SEARCHABLE='--seconds 60')
	@Scripts/bench-searchable.py $(SEARCHABLE)

.PHONY: bench-fetch
bench-fetch: build ## 1 MB and 1 KB over TLS through the host's network service, beside curl's own command
	@Scripts/bench-fetch.py

.PHONY: bench-memory-get
bench-memory-get: build ## 100 documents over HTTP, beside a C program that reads them with sqlite3
	@Scripts/bench-memory-get.py

.PHONY: bench-isolation
bench-isolation: build model ## what a process of its own costs a provider: start, memory, restart, and the neighbours of one that crashes
	@Scripts/bench-isolation.py

.PHONY: bench-sandbox
bench-sandbox: build ## code_interpreter from the request to the result of print(1), beside a bare python3 -I
	@Scripts/bench-sandbox.py

.PHONY: bench-memory-idle
bench-memory-idle: build ## memory of a bank of a million chunks (needs numpy, 4 GB of disk, 2 of memory)
	@Scripts/bench-memory-idle.py

.PHONY: bench-documents
bench-documents: build ## HTML and Markdown MB/s through the limited process, beside gumbo and cmark-gfm called directly
	@Scripts/bench-document-reader.py --fetch .build/documents

.PHONY: bench-large-documents
bench-large-documents: build ## what a document of 64 MiB of each type takes of memory and time (LARGE='--kinds html --isolation process')
	@Scripts/bench-large-documents.py $(LARGE)

.PHONY: check-documents
check-documents: build ## words that are lost of real HTML and Markdown, beside html5lib and markdown-it from PyPI
	@Scripts/check-document-reader.py --fetch .build/documents

.PHONY: bench-grammar
bench-grammar: build model ## masks that hold answers to schemas, beside llguidance's, from PyPI (GRAMMAR=--speed, GRAMMAR='--changed 10000')
	@Scripts/bench-grammar.py $(GRAMMAR)

.PHONY: bench-playground
bench-playground: build browser ## bytes of the playground, time until it is ready, and its longest task while 10,000 tokens stream
	@Scripts/bench-playground.py

.PHONY: bench-kernels
bench-kernels: toolchain ## products of training in GFLOP/s of one thread, beside the limit of this machine
	@BENCH_KERNELS=1 swift test $(SWIFT_FLAGS) --filter 'LlamaEngineTests\.KernelSpeedTests' | grep -E "limit|forward|error"

.PHONY: bench-vectors
bench-vectors: build ## nearest vectors, ours beside faiss's flat index and Debian's hnswlib (needs 6 GB of disk, 4 of memory)
	@Scripts/bench-vectors.py

TOKENIZER_CASES := $(CURDIR)/.build/tokenizer-cases
.PHONY: fuzz-tokenizers
fuzz-tokenizers: toolchain ## ids of 10,000 random texts for each pre-tokeniser, beside the tokenizers library from PyPI (SEED=N)
	@[[ -x $(TOKENIZER_CASES)/venv/bin/python ]] || { python3 -m venv $(TOKENIZER_CASES)/venv && \
	    $(TOKENIZER_CASES)/venv/bin/pip install --quiet tokenizers==0.23.3; }
	@$(TOKENIZER_CASES)/venv/bin/python Scripts/reference/tokenizer_cuts.py cases $(TOKENIZER_CASES) $(SEED)
	@LLAMA_STACK_TOKENIZER_CASES=$(TOKENIZER_CASES) swift test $(SWIFT_FLAGS) --filter 'WordCutTests' | grep -E "differ|seed|failed"

.PHONY: clean
clean: ## delete what was built; models and state stay
	rm -rf .build

.PHONY: toolchain
toolchain:
	@command -v swift >/dev/null || { echo "error: there is no swift on the PATH." >&2; \
	    echo "Install Swift 6.3 or newer, https://www.swift.org/install/linux/, and run make again." >&2; exit 69; }
	@Scripts/install-system-packages.sh

.PHONY: model
model: ## fetch the default model (98 MB) unless it is there
	@Scripts/fetch-model.sh --output $(MODEL)

.PHONY: embedding-model
embedding-model: ## fetch the default embedding model (91 MB) unless it is there
	@Scripts/fetch-embedding-model.sh

.PHONY: test-data
test-data:
	@Scripts/fetch-test-data.sh
	@Scripts/fetch-postgres.sh

.PHONY: clients
clients: build model embedding-model ## eight clients that others wrote, from PyPI, against a server with the real model
	@Scripts/clients/run.sh

.PHONY: browser
browser: ## what drives the playground in the end-to-end tests: Chromium and nginx from the system, axe from PyPI
	@Scripts/fetch-browser.sh

.PHONY: check-openapi
check-openapi: build ## every route against the served document, by schemathesis from PyPI (CHECK_SECONDS=600 SEED=N)
	@Scripts/check-openapi.py --seconds $(or $(CHECK_SECONDS),600) --seed $(or $(SEED),1)

.PHONY: bench-front
bench-front: build model ## what the HTTP front costs, and OpenAI's route beside llama-server's (FRONT='--rounds 3 --rows chat live', --alone)
	@Scripts/bench-front.py $(FRONT)

.PHONY: fuzz-front
fuzz-front: toolchain ## bad requests of every row over HTTP: bytes and shapes of bodies (FUZZ_COUNT=10000 for each row, SEED=N)
	@LLAMA_STACK_FUZZ_COUNT=$(or $(FUZZ_COUNT),10000) $(if $(SEED),LLAMA_STACK_FUZZ_SEED=$(SEED)) \
	    swift test $(SWIFT_FLAGS) --filter 'HTTPFrontTests\.(FuzzTests|ShapeFuzzTests|DialectFuzzTests)'

.PHONY: client
client: ## fetch clients, MCP servers and a tester of documents that others wrote, for the end-to-end tests
	@Scripts/fetch-client.sh
	@Scripts/fetch-mcp.sh
	@Scripts/check-openapi.py --install
