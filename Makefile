# The verbs of the project; .ci/run calls the same ones.
PYTHON ?= python3

.PHONY: run test lint types bench e2e

run:
	$(PYTHON) -m gateway demo

test:
	$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	PYTHONPATH=. lint-imports

types:
	$(PYTHON) -m mypy

bench:
	$(PYTHON) tests/bench/compare.py

e2e:
	$(PYTHON) -m pytest -m e2e tests/e2e
