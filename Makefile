# What people and CI run. `make` alone lists it.
#
# Options: HOST and PORT of `make run`; PYTHON, the interpreter to build VENV with (the
# newest of 3.14 to 3.11 otherwise); UPGRADE=1 for `make lock`.

HOST = 127.0.0.1
PORT = 8000
PYTHON ?=
VENV = .venv
UPGRADE =

BIN = $(VENV)/bin
GRAPHIQL = gateway/server/graphiql
NODE := $(shell node --version 2>/dev/null)

# The stamps' names hold what a virtual environment does not survive, and no file's time
# tells: the project in another folder, another PYTHON, another Node for the assets.
PLACE := $(shell { pwd; echo '$(PYTHON)'; } | cksum | cut -d ' ' -f 1)
LOCKED = $(VENV)/.locked-$(PLACE)
READY = $(VENV)/.ready-$(PLACE)-$(NODE)

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-build --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

.PHONY: help run test fmt lock image-check clean

help: ## List these commands.
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 14

run: $(READY) ## Serve the gateway over the built-in sandbox (HOST, PORT).
	@exec $(BIN)/gateway serve --sandbox --host $(HOST) --port $(PORT)

test: $(READY) ## Run every check: format, lint, types, import layers, tests, coverage.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

fmt: $(READY) ## Format the code and mend what ruff can mend.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(LOCKED) ## Lock again after a change of pyproject.toml (UPGRADE=1: everything).
	$(COMPILE) --group dev --output-file requirements.txt pyproject.toml
	$(COMPILE) --output-file .ci/requirements.txt .ci/requirements.in

image-check: $(READY) ## Build the Dockerfile's stages by hand and try the result.
	$(BIN)/python .ci/image.py

clean: ## Remove what can be made again.
	rm -rf $(VENV) .coverage* .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis build dist \
		$(GRAPHIQL)/dist $(GRAPHIQL)/node_modules tests/clients/node_modules \
		examples/inbox/dist examples/inbox/node_modules
	find gateway tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Always begun anew, so what an interrupted set-up or an older lock left is not in it.
$(LOCKED): requirements.txt $(BIN)/python
	@PYTHON='$(PYTHON)' .ci/venv '$(VENV)'
	@touch $@

# Without a recipe: where the interpreter is gone, what depends on it is made again.
$(BIN)/python:

# The assets of GraphiQL are built by hatch_build.py on the way, where Node is found.
$(READY): $(LOCKED) pyproject.toml $(wildcard hatch_build.py $(GRAPHIQL)/*.json \
		$(GRAPHIQL)/*.js $(GRAPHIQL)/src/* $(GRAPHIQL)/src/*/* $(GRAPHIQL)/static/*)
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input \
		$(if $(CI),,--quiet) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.ready-*
	@touch $@
