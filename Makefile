# Everything a person or a machine runs. Two commands do all the set-up: `make demo`, `make test`.
# Needs Python 3.11 or later and a POSIX make; everything else goes into .venv.

VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
PORT = 8000
# Files are handed out in the order of tests/conftest.py: the long ones first.
PYTEST_ARGS = -q -n 2 --dist loadfile --no-loadscope-reorder
BENCH_ARGS =

help:
	@echo 'make demo     a moderated short-video community; leaves the console open on port $(PORT)'
	@echo 'make serve    the server with the data in FIELDFARE_HOME (./fieldfare-data)'
	@echo 'make test     lint, then every test: unit, contract, flow, pages in a browser'
	@echo 'make lint     ruff, mypy --strict, import-linter'
	@echo 'make bench    every benchmark; BENCH_ARGS=--quick for a short run'
	@echo 'make docs     write the generated reference and check every link'
	@echo 'make install  .venv with everything for development'
	@echo 'make pin      resolve the dependencies anew and write constraints.txt'

install: $(VENV)/installed-dev

$(VENV)/bin/python:
	@python=$$(sh scripts/find-python) && echo "Making $(VENV) with $$python." && "$$python" -m venv $(VENV)

$(VENV)/installed-core: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo 'Installing fieldfare.'
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed-core
	@echo 'Installing what development needs.'
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/installed-core
	$(BIN)/fieldfare demo

serve: $(VENV)/installed-core
	$(BIN)/fieldfare serve --port $(PORT)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	@CHROMIUM=$$($(BIN)/python -m fieldfare.testing.chromium --install) && export CHROMIUM && \
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(VENV)/installed-dev
	@for claim in benchmarks/*.py; do \
	  echo "== $$claim" && $(BIN)/python "$$claim" $(BENCH_ARGS) || exit 1; done

docs: $(VENV)/installed-dev
	@mkdir -p docs/reference
	$(BIN)/fieldfare openapi > docs/reference/openapi.json
	$(BIN)/python scripts/write-reference
	$(BIN)/python -m pytest -q tests/unit/project/test_docs.py

pin: $(VENV)/bin/python
	sh scripts/pin $(BIN)/python > constraints.new
	mv constraints.new constraints.txt

.PHONY: help install demo serve lint test bench docs pin
