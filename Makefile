# Liên Thông. `make demo` needs python3 >= 3.11 and nothing else; every target sets itself up once.

# The system's own interpreter where it will do: Debian's is built with profile-guided optimisation (a tenth to a fifth
# less of the processors, docs/PERFORMANCE.md) and gets its security updates; else the path's first.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
# Set-up is keyed on the lock files' content: an unchanged lock is never installed twice.
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.lock pyproject.toml | cksum | cut -d ' ' -f 1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements-dev.lock pyproject.toml | cksum | cut -d ' ' -f 1)
DEMO_ARGS ?= $(if $(CI),--exit)
TEST_ARGS ?=
# One more than there are processors: a third of the tests' time is waiting.
TEST_PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Some hundred processes start in a run of the tests; without bytecode each would compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE
BENCH_ARGS ?=

.PHONY: help demo test check analyse lint format types arrows dependencies house bench pictures lock clean setup setup-dev

help:
	@echo "make demo    a guided tour of a whole installation (DEMO_ARGS=--exit ends it by itself)"
	@echo "make test    every test (TEST_ARGS='-k name' for some)"
	@echo "make check   lint, format, types, arrows, dependencies, house: each a target of its own (-k: all of them)"
	@echo "make bench   the measurements of bench/"
	@echo "make pictures  take docs/images anew (needs chromium)"
	@echo "make lock    renew requirements.lock and requirements-dev.lock (needs uv)"
	@echo "make clean   remove the virtual environment and caches"

demo: $(RUN_STAMP)
	$(BIN)/lienthong demo $(DEMO_ARGS)

test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(TEST_ARGS)

check: analyse house

# All that `make test` does not do already.
analyse: lint format types arrows dependencies

lint: $(DEV_STAMP)
	$(BIN)/ruff check --output-format concise .

format: $(DEV_STAMP)
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	$(BIN)/mypy

arrows: $(DEV_STAMP)
	$(BIN)/lint-imports

dependencies: $(DEV_STAMP)
	$(BIN)/deptry .

house: $(DEV_STAMP)
	$(BIN)/python -m pytest -q tests/test_house.py

bench: $(RUN_STAMP)
	$(BIN)/python -m bench $(BENCH_ARGS)

pictures: $(DEV_STAMP)
	PYTHONPATH=. $(BIN)/python tests/browser/shoot.py

setup: $(RUN_STAMP)

setup-dev: $(DEV_STAMP)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "python3 >= 3.11 is needed; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' \
	  || { echo "python3 cannot make virtual environments; run: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): | $(BIN)/python
	@if [ -z "$(wildcard $(DEV_STAMP))" ]; then echo "Setting up (once) ..."; \
	  $(PIP) install --require-hashes --only-binary :all: -r requirements.lock \
	  && $(PIP) install --no-deps --no-build-isolation -e . ; fi
	@rm -f $(VENV)/.run-* && touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "Setting up for tests (once) ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.run-* $(VENV)/.dev-* && touch $(RUN_STAMP) $@

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --quiet

lock:
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache build dist
