# Shortcuts for the `harness` command and for development. `make` without a target prints the help.
PYTHON ?= python3
EXP ?=
SET ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml constraints.txt
RUN := $(BIN)/harness
OVERRIDES = $(foreach pair,$(SET),--set '$(pair)')

# The MLflow store that runs are written to and that the UI shows.
export MLFLOW_TRACKING_URI ?= sqlite:///mlflow.db
export MLFLOW_DISABLE_TELEMETRY ?= true

.DEFAULT_GOAL := help
.PHONY: setup eval compare ui sync report test test-all check lint fuzz bench calibration docs clean help need-exp
.DELETE_ON_ERROR:

help: ## show this help
	@echo "usage: make TARGET [EXP=file.yaml] [SET=\"key=value ...\"] [ARGS=\"--flag ...\"]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  example: make eval EXP=experiments/ml-100k/ease.yaml SET=\"evaluation.cutoffs=[10,50]\""

setup: $(VENV)/.dev ## create the virtual environment, with all tools for tests and docs

eval: $(VENV)/.run need-exp ## run an experiment: EXP=experiments/ml-100k/ease.yaml
	@$(RUN) eval $(EXP) $(OVERRIDES) $(ARGS)

compare: $(VENV)/.run need-exp ## compare runs with a baseline, with significance tests: EXP=experiments/ml-100k/benchmark.yaml
	@$(RUN) compare $(EXP) $(OVERRIDES) $(ARGS)

report: $(VENV)/.run need-exp ## render the report of a finished run again: EXP=reports/ml-100k/ease
	@$(RUN) report $(EXP) $(OVERRIDES) $(ARGS)

ui: $(VENV)/.run ## print the address of the charts of the newest runs, and serve the MLflow UI there
	@$(RUN) ui $(ARGS)

sync: $(VENV)/.run ## send the runs and comparisons of reports/ that MLflow does not have
	@$(RUN) sync $(ARGS)

# Two processes of one thread each: with more threads, the last bits of a beam search on a CPU depend on the order of users.
# Each process runs tests that stand side by side, so that a module's fixtures are mostly made once.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

test: $(VENV)/.dev ## run the fast tests
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(VENV)/.dev ## run all tests, with more repetitions, and draw the figures of all reports
	$(PYTEST) --thorough $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## run what CI runs: lint, type checks, import layers and all tests
	$(PYTEST) $(ARGS)

fuzz: $(VENV)/.dev ## run 20,000 invalid and damaged inputs; none may end in a traceback
	PYTHONPATH=tests $(BIN)/python -m fuzz $(ARGS)

bench: $(VENV)/.dev ## measure speed and memory against peers and limits, and write benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

calibration: $(VENV)/.dev ## simulate how often tests, intervals and verdicts are wrong (about six minutes)
	$(BIN)/python benchmarks/calibration.py $(ARGS)

docs: $(VENV)/.dev ## build the documentation into docs/_build
	$(BIN)/sphinx-build -W -q -b html docs docs/_build
	@echo "docs/_build/index.html"

clean: ## remove the virtual environment and tool caches; keep data, checkpoints, reports and runs
	rm -rf $(VENV) build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find harness tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

need-exp:
	@test -n "$(EXP)" || { echo "make: no experiment given. Add one, such as EXP=experiments/ml-100k/ease.yaml" >&2; exit 2; }

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed. Set PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# One stamp for running and one for development. An installation is repeated when its inputs change.
$(VENV)/.run: $(INPUTS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(INPUTS) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.run
