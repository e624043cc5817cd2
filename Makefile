# The commands of this project. Needs python3 (3.11 or later) and make, nothing else.
#   make demo    a bundled clinic, decided and explained
#   make test    the whole test suite
#   make check   format, lint, types, import contract, style
#   make bench   the benchmarks
#   make sizes   bytes, memory and CPU of a session, for docs/sizing.md: ARGS=--write
#   make simulate  the engine under seeded faults in memory: SEEDS=20000, or SEEDS=from-to
#   make chaos   real brokers, Redis and workers under seeded faults: SECONDS, SEED, SEEDS, KAFKA, NODES
#   make mutate  small changes of rules/ that no test sees: MODULES="units edits.day", JOBS
#   make broker  the jars of a real Kafka for the tests, where there are Java and Maven
#   make types   Grafana's types for the tests, where there is npm
#   make helm    helm and operators' schemas for the tests of the chart, where there is Go
#   make setup   the environment alone
#   make audit   the locked requirements against known weaknesses (asks a public database)
#   make lock    the locked requirements anew, from pyproject.toml (needs uv)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KAFKA ?= 4.2.1
AUDIT := .cache/audit
JARS := .cache/kafka-$(KAFKA)
FETCH := mvn --batch-mode --quiet --file tests/cluster/pom.xml dependency:copy-dependencies
TYPES := .cache/grafana-types
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links

.PHONY: setup demo test check bench sizes simulate chaos mutate broker types helm audit lock clean

setup: $(VENV)/.tested

demo: $(VENV)/.installed
	$(BIN)/therapy demo

test: $(VENV)/.tested broker types helm
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.tested
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/style

bench: $(VENV)/.tested broker
	$(BIN)/python -m tests.bench $(ARGS)

sizes: $(VENV)/.tested broker
	$(BIN)/python -m tests.bench.sizes $(ARGS)

simulate: SEEDS = 20000
simulate: $(VENV)/.tested
	$(BIN)/python -m tests.simulation $(SEEDS)

SECONDS ?= 60
SEED ?= 0
SEEDS ?= 1
NODES ?= 1
chaos: $(VENV)/.tested broker
	$(BIN)/python -m tests.chaos --seconds $(SECONDS) --seed $(SEED) --seeds $(SEEDS) \
		--kafka $(KAFKA) --nodes $(NODES)

JOBS ?= 2
mutate: $(VENV)/.tested
	$(BIN)/python -m tests.mutation --jobs $(JOBS) $(MODULES)

# Without a broker the tests that need one are skipped, and say so.
broker: $(JARS)/.fetched

types: $(TYPES)/.fetched

# --strict: a package of which the database cannot be asked is a failure, and no pass.
audit: $(AUDIT)/.made
	$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		$(foreach each,runtime traces build dev,--requirement requirements/$(each).txt)

$(AUDIT)/.made: requirements/audit.txt
	@$(PYTHON) -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements/audit.txt
	@touch $@

# Without helm the tests of the chart are skipped, and say so.
helm: $(VENV)/.tested
	@$(BIN)/python -m tests.deploy.tools

lock:
	cd requirements && $(LOCK) ../pyproject.toml --output-file runtime.txt
	cd requirements && $(LOCK) ../pyproject.toml --extra traces --constraint runtime.txt \
		--output-file traces.txt
	cd requirements && $(LOCK) --group ../pyproject.toml:build --constraint runtime.txt \
		--output-file build.txt
	cd requirements && $(LOCK) --group ../pyproject.toml:sbom --constraint build.txt --output-file sbom.txt
	cd requirements && $(LOCK) --group ../pyproject.toml:dev --constraint runtime.txt \
		--constraint build.txt --constraint traces.txt --output-file dev.txt
	cd requirements && $(LOCK) --group ../pyproject.toml:audit --output-file audit.txt

clean:
	rm -rf $(VENV) .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written when its step is done, so that the next run does nothing twice.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Python 3.11 or later is needed, as python3 or as make PYTHON=...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python cannot make an environment with pip in it.'; \
		echo 'On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }
	@echo 'Making the environment in $(VENV) ...'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml requirements/runtime.txt requirements/build.txt
	@echo 'Installing what the program needs ...'
	@$(INSTALL) --require-hashes --requirement requirements/runtime.txt
	@$(INSTALL) --require-hashes --requirement requirements/build.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(JARS)/.fetched: tests/cluster/pom.xml
	@command -v java > /dev/null && command -v mvn > /dev/null || { echo 'Java or Maven is not there: no broker for the tests.'; exit 0; }; \
	echo 'Fetching Kafka $(KAFKA) for the tests ...'; \
	$(FETCH) -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(JARS) -Dkafka.version=$(KAFKA) \
		&& touch $@ || echo 'Fetching failed: no broker for the tests.'

$(TYPES)/.fetched: tests/deploy/grafana/package-lock.json
	@command -v npm > /dev/null || { echo 'npm is not there: the dashboards are not held against Grafana.'; exit 0; }; \
	echo "Fetching Grafana's types for the tests ..."; \
	mkdir -p $(TYPES) && cp tests/deploy/grafana/package*.json $(TYPES) && \
	npm ci --prefix $(TYPES) --silent --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
		&& touch $@ || echo 'Fetching failed: the dashboards are not held against Grafana.'

$(VENV)/.tested: $(VENV)/.installed requirements/dev.txt requirements/traces.txt
	@echo 'Installing what the tests and checks need ...'
	@$(INSTALL) --require-hashes --requirement requirements/traces.txt
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@touch $@
