# Every target does all the set-up that it needs; a second call is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help install demo test check bench fuzz clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## make .venv and install cafi with everything for development

# torch first and by its exact version: a range would pull several GB of CUDA packages.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("cafi needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 $(MAKECMDGOALS)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' constraints.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[formats,dev]'
	@touch $@

demo: $(INSTALLED) ## see every method at work, scored against the truth; MOVIE=path takes your own movie
	$(BIN)/cafi demo $(if $(MOVIE),"$(MOVIE)") --overwrite

# One thread for each of the workers, which already take all cores.
test: $(INSTALLED) ## run all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

check: $(INSTALLED) ## ruff, mypy --strict and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) ## speed, memory and quality against references, in one run
	$(BIN)/python -m benchmarks

fuzz: $(INSTALLED) ## 2,000 mutated files, each answered by success or by one sentence
	$(BIN)/python -m tests.fuzz --count 2000 --seed 1

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
