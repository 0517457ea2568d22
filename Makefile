# make run, make test: see README.md. Nothing else is needed on a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DJANGO_SETTINGS_MODULE ?= config.settings

.PHONY: install install-dev run test test-sqlite test-postgresql lint soak bench screenshots catalogues clean

install: $(VENV)/.installed

$(VENV)/bin/python:
	$(PYTHON) -c "import sys; sys.exit('Python 3.11 or newer is needed') if sys.version_info < (3, 11) else None"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

install-dev: $(VENV)/.installed-dev

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@ $(VENV)/.installed

catalogues:
	$(BIN)/python tools/catalogues.py compile

run: install catalogues
	DEMO=1 $(BIN)/python manage.py migrate --verbosity 0
	DEMO=1 $(BIN)/python manage.py collectstatic --noinput --verbosity 0
	DEMO=1 $(BIN)/python manage.py demo
	DEMO=1 $(BIN)/python manage.py serve

test: install-dev catalogues lint
	$(BIN)/python tools/test.py

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/mypy workflow cases/operations
	$(BIN)/lint-imports
	SECRET_KEY=lint $(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0

soak: install-dev catalogues
	SOAK=1 $(BIN)/python tools/test.py

bench: install-dev
	$(BIN)/python -m bench all --out data/bench-report.json

screenshots: install-dev catalogues
	$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf $(VENV) data .pytest_cache .mypy_cache .ruff_cache
