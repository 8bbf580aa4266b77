# Each target does its own set-up. On a fresh machine: Python 3.11 (or 3.12, 3.13), make and a C++ compiler.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/$(shell $(PYTHON) -c 'import sys; print("py311" if sys.version_info < (3, 12) else "py313")').txt
READY := $(VENV)/.ready
DEMO := .demo/doctor-visits
SOURCES := core components runners evaluation templates src/millwork/cli src/millwork/analysis

.PHONY: demo test test-slow test-browser check bench docs clean lock

demo: $(READY)  ## make a project from a template, run it, train a second model, compare the two, and report
	$(BIN)/millwork init $(DEMO) -t tabular-binary --defaults --force
	cd $(DEMO) && PATH="$(CURDIR)/$(BIN):$$PATH" && set -x && millwork run && millwork run -p leave_out=disea \
		&& millwork compare latest~1 latest --by hlthp && millwork report latest~1 latest --by hlthp

test: $(READY)  ## everything that is not marked slow, cluster, browser or benchmark
	$(BIN)/python -m pytest

test-slow: $(READY)  ## the slow tests too: 200 kills, real database servers
	$(BIN)/python -m pytest -m "slow"

test-browser: $(READY)  ## the report in a real browser: apt-get install chromium chromium-driver
	$(BIN)/python -m pytest -m "browser"

check: $(READY)  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/typing

bench: $(READY)  ## measure; results go to benchmarks/results
	$(BIN)/python -m benchmarks

docs: $(READY)  ## write docs/reference from the code
	$(BIN)/python docs/generate.py

# Without bytecode, importing TensorFlow takes 18 s instead of 4: pip compiles what it installs, and so do we.
$(READY): $(LOCK) pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --no-deps -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -m compileall -q $(SOURCES)
	touch $@

lock:  ## resolve pyproject.toml anew into requirements/ (needs uv)
	uv pip compile --no-header --no-annotate --python-version 3.11 --group dev pyproject.toml -o requirements/py311.txt
	uv pip compile --no-header --no-annotate --python-version 3.13 --python-platform x86_64-manylinux_2_39 \
		--group dev pyproject.toml -o requirements/py313.txt

clean:  ## forget the virtual environment and every run
	rm -rf $(VENV) .millwork .demo
