# Each target works on a fresh machine that has Python >= 3.11 with venv, and again when repeated.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

.PHONY: install quickstart test test-slow lint bench ceilings pretraining results weights docs clean

install: $(VENV)/installed

quickstart: $(VENV)/installed
	$(BIN)/rfmae quickstart

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(VENV)/installed-test
	$(BIN)/python -m pytest -m slow -n 2 --dist worksteal

lint: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/installed-test
	$(BIN)/python benchmarks/rendering.py
	$(BIN)/python benchmarks/synthesis.py
	$(BIN)/python benchmarks/dataset_writing.py
	$(BIN)/python benchmarks/pretraining.py
	$(BIN)/python benchmarks/classify_latency.py
	$(BIN)/python benchmarks/detection.py

ceilings: $(VENV)/installed
	$(BIN)/python docs/make_ceilings.py --compute

pretraining: $(VENV)/installed
	$(BIN)/python docs/make_pretraining.py --compute

results: $(VENV)/installed
	$(BIN)/python docs/make_results.py --compute

# the classifier of bursts that comes along; started again it goes on
weights: $(VENV)/installed
	$(BIN)/rfmae train-bursts --work artifacts/bursts --out rfmae/weights

docs: $(VENV)/installed
	$(PIP) -e '.[docs]'
	$(BIN)/python docs/make_api.py
	$(BIN)/python docs/make_settings.py
	$(BIN)/python docs/make_site.py

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "rfmae needs Python >= 3.11, got $$($(PYTHON) --version); name one with make PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) -e '.[test]'
	@touch $@
