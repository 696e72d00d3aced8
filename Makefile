# The verbs of the project; .ci/run and the workflows of the forge call the same ones.
PYTHON ?= python3
# The least branch coverage of gateway.wire and gateway.chat, in percent.
WIRE_COVERAGE ?= 95
CHAT_COVERAGE ?= 95
# fuzz: seconds in all, over all targets.
SECONDS ?= 600
# simulate: make simulate SEEDS=100000 FIRST=1 (-1: from the time); LIMIT_S: begin no more seeds after so many
# seconds; LOSSES=1 lets Redis lose data, too.
SEEDS ?= 10000
FIRST ?= 0
LIMIT_S ?=
LOSSES ?=

.DEFAULT_GOAL := help
.PHONY: help run check lint format types page-types test coverage page e2e simulate chaos attacks fuzz bench \
	bench-quick bench-terminal pictures

help: ## print each verb and what it does
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

run: ## run the demo: three gateways on this machine
	$(PYTHON) -m gateway demo

check: lint types test ## run all that a commit must pass

lint: ## check style, format and the order of the layers (ruff, import-linter)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	PYTHONPATH=. $(PYTHON) -c "from importlinter.cli import lint_imports_command as check; check()"

format: ## format the code, and mend what ruff can
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

types: ## check the types of the code and of its tests (mypy --strict), and of the page (tsc, if npm is there)
	$(PYTHON) -m mypy
	@if command -v npm >/dev/null; then $(MAKE) -s page-types; \
	else echo "no npm: the types of the page are not checked (apt-get install nodejs npm)"; fi

page-types: tests/web/node_modules/.package-lock.json ## check the types of the page alone (tsc, from npm)
	tests/web/node_modules/.bin/tsc -p tests/web

tests/web/node_modules/.package-lock.json: tests/web/package-lock.json
	npm ci --prefix tests/web --silent --no-audit --no-fund
	touch $@

test: ## run the tests that need no browser and no containers
	$(PYTHON) -m pytest

coverage: ## measure the branch coverage of gateway.wire and gateway.chat, and fail below the least
	$(PYTHON) -m coverage run -m pytest -n 0 --hypothesis-seed=0 tests/wire tests/chat
	$(PYTHON) -m coverage report --include 'gateway/wire/*' --fail-under $(WIRE_COVERAGE)
	$(PYTHON) -m coverage report --include 'gateway/chat/*' --fail-under $(CHAT_COVERAGE)

page: ## test the page in Chromium (pip install '.[test,page]')
	$(PYTHON) -m pytest -n 2 -m page tests/page

e2e: ## test the compose file on a container engine
	$(PYTHON) -m pytest -n 0 -m e2e tests/e2e

simulate: ## run whole networks in virtual time with every fault, one seed each (SEEDS, FIRST, LIMIT_S, LOSSES)
	$(PYTHON) -m tests.simulation --seeds $(SEEDS) --first $(FIRST) \
		$(if $(LIMIT_S),--seconds $(LIMIT_S)) $(if $(LOSSES),--losses)

chaos: ## break real gateways and servers under load, 15 minutes; write docs/reliability.md's table
	$(PYTHON) -m tests.chaos

attacks: ## measure what other users feel of attacks; write docs/security.md's table
	$(PYTHON) -m tests.attacks --write

fuzz: ## fuzz every decoder and a whole lane under Atheris (SECONDS; pip install '.[test,fuzz]')
	$(PYTHON) -m tests.fuzz.run $(SECONDS)

bench: ## compare with InspIRCd and ngircd, where they are installed; needs gcc
	$(PYTHON) -m tests.bench.compare --svg docs/bench.svg

bench-quick: ## the same, shorter and without the picture
	$(PYTHON) -m tests.bench.compare --quick

bench-terminal: ## measure the terminal client: its start, keys under load, a long history
	$(PYTHON) -m tests.bench.terminal

pictures: ## make the pictures of the documents from the running programs
	$(PYTHON) -m tests.pictures
