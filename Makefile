# Paths are relative and programs are run as `.venv/bin/python -m ...`, so that a folder with a
# space in its name, or one that was moved, works.

VENV_PYTHON = .venv/bin/python
# One process a core, as scripts/dev.py has it.
PARALLEL = -n logical --dist loadfile --no-loadscope-reorder
DEV = python=$$(sh scripts/python.sh) && "$$python" scripts/dev.py
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test check-notebooks fast coverage outside frontend lint types format bench notebooks pictures lite site binder-lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

lab: ## Open the course in JupyterLab (ARGS= goes to `mcp-notebook lab`)
	@$(DEV) lab $(ARGS)

test: ## Run every test, then the notebooks (REQUIRE_BROWSER=1, REQUIRE_OUTSIDE=1, REQUIRE_REDIS=1, REQUIRE_NGINX=1: fail without them)
	@$(DEV) test $(ARGS)

check-notebooks: ## Run the notebooks of the course, and compare with the outputs that are stored
	@$(DEV) notebooks

fast: ## Run the tests that need no browser and start no servers
	@$(DEV) environment test
	$(VENV_PYTHON) -m pytest $(PARALLEL) -m "not browser and not slow" $(ARGS)

coverage: ## Run the tests that need no browser, and print which lines they do not reach (ARGS= goes to pytest)
	@$(DEV) environment dev
	$(VENV_PYTHON) -m pytest $(PARALLEL) -m "not browser" --cov --cov-report=term $(ARGS)

outside: ## Run the tests that drive programs from npm: the conformance suite, the Inspector, Claude Code
	@$(DEV) environment test
	@REQUIRE_OUTSIDE=1 sh scripts/node.sh
	$(VENV_PYTHON) -m pytest -m outside $(ARGS)

frontend: ## Check and test the sources in frontend/, and bundle them into mcp_notebook/widgets (needs Node)
	@sh scripts/frontend.sh types
	@sh scripts/frontend.sh test
	@sh scripts/frontend.sh build

lint: ## Check layout and style (ruff)
	@$(DEV) environment dev
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m ruff check .

types: ## Check types (mypy, strict)
	@$(DEV) environment dev
	$(VENV_PYTHON) -m mypy

format: ## Lay out the code, and fix what ruff can
	@$(DEV) environment dev
	$(VENV_PYTHON) -m ruff check --fix-only .
	$(VENV_PYTHON) -m ruff format .

bench: ## Measure, print the table, write docs/performance.md (ARGS=--help tells what else)
	@$(DEV) environment bench
	@$(VENV_PYTHON) -m benchmarks $(ARGS)

notebooks: ## Build the notebooks of the course from chapters/, and execute the solutions (ARGS= names chapters)
	@$(DEV) environment dev
	PYTHONPATH=. $(VENV_PYTHON) scripts/chapters.py $(ARGS)
	$(VENV_PYTHON) -m scripts.schedules

pictures: ## Take the pictures of the documents in JupyterLab (ARGS= names those to take)
	@$(DEV) environment test
	@sh scripts/browser.sh
	$(VENV_PYTHON) scripts/pictures.py $(ARGS)

lite: ## Build the course for a browser tab, as a site in dist/lite (needs Node)
	@$(DEV) environment lite
	@REQUIRE_OUTSIDE=1 sh scripts/node.sh
	@$(VENV_PYTHON) scripts/lite.py $(ARGS)

site: ## Build the documents as a site in dist/site; each warning is an error (ARGS= goes to `mkdocs build`)
	@$(DEV) environment site
	@# Not --quiet: it would hide the warnings from --strict as well.
	@NO_MKDOCS_2_WARNING=1 $(VENV_PYTHON) -m mkdocs build --strict $(ARGS)
	@echo "The site is in dist/site. To look at it: python -m http.server -d dist/site"

binder-lock: ## Update binder/requirements.txt
	@bash scripts/binder_lock.sh

# ./course holds the reader's own work: never removed here.
clean: ## Remove .venv, .node and everything built; ./course stays
	rm -rf .venv .node .coverage .coverage.* build dist test-output .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
