# `make lab` and `make test` do all the set-up themselves, in .venv.
# Another Python: make lab PYTHON=python3.12 · JupyterLab's options: LABARGS=--no-browser
# One test file: make test TESTS=tests/test_layers.py · one benchmark: make bench BENCH=slider

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$p && break; done)
endif
VENV ?= .venv
TESTS ?=
BENCH ?= first_cell slider network_explorer cutout loading grad_cam checkpoint loop memory \
	anatomy_zoo field_tools
# What `make bench` measured; STORE=1 makes it what later runs are compared with.
MEASURED ?= build/bench
STORE ?=
LABARGS ?=
SITEARGS ?=
# Where other environments lie; one that is there is used again. PYTHON313, PYTHON311
# and NEWEST_PYTHON name the interpreters that make them; SESSIONS="00 08" and
# UNITS="test_anatomy*.py" run less, RECORD=1 writes the line of the README's table.
TWIN ?= build/environments/twin
FLOOR ?= build/environments/floor
NEWEST ?= build/environments/newest
ONLY := $(if $(SESSIONS),--sessions "$(SESSIONS)") $(if $(UNITS),--units "$(UNITS)") \
	$(if $(RECORD),--record)
BIN := $(VENV)/bin

.PHONY: help lab test environment course bench check pictures site clean
.PHONY: nightly long proof site-pages classic colab-twin floor newest

help:
	@echo "make lab       set up the course and open it in JupyterLab"
	@echo "make test      set up the developers' tools and run every test"
	@echo "make course    build the notebooks from notebooks/src"
	@echo "make check     style of the code, and notebooks that match their sources"
	@echo "make bench     measure what the course claims about speed, and name what got slower"
	@echo "make pictures  render the pictures of the README"
	@echo "make site      build the course's site: build/site/index.html"
	@echo "make classic   every explorer in the classic Notebook, with Colab's widgets"
	@echo "make colab-twin  every notebook in Colab's versions, set up by its first cell"
	@echo "make floor     every notebook in the oldest versions the course promises"
	@echo "make newest    every notebook in the newest of everything"
	@echo "make nightly   all that takes too long for every change (--keep-going: whatever fails)"
	@echo "make clean     remove .venv and everything else that was built"

python:
	@test -n "$(PYTHON)" && command -v "$(PYTHON)" >/dev/null || { \
	echo "The course needs Python 3.11 or newer and found none:" \
	"install it (python.org), or name it: make lab PYTHON=/path/to/python" >&2; exit 1; }
.PHONY: python

lab: python
	@$(PYTHON) -I coursekit/setup/bootstrap.py $(VENV) lab,extras
	@$(BIN)/python -m coursekit.setup.lab $(LABARGS)

environment: python
	@$(PYTHON) -I coursekit/setup/bootstrap.py $(VENV) dev

# One thread: two on a busy two-core machine are three to ten times slower.
test course bench check pictures site classic long proof: export OMP_NUM_THREADS = 1

test: environment
	@$(BIN)/python -m pytest $(if $(TESTS),$(TESTS),--numprocesses=2)

course: environment
	@$(BIN)/coursekit build
	@$(BIN)/coursekit checks --errors

check: environment
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/coursekit build --check
	@$(BIN)/coursekit checks --errors --check

bench: environment
	@mkdir -p $(MEASURED) && rm -f $(MEASURED)/*.json
	@missed=""; for name in $(BENCH); do echo "== $$name"; \
	$(BIN)/python benchmarks/$$name.py --json $(MEASURED)/$$name.json \
	|| missed="$$missed $$name"; done; \
	$(BIN)/python benchmarks/compare.py $(MEASURED) $(if $(STORE),--store); \
	test -z "$$missed" || { echo "short of a goal, or failed:$$missed" >&2; exit 1; }

pictures: environment
	@$(BIN)/python -m coursekit.staff.pages.readme_pictures

site: environment
	@$(BIN)/coursekit site $(SITEARGS)

# Every page of the site, in both themes, wide and on a phone.
site-pages: site
	@COURSEKIT_SITE="build/site" $(BIN)/python -m pytest tests/test_browser_site_pages.py

classic: environment
	@$(BIN)/python -m pytest tests/test_browser_explorers.py -k classic

nightly: long proof site-pages colab-twin floor newest

# Tests that have a small form with every change, in their whole one; and the zoo.
SIZES := COURSEKIT_CLASS=300 COURSEKIT_EDITS=200 COURSEKIT_DEFENCES=1000 \
	COURSEKIT_AUTOGRADER=9 COURSEKIT_PATIENTS=200 COURSEKIT_NETS=200 \
	COURSEKIT_UPDATES=2000 COURSEKIT_WHEEL=full COURSEKIT_ISLAND=10000 \
	COURSEKIT_LAB_AXE=all
LONG_TESTS := tests/test_grading_class.py tests/test_grading.py tests/test_defence.py \
	tests/test_grading_diagnosis.py tests/test_grading_personal.py \
	tests/test_gradescope.py tests/test_handin_counts.py tests/test_update.py \
	tests/test_wheel.py tests/test_zoo.py tests/test_browser_island.py \
	tests/test_browser_lab_axe.py tests/test_advice_carried_out.py

long: environment
	@$(SIZES) $(BIN)/python -m pytest -m "zoo or not zoo" $(LONG_TESTS)

proof: environment
	@$(BIN)/coursekit checks --score
	@$(BIN)/coursekit checks --cases

colab-twin: python
	@$(PYTHON) -m tests.environments twin --at $(TWIN) $(PYTHON313:%=--python %) $(ONLY)

floor: python
	@$(PYTHON) -m tests.environments floor --at $(FLOOR) $(PYTHON311:%=--python %) $(ONLY)

newest: python
	@$(PYTHON) -m tests.environments newest --at $(NEWEST) $(NEWEST_PYTHON:%=--python %) $(ONLY)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find coursekit tests notebooks benchmarks -name __pycache__ -prune -exec rm -rf {} +
	find notebooks -name .ipynb_checkpoints -prune -exec rm -rf {} +
