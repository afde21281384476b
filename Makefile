# Fabrica: `make` alone prints what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TEST_ENV := FABRICA_SECRET_KEY=only-for-checks-0000000000000000000000000000000000 DJANGO_SETTINGS_MODULE=fabrica.config.settings_test
WORKERS ?= 2
# what has a command of its own below
APART := not browser and not slurm and not slurm13 and not several and not oidc
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run test test-long test-postgres test-several test-slurm test-oidc check format lint types imports migrations messages browser bench clean
.PHONY: cluster cluster-down

help: ## Print this.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Fabrica needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[site,train,dev]'
	touch $(STAMP)

install: $(STAMP) ## Create the environment in .venv and install everything into it.

run: $(STAMP) ## Play the whole way on this machine, then serve the portal (ARGS=--no-serve stops after the play; ARGS="--cluster slurm" plays on a real Slurm cluster).
	$(if $(findstring --cluster slurm,$(ARGS)),tests/slurm/up.sh >/dev/null)
	$(BIN)/fabrica-site demo $(ARGS)

test: $(STAMP) ## Run the tests (without those that take long, or need a browser, a cluster, or several processes that train).
	$(BIN)/pytest -n $(WORKERS) -m "not long and $(APART)" $(ARGS)

test-long: $(STAMP) ## Run the tests that start and kill processes, fill a whole site, or walk all its addresses.
	$(BIN)/pytest -n $(WORKERS) -m "long and $(APART)" $(ARGS)

test-postgres: $(STAMP) ## Run the tests that touch the database on PostgreSQL (a throw-away server: tests/postgres/up.sh).
	url=$$(tests/postgres/up.sh) && DATABASE_URL=$$url $(BIN)/pytest -n $(WORKERS) -m "database and $(APART)" $(ARGS)

check: format lint types imports migrations messages test ## All that must hold before a change lands; contains `make test`.

format: $(STAMP)
	$(BIN)/ruff format --check .

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(TEST_ENV) $(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

migrations: $(STAMP)
	$(TEST_ENV) $(BIN)/django-admin makemigrations --check --dry-run

messages: $(STAMP) ## Check that every word on the screens has its French.
	$(BIN)/python -m fabrica.config.messages --check

cluster: ## Start a whole Slurm cluster on this machine, for development and tests (root; Debian). `make cluster-down` stops it.
	tests/slurm/up.sh

cluster-down: ## Stop that cluster.
	tests/slurm/down.sh $(ARGS)

test-several: $(STAMP) ## Run the tests that train in several processes.
	$(BIN)/pytest -m several $(ARGS)

test-slurm: $(STAMP) ## Run the tests that need a real Slurm cluster; starts it.
	tests/slurm/up.sh >/dev/null
	$(BIN)/pytest -m slurm $(ARGS)

test-oidc: $(STAMP) ## Run the tests that sign in at a real OpenID provider, in Chromium (needs npm; installs the provider below tests/oidc).
	@command -v npm >/dev/null || { echo "There is no npm. On Debian: apt install npm."; exit 1; }
	npm ci --prefix tests/oidc --no-audit --no-fund --loglevel error
	$(BIN)/pytest -m oidc $(ARGS)

browser: $(STAMP) ## Run the journeys in headless Chromium (needs Debian's chromium, or CHROMIUM=path).
	@test -x "$${CHROMIUM:-/usr/bin/chromium}" || { echo "There is no Chromium. On Debian: apt install chromium; else CHROMIUM=path."; exit 1; }
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m browser $(or $(ARGS),tests src) # the longest stands in tests/: it begins first

bench: $(STAMP) ## Measure, print the tables, write var/bench.json.
	$(BIN)/python -m fabrica.config.bench $(ARGS)

clean: ## Remove the environment and everything the demo left.
	rm -rf $(VENV) var
