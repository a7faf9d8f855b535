# Every command of this repository. `make` alone prints them.
#
# A target that needs Python packages makes .venv from the locks first, and again only when a lock
# changed. Nothing here asks a question, needs root, or writes outside this folder and /tmp.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
HOUSEHOLDS ?= 2000
ROLE ?= partner
SUBJECT ?=
SERVICE ?=
AREA ?=
PERSONS ?= 1000000

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
# Two cores are what every machine has; tests of one group (a broker) stay in one worker.
WORKERS := --numprocesses 2 --dist loadgroup --quiet
# What the two kinds of work need; the second holds the first.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev

export HOUSEHOLDS SUBJECT

.PHONY: help
help: ## Print this list.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- The product ---------------------------------------------------------------------------------

.PHONY: run
run: $(RUN) ## Start everything on this machine and serve until Ctrl-C (SANAD_PORT=8080 HOUSEHOLDS=2000).
	@$(PY) -m services

.PHONY: demo
demo: $(RUN) ## Run one whole cycle on a state of its own, print counts and seconds, exit (HOUSEHOLDS=2000).
	@$(PY) -m services demo

.PHONY: token
token: $(RUN) ## Print an access token of a role, in the demo profile only (ROLE=partner; SUBJECT=<person_id> for a citizen).
	@$(PY) -m services token --role $(ROLE)

.PHONY: migrate
migrate: $(RUN) ## Bring the database of one service up to date (SERVICE=registry; needs its DATABASE_URL).
	@test -n "$(SERVICE)" || { echo "Say which service: make migrate SERVICE=registry" >&2; exit 2; }
	@$(PY) -m services $(SERVICE) migrate

COMPOSE_ENV := .local/compose.env
COMPOSE = docker compose --env-file $(COMPOSE_ENV) $(if $(SIMULATED),--profile simulated)

.PHONY: up
up: $(COMPOSE_ENV) ## Start the distributed form with Docker Compose (SIMULATED=1 adds bank and SMS centre).
	@$(COMPOSE) up --build --detach

.PHONY: down
down: ## Stop what make up started; the data stay.
	@$(COMPOSE) --profile simulated down

# A random value for everything that docker-compose.yml refuses to start without; values once made
# stay. SMPP has room for eight characters in a password.
.PRECIOUS: $(COMPOSE_ENV)
$(COMPOSE_ENV): docker-compose.yml
	@mkdir -p $(@D)
	@umask 077; touch $@; \
	grep -oE '[{][A-Z_]+:[?]|environment: [A-Z_]+' docker-compose.yml | grep -oE '[A-Z_]+' | sort -u | \
	while read -r name; do \
		case $$name in SMS_PASSWORD) bytes=4 ;; *) bytes=24 ;; esac; \
		grep -q "^$$name=" $@ || \
			echo "$$name=$$(od -An -N$$bytes -tx1 /dev/urandom | tr -d ' \n')" >> $@; \
	done

# --- The checks ----------------------------------------------------------------------------------

.PHONY: test
test: lint types imports ## Pass every check and every test, those on a real RabbitMQ included.
	@if $(PY) -m shared.testing.tools; then $(PY) -m pytest $(WORKERS); \
	elif [ -n "$${CI:-}" ]; then $(PY) -m pytest $(WORKERS); \
	else \
		$(PY) -m pytest $(WORKERS) -m "not rabbitmq" && \
		echo "THE BROKER TESTS DID NOT RUN: RABBITMQ COULD NOT BE HAD (make tools SAYS WHY)."; \
	fi

.PHONY: test-fast
test-fast: $(DEV) ## Test the rules alone: no database, no broker, a few seconds.
	@$(PY) -m pytest -q $(wildcard tests/services/*/domain tests/services/*/events tests/shared/kernel)

.PHONY: test-standards
test-standards: $(DEV) ## Validate what we answer against the standards (SANAD_STANDARDS=../shared/standards).
	@$(PY) -m pytest $(WORKERS) tests/standards

.PHONY: drill-duplicates
drill-duplicates: $(RUN) ## Find the duplicates of a dirty population; print precision, recall, seconds (PERSONS=1000000).
	@$(PY) -m tests.drills.duplicates --persons $(PERSONS)

.PHONY: drill-keys
drill-keys: $(RUN) ## Rotate the registry's keys under a load; print what was refused or wrong, and the p99 meanwhile.
	@$(PY) -m tests.drills.keys

.PHONY: lint
lint: $(DEV) ## Check style, format and spelling.
	@$(PY) -m ruff check --quiet --output-format concise .
	@$(PY) -m ruff format --check --quiet . || { echo "Not formatted: make format" >&2; exit 1; }
	@$(VENV)/bin/typos

.PHONY: types
types: $(DEV) ## Check types.
	@$(PY) -m mypy --no-error-summary

.PHONY: imports
imports: $(DEV) ## Check who imports whom.
	@$(PY) -c 'import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())' --no-logo

.PHONY: format
format: $(DEV) ## Format the code and mend what can be mended safely.
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format --quiet .

.PHONY: bench
bench: $(DEV) ## Measure; the last line is one JSON object (AREA=road, or every area).
	@$(PY) -m tests.benchmarks $(AREA)

# --- What is generated or fetched ----------------------------------------------------------------

.PHONY: tools
tools: $(DEV) ## Find RabbitMQ (AMQP_URL, PATH), or unpack it into .local/ without root.
	@$(PY) -m shared.testing.tools

.PHONY: schemas
schemas: $(DEV) ## Write the event schemas, OpenAPI documents and problem codes below docs/ anew.
	@$(PY) -m tests.contracts.schemas --write

COMPILE = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml

.PHONY: locks
locks: $(DEV) ## Lock the dependencies of pyproject.toml anew (UPGRADE=1 takes newer versions).
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.lock --group local -o requirements-local.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements-local.lock --group local --group dev -o requirements-dev.lock

.PHONY: clean
clean: ## Remove caches.
	@find . -name __pycache__ -not -path './$(VENV)/*' -not -path './.local/*' -prune -exec rm -rf {} +
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: clean-all
clean-all: clean ## Remove caches, .venv, and .local with the tools and the data of make run.
	@rm -rf $(VENV) .local "/var/tmp/sanad-postgres-$$(printf %s "$$(pwd -P)/.local/state" | sha256sum | cut -c1-16)"

# --- The virtual environment ---------------------------------------------------------------------

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Sanad needs Python 3.11 or newer as python3 (or say make PYTHON=...)." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Sanad needs Python's venv module: install the package python3-venv." >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN): requirements-local.lock | $(PY)
	@echo "Installing what requirements-local.lock names ..."
	@$(PIP) install --require-hashes -r requirements-local.lock
	@touch $@

$(DEV): requirements-dev.lock | $(PY)
	@echo "Installing what requirements-dev.lock names ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $(RUN) $@
