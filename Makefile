# Bowerbird. `make help` says what there is.
#   PYTHON=python3.12   the Python to set up with, 3.11 or newer
#   VENV=.venv          where the environment lies
#   ARGS=…              handed on to the command

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
JOBS ?= auto

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
USE := $(VENV)/.installed-to-use
DEVELOP := $(VENV)/.installed-to-develop
RECIPE := pyproject.toml constraints.txt Makefile

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench chaos docs clean

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 16

setup: $(USE)  ## the environment for using Bowerbird

demo: $(USE)  ## fit on a sample, print the table, serve http://127.0.0.1:8000 (ARGS=--no-serve ends after the table)
	@$(BIN)/bowerbird demo $(ARGS)

test: $(DEVELOP)  ## all tests and doctests (ARGS="-k name" picks some)
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(DEVELOP)  ## style, types, floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(DEVELOP)  ## run the benchmarks, one after another (ARGS=rerank runs one)
	@set -e; for name in $(or $(ARGS),$(sort $(basename $(notdir $(wildcard benchmarks/*.py))))); do \
	  echo "== $$name"; $(BIN)/python benchmarks/$$name.py; done

chaos: $(DEVELOP)  ## kill writers and crash databases, and count what is lost (ARGS="--times 20" is shorter)
	@$(BIN)/python benchmarks/chaos.py $(ARGS)

docs: $(DEVELOP)  ## check the documents: links lead somewhere, examples run
	@$(BIN)/python -m pytest tests/test_docs.py $(ARGS)

clean:  ## remove what was built and cached; the environment stays (rm -r .venv)
	rm -rf build dist runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Bowerbird needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo not there); name another with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python cannot make an environment in $(VENV); on Debian and Ubuntu install the package python3-venv" >&2; exit 1; }

$(USE): $(VENV)/bin/python $(RECIPE)
	@echo "installing Bowerbird into $(VENV) (some minutes the first time)"
	@$(PIP) --editable '.[serve]'
	@touch $@

$(DEVELOP): $(VENV)/bin/python $(RECIPE)
	@echo "installing Bowerbird and its tools into $(VENV) (some minutes the first time)"
	@$(PIP) --editable '.[serve,mcp,otel,train,chat,track,bench,drift,index,postgres,dev]'
	@touch $(USE) $@
