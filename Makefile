# Two commands are enough on a fresh machine: `make demo` and `make test`. They need Python 3.10 or
# newer, and get a Pulumi if there is none: tools/engine.py says how.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
DOCS_READY := $(VENV)/.docs-ready
# The same versions on each day: a release of somebody else breaks nothing here by itself.
NEWEST := -c tests/newest.txt
NEWEST_DOCS := $(NEWEST) -c tests/newest-docs.txt
FAST := not engine and not browser and not recipes and not clients and not languages and not docs and not packages

.DEFAULT_GOAL := help

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## Walk through the main job on the real engine and the emulator
	@$(BIN)/python tools/demo.py

test: $(READY) ## Run every test that needs no further tools, with many examples (gets an engine and a browser first)
	@$(BIN)/python tools/engine.py > /dev/null
	@$(BIN)/python tools/language_hosts.py yaml > /dev/null
	@$(BIN)/python tools/browser.py > /dev/null
	@# Twice as many workers as the two processors of a small machine: engine tests often wait.
	$(BIN)/pytest -n $(or $(JOBS),4) --dist worksteal --hypothesis-profile thorough

fast: $(READY) ## Run the tests that need neither engine nor browser (about a minute)
	$(BIN)/pytest -n $(or $(JOBS),4) --dist worksteal -m "$(FAST)"

recipes: $(READY) ## Run and check the recipes for pipelines (gets an engine and the tools first)
	@$(BIN)/python tools/engine.py > /dev/null
	@$(BIN)/python tools/third_party.py > /dev/null
	$(BIN)/pytest -n $(or $(JOBS),2) --dist loadfile -m recipes tests/recipes

clients: $(READY) ## Run Omise's own clients against the emulator, and type checkers as editors do
	$(BIN)/pytest -n $(or $(JOBS),2) --dist worksteal -m clients tests/clients

languages: $(READY) ## Run programs in TypeScript, Go and Python against the native plugin (gets their tools first)
	@$(BIN)/python tools/engine.py > /dev/null
	@$(BIN)/python tools/language_hosts.py > /dev/null
	$(BIN)/pytest -n $(or $(JOBS),2) --dist worksteal -m languages tests/languages

docs: $(DOCS_READY) ## Build the documentation site in site/, and look at each of its pages (gets a browser first)
	@$(BIN)/python tools/browser.py > /dev/null
	$(BIN)/python -m sphinx -W --keep-going -n -q -d build/doctrees -c docs . site
	$(BIN)/pytest -m docs tests/site
	@echo "The site begins at site/index.html."

packages: $(READY) ## Build wheel and sdist, and install them in each Python (gets an engine, Python 3.14 and tools first)
	@$(BIN)/python tools/engine.py > /dev/null
	@$(BIN)/python tools/language_hosts.py yaml > /dev/null
	$(BIN)/pytest -n $(or $(JOBS),2) --dist worksteal -m packages tests/packages

coverage: $(READY) ## Measure which lines and branches the fast tests reach, in all processes that they start
	@rm -rf build/coverage
	$(BIN)/coverage run -m pytest -n $(or $(JOBS),2) --dist worksteal -m "$(FAST)"
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

newest: $(READY) ## Test from now on with the newest version of each dependency (writes tests/newest*.txt)
	@$(BIN)/python tools/newest.py
	@$(BIN)/pip install --quiet --disable-pip-version-check $(NEWEST) --editable '.[dev]'
	@touch $(READY)

lowest: $(READY) ## Test with the lowest supported version of each dependency, and of Pulumi
	@$(BIN)/python tools/language_hosts.py yaml > /dev/null
	@test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/pip install --quiet --disable-pip-version-check -c tests/lowest.txt -e '.[dev]'
	.venv-lowest/bin/pytest -n $(or $(JOBS),2) tests/protocol tests/native tests/program tests/manifest tests/cli \
	  tests/output tests/omise/test_client.py
	@# What is left out needs a newer Pulumi, or a newer SDK (docs/compatibility.md).
	oldest=$$($(BIN)/python tools/engine.py --oldest) && export PATH="$$oldest:$$PATH" && \
	  .venv-lowest/bin/pytest -n $(or $(JOBS),2) tests/engine/test_life.py tests/engine/test_adoption.py \
	  tests/engine/test_native.py --deselect \
	  tests/engine/test_adoption.py::test_new_providers_below_new_parents_leave_a_valid_state && \
	  $(BIN)/pytest -n $(or $(JOBS),2) tests/engine/test_upgrade.py

bench: $(BENCH_READY) ## Measure speed and size, and write docs/performance.md (an hour)
	@PYTHONPATH=tools $(BIN)/python -m bench $(ARGS)

chaos: $(READY) ## Run 1,000 links while the emulator injects faults (twenty minutes)
	@$(BIN)/python tools/chaos.py --links 1000 --seed 1 $(ARGS)

kill: $(READY) ## Kill 200 runs in the middle, and recover from each (an hour)
	@$(BIN)/python tools/kill.py --trials 200 --seed 1 $(ARGS)

parity: $(READY) ## Compare the emulator, or Omise (ARGS=--omise), with what Omise answers
	@PYTHONPATH=tools $(BIN)/python -m parity $(ARGS)

lint: $(READY) ## Check types, style, and that the schema is up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/make_schema.py --check

setup: $(READY) ## Make .venv with the package in it

$(READY): pyproject.toml tests/newest.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "Python 3.10 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) and installing the package (one to three minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check $(NEWEST) --editable '.[dev]'
	@touch $@

$(BENCH_READY): $(READY)
	@$(BIN)/pip install --quiet --disable-pip-version-check $(NEWEST) --editable '.[dev,bench]'
	@touch $@

$(DOCS_READY): $(READY) tests/newest-docs.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check $(NEWEST_DOCS) --editable '.[dev,docs]'
	@touch $@

clean: ## Remove .venv and caches
	rm -rf $(VENV) .venv-lowest build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis demo-run

.PHONY: help demo test fast recipes clients languages docs packages coverage newest lowest bench chaos kill parity lint setup clean
