# Every target does its own set-up: Python 3.11 or newer with pip, git and make are enough.
# PYTHON=/path/to/python chooses the interpreter that the environment is made from.

.DEFAULT_GOAL := help
SHELL := /bin/sh

PACKAGES := actors cli events models replay store workspace
PY := .venv/bin/python
TEST_LIMIT := 30m
CRASH_LIMIT := 60m
MUTANTS_LIMIT := 60m

# Nothing of the caller's Python may leak into ours.
unexport PYTHONPATH
unexport PYTHONHOME
unexport VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test crash simulate mutants format bench lock clean

help:
	@echo "make demo    run the example track with no key and no network, and show what it delivered"
	@echo "make test    lint, types, layers, tests with coverage: what CI runs"
	@echo "make crash   kill a run at hundreds of places, and print what the resumed runs came to"
	@echo "make simulate SEEDS=1000   play whole simulated runs, and check each after every step"
	@echo "make mutants ITEMS=\"17 37\"   break what holds each promise on reliability: its tests must notice"
	@echo "make format  bring the code into shape, and mend what the linter can mend"
	@echo "make bench   measure, and print a table"
	@echo "make lock    work out requirements.lock and requirements-dev.lock anew"
	@echo "make clean   remove the environment and everything that tools left behind"

# --- what one is here for -----------------------------------------------------------------------

demo: .venv/runtime.stamp .venv/editable.stamp
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh examples/demo.sh

test: .venv/dev.stamp .venv/editable.stamp
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --check --quiet .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache --no-logo
	timeout --kill-after=30s $(TEST_LIMIT) $(PY) -m pytest --quiet --cov --cov-report=term
	$(PY) -m coverage report --include='events/*' --fail-under=100 --format=total

crash: .venv/dev.stamp .venv/editable.stamp
	timeout --kill-after=30s $(CRASH_LIMIT) $(PY) -m tests.crash.sweep $(POINTS)

simulate: .venv/dev.stamp .venv/editable.stamp
	timeout --kill-after=30s $(TEST_LIMIT) $(PY) -m tests.simulate $(SEEDS)

mutants: .venv/dev.stamp .venv/editable.stamp
	timeout --kill-after=30s $(MUTANTS_LIMIT) $(PY) -m tests.mutants $(ITEMS)

format: .venv/dev.stamp
	$(PY) -m ruff check --quiet --fix-only .
	$(PY) -m ruff format .

bench: .venv/dev.stamp .venv/editable.stamp
	$(PY) -P benchmarks/run.py

clean:
	rm -rf .venv .venv-lock build dist htmlcov .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: each stamp says which step is done, and a broken step is done again -------

.venv/created.stamp:
	@found=; \
	for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			found=$$python; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "error: no Python 3.11 or newer found; name one with PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	echo "making .venv with $$("$$found" --version)"; \
	"$$found" -m venv --clear .venv >/dev/null 2>&1 || "$$found" -m venv --clear --without-pip .venv; \
	if ! $(PY) -m pip --version >/dev/null 2>&1; then \
		"$$found" -m pip --python $(PY) install --quiet pip; \
	fi
	@touch $@

.venv/runtime.stamp: .venv/created.stamp requirements.lock
	$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: .venv/created.stamp requirements-dev.lock
	$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# Needs hatchling, which both lock files hold.
.venv/editable.stamp: pyproject.toml .venv/created.stamp | $(if $(filter demo,$(MAKECMDGOALS)),.venv/runtime.stamp,.venv/dev.stamp)
	$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# --- the lock files: names, versions and hashes only, no addresses ------------------------------
# requirements.lock: what users run, and the build backend. requirements-dev.lock: that and the tools.

UV_VERSION := 0.13.9
COMPILE := .venv-lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --upgrade

lock: .venv/created.stamp
	$(PY) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet "uv==$(UV_VERSION)"
	$(COMPILE) --group build --output-file requirements.lock
	$(COMPILE) --group build --group dev --constraints requirements.lock --output-file requirements-dev.lock
