# Everything a newcomer or a machine needs; `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types bench bench-cells bench-ragged bench-generate bench-defaults bench-tasks bench-scan docs-cells docs-studies clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(READY) ## prepare .venv with gatework and its tools

# constraints.txt has exact versions; a torch that the user installed into .venv first is kept.
$(READY): pyproject.toml constraints.txt
	@echo "preparing $(VENV) (about a minute, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gatework needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -c 'import torch' 2>/dev/null && own=torch== || own=none; \
	  grep -v "^$$own" constraints.txt > $(VENV)/constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(VENV)/constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: setup ## train a character model on Python's language reference, about a minute
	@$(BIN)/gatework train --minutes 1

test: setup ## run the tests
	@$(BIN)/python -m pytest

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: setup
	@$(BIN)/mypy

check: lint types test ## style, types and tests: what must be green before a commit

bench: test ## measure the compiled engine beside torch.nn and the loop, minutes; not while tests are red
	@$(BIN)/python benchmarks/engine.py

bench-cells: test ## measure every cell beside its loop and torchrecurrent, minutes; not while tests are red
	@$(BIN)/python benchmarks/cells.py

bench-generate: setup ## measure how fast models write, native loop beside PyTorch's, two minutes
	@$(BIN)/python benchmarks/generate.py

bench-ragged: test ## measure lengths, resets, both directions and stacks beside torch.nn; not while tests are red
	@$(BIN)/python benchmarks/ragged.py

bench-defaults: setup ## measure sizes, windows and rates on tinyshakespeare (GATEWORK_DATA), half an hour
	@$(BIN)/python benchmarks/defaults.py

bench-tasks: setup ## train and measure every task on real data (GATEWORK_DATA), hours; --compare: other cells too
	@$(BIN)/python benchmarks/tasks.py

bench-scan: test ## measure the scan beside the kernel that steps and the loop, for cells linear in their state
	@$(BIN)/python benchmarks/scan.py

docs-cells: setup ## a page with the drawing and the equations of every cell, in build/cells
	@$(BIN)/python docs/gallery.py

docs-studies: setup ## the page that lists the studies with their reports
	@$(BIN)/python docs/studies.py

clean: ## remove .venv and caches; runs/ stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
