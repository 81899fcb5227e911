# What a newcomer needs.  Everything goes into .venv; `make clean` takes it away.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo serve test storages lint docs dist picture bench matrix clean

demo: .venv/installed
	$(BIN)/python -m malonewatch.cli.demo

# What the demonstration has left, in a browser.
serve: .venv/installed-web | demo-data/database
	$(BIN)/malonewatch --database "sqlite://?data_dir=$(CURDIR)/demo-data/database" serve

demo-data/database:
	$(MAKE) demo

test: lint
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Where the data are must make no difference to what keeps, checks and shows them.
STORAGES = file zeo postgresql

storages: .venv/installed-test
	for storage in $(STORAGES); do \
		$(BIN)/python -m pytest --numprocesses auto --storage $$storage -m database \
			--ignore tests/web/browser tests/model tests/checkwatches tests/cli tests/web \
			|| exit 1; \
	done

lint: .venv/installed-test .venv/installed-lint dist
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/towncrier build --draft --version next > /dev/null

# What is released.  An unpacked one is no clone, so what belongs into it is not asked there.
dist: .venv/installed-lint
	rm -rf dist src/malonewatch.egg-info/SOURCES.txt
	$(BIN)/python -m build --quiet --no-isolation
	$(BIN)/twine check --strict dist/*
	[ ! -e .git ] || $(BIN)/check-manifest --no-build-isolation

docs: .venv/installed-docs
	$(BIN)/sphinx-build --builder html --nitpicky --fail-on-warning --keep-going --quiet \
		docs build/docs

# The picture in the README, made anew; a browser is needed.
picture: .venv/installed-test
	CI=true MALONEWATCH_SCREENSHOTS=demo-data/screenshots \
		$(BIN)/python -m pytest -k front tests/web/browser/test_pages.py
	cp demo-data/screenshots/front-1440-light.png docs/desk.png

bench: .venv/installed-test
	$(BIN)/python -m benchmarks

# pyenv's shims know one Python at a time; its folders know them all.
matrix: .venv/installed-matrix
	PATH="$$(printf '%s:' "$$(pyenv root)"/versions/3.1[0-9]*/bin)$$PATH" $(BIN)/tox

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-%: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	touch $@

clean:
	rm -rf .venv .tox .coverage .coverage.* build demo-data dist
	rm -rf src/malonewatch.egg-info
