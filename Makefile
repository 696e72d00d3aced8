# The verbs of the project; .ci/run calls the same ones.
PYTHON ?= python3

.PHONY: attacks chaos run test lint types bench bench-quick bench-terminal e2e fuzz page pictures simulate

run:
	$(PYTHON) -m gateway demo

test:
	$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	PYTHONPATH=. $(PYTHON) -c "from importlinter.cli import lint_imports_command as check; check()"

types:
	$(PYTHON) -m mypy

bench:
	$(PYTHON) -m tests.bench.compare --svg docs/bench.svg

bench-quick:
	$(PYTHON) -m tests.bench.compare --quick

# The terminal client: start, keys while 2,000 messages/s arrive, a long history.
bench-terminal:
	$(PYTHON) -m tests.bench.terminal

e2e:
	$(PYTHON) -m pytest -n 0 -m e2e tests/e2e

# How long in all, over all targets.
SECONDS ?= 600
fuzz:
	$(PYTHON) -m tests.fuzz.run $(SECONDS)

# make simulate SEEDS=100000 FIRST=1; LOSSES=1 lets Redis lose data, too.
SEEDS ?= 10000
FIRST ?= 0
LOSSES ?=

simulate:
	$(PYTHON) -m tests.simulation --seeds $(SEEDS) --first $(FIRST) $(if $(LOSSES),--losses)

# About a quarter of an hour; writes its table into docs/reliability.md.
chaos:
	$(PYTHON) -m tests.chaos

# What innocent users of a gateway feel while it is attacked; writes its table into docs/security.md.
attacks:
	$(PYTHON) -m tests.attacks --write

# The page in a real Chromium: pip install '.[test,page]', and Debian's chromium.
page:
	$(PYTHON) -m pytest -n 2 -m page tests/page

# The README's pictures, from the running programs on running gateways.
pictures:
	$(PYTHON) -m tests.pictures
