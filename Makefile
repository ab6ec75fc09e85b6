# What one does with this project. Every target can be run again at any time.
PYTHON ?= python3
TOOLS := .venv/bin/python -m tools

.DEFAULT_GOAL := help
.PHONY: help run test check clauses bench shots prepare prepare-dev messages lock licences format

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Install, prepare a demo and serve it: make run PORT=8010 HOST=127.0.0.1
	@HOST="$(HOST)" PORT="$(PORT)" $(PYTHON) tools/start.py

test: ## Install what tests need and run them on SQLite and PostgreSQL: make test ARGS="tests/core -k clock"
	@$(PYTHON) tools/test.py $(ARGS)

check: prepare-dev ## Linters, types, imports, packs, migrations, messages, templates, licences
	@$(TOOLS).check

clauses: prepare-dev ## Which clauses of the packs are proven by acceptance tests
	@$(TOOLS).clauses

bench: prepare-dev ## Measure the figures that are promised
	@$(TOOLS).bench $(ARGS)

shots: prepare-dev ## Take pictures of every page at three widths, light and dark: make shots ARGS="queue"
	@$(TOOLS).shots $(ARGS)

messages: prepare-dev ## Bring locale/en up to date with the code
	@$(TOOLS).messages extract

licences: prepare-dev ## Write THIRD_PARTY.md
	@$(TOOLS).licences --write

format: prepare-dev ## Format the code
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix --select I .

lock: prepare-dev ## Resolve the dependencies again (needs uv)
	@$(PYTHON) tools/lock.py

prepare:
	@$(PYTHON) tools/start.py --prepare-only

prepare-dev:
	@$(PYTHON) tools/start.py --prepare-dev
