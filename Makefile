# Jingwei: everything a person runs, from a clean clone. Needs only python3 (3.11 or newer, with venv) and make.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
MINUTES ?= 60
CHECK := $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

.PHONY: help install run test stories tour looks check bench soak clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

install: .venv/.installed ## create .venv and install the bank into it

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[postgres,dev]'
	@$(BIN)/python -m jingwei.channels.compiling
	@touch $@

.venv/.bench: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[postgres,dev,bench,stories]'
	@touch $@

.venv/.stories: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[postgres,dev,stories]'
	@touch $@

run: install ## start the bank and print its address
	$(BIN)/jingwei serve

check: install ## style, types and walls, without the tests
	$(CHECK)

test: install ## everything that must hold: check, then the tests
	@started=$$(date +%s); \
	$(CHECK) && $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --ignore=tests/web_stories; \
	code=$$?; echo "make test took $$(( $$(date +%s) - started )) s"; exit $$code

stories: .venv/.stories ## the stories told in a real browser (needs chromium)
	$(BIN)/python -m pytest -n $(WORKERS) tests/web_stories

tour: .venv/.stories ## draw the pictures of docs/tour.md (needs chromium)
	$(BIN)/python -m tests.web_stories.tour

looks: .venv/.stories ## every page in every look: axe, scroll, figures; goes on where it was stopped (needs chromium)
	$(BIN)/python -m tests.web_stories.axe_grid --docs

bench: .venv/.bench ## measure each path against its named baseline, as ratios
	$(BIN)/python -m bench --json bench/results/latest.json

soak: install ## the rows of docs/reliability.md for MINUTES, going on where the last run stopped; then new random seeds
	$(BIN)/python -m tests.soak --minutes $(MINUTES)
	JINGWEI_EXPLORE=1 $(BIN)/python -m pytest -n $(WORKERS) -m '' --timeout=1800

clean: ## remove what install made
	rm -rf .venv build dist
