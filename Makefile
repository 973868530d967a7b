# The README's two commands are `make serve` and `make test`; `make help` lists the rest.
PYTHON ?= python3

BIN := .venv/bin
READY := .venv/.ready
BROWSER_READY := .browser/.ready
CHROMIUM ?= /usr/bin/chromium
CASES ?= 20000
SEED ?= $(shell $(PYTHON) -c "import random; print(random.randrange(1, 10**6))")

.PHONY: help serve test model browser browser-programs faults faults-long fuzz mutants examples check bench bench-quick bench-tests lock openapi docs clean
.DEFAULT_GOAL := help

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check --disable-pip-version-check >/dev/null
	@touch $@

serve: $(READY)  ## Run the blog; HOST, PORT and DATA_DIR can be set
	$(BIN)/blog serve

test: $(READY)  ## Unit and integration tiers, with branch coverage and every documented answer
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term --blog-openapi=complete

browser: browser-programs $(BROWSER_READY)  ## Drive the pages in Chromium, with pictures of them; says what is missing
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest tests/browser -n 2 --dist loadfile

browser-programs:
	@missing=; for program in $(CHROMIUM) node npm; do \
		command -v $$program >/dev/null || missing="$$missing $$program"; \
	done; if [ "$$missing" ]; then \
		echo "make browser needs Chromium, Node and npm. Missing:$$missing"; \
		echo "On Debian and Ubuntu: apt-get install chromium nodejs npm. CHROMIUM=/path/to/it can be set."; \
		exit 2; \
	fi

$(BROWSER_READY): $(READY) requirements-browser.lock tests/browser/package.json tests/browser/package-lock.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-browser.lock
	@mkdir -p .browser
	cp tests/browser/package.json tests/browser/package-lock.json .browser
	npm ci --prefix .browser --ignore-scripts --no-audit --no-fund --silent
	@touch $@

fuzz: $(READY)  ## Send the API made-up requests; CASES and SEED can be set
	$(BIN)/python -m pytest tests/openapi -n 2 --fuzz-cases=$(CASES) --fuzz-seed=$(SEED)

examples: $(READY)  ## The built wheel and the examples, in an environment of their own
	$(BIN)/python -m pytest tests/outside

model: $(READY)  ## Fakes against PostgreSQL: 2,000 programs of 50 steps each
	$(BIN)/python -m pytest tests/integration/test_model.py --hypothesis-profile=long

faults: $(READY)  ## Break everything around it, a little: the short form of tests/faults, with a scorecard
	$(BIN)/python -m pytest tests/faults -n 2 --dist loadfile

faults-long: $(READY)  ## The same, much more often
	$(BIN)/python -m pytest tests/faults --faults=long -n 3 --dist loadfile

mutants: $(READY)  ## Change the core a little at a time; some unit test has to notice
	$(BIN)/python tests/mutation.py

check: $(READY)  ## Lint, format, strict types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## How fast it answers, beside the tutorial's app, two peers and the limit: 5 minutes
	@$(BIN)/python -m benchmarks.http

bench-quick: $(READY)  ## The same in one minute, without the peers
	@$(BIN)/python -m benchmarks.http --quick

bench-tests: $(READY)  ## What a test costs, beside the tutorial's pattern
	@$(BIN)/python -m benchmarks.speed

lock: $(READY)  ## Resolve requirements.lock and requirements-browser.lock again from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
		--extra all --group dev --no-emit-package blog-core --generate-hashes --no-header --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --group browser \
		--constraint requirements.lock --generate-hashes --no-header --output-file requirements-browser.lock

openapi: $(READY)  ## Write docs/openapi.json from the app
	$(BIN)/blog openapi > docs/openapi.json

docs: $(READY)  ## Write the docs that are generated: docs/clauses.md and docs/sabotage.md
	$(BIN)/python -c 'from blog_core.testing import catalogue; print(catalogue.as_markdown(), end="")' > docs/clauses.md
	PYTHONPATH=tests $(BIN)/python -m sabotage > docs/sabotage.md

clean:  ## Remove the environment and the caches, never DATA_DIR
	rm -rf .venv .bench .browser .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage mutants
