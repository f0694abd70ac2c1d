# Every target works in a fresh clone with python3.11, its venv module and make, and installs
# what it needs from its own lock into .venv. Stamps in .venv are named after the content of
# what they stand for, so a second run costs nothing and a changed lock is installed.
# Bootstrap chatter goes to stderr: stdout belongs to the command.

SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3))
ARGS ?=
SEEDS ?= 50
SEED ?=
SECONDS ?= 60

PY := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP := $(PY) -m pip install --quiet --quiet --no-input --progress-bar off
LOCKED := $(PIP) --require-hashes --only-binary :all:

key = $(shell echo "$(CURDIR) $(PYTHON)" | cat - $(1) | sha256sum | cut -c1-16)
VENV := .venv/.base-$(call key)
RUN := .venv/.run-$(call key,requirements-build.txt requirements.txt pyproject.toml)
TEST := .venv/.test-$(call key,requirements-test.txt)
DEV := .venv/.dev-$(call key,requirements-dev.txt)

# $(call debian,COMMAND,PACKAGE): a tool that the tests need and Python's index does not have.
define debian
command -v $(1) >/dev/null || { \
  test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { \
    echo "this needs $(1): apt-get install $(2) (as root)" 1>&2; exit 1; }; \
  echo "installing $(2) ..." 1>&2; \
  export DEBIAN_FRONTEND=noninteractive; \
  apt-get update -qq >/dev/null && \
  apt-get install -qq -y --no-install-recommends $(2) >/dev/null || { \
    echo "this needs $(1), and apt-get could not install $(2)" 1>&2; exit 1; }; }
endef

.PHONY: help venv demo test check bench simulate fuzz explore test-web lock clean

help:
	@sed -n 's/^##  *//p' Makefile

##  make venv      the program and all tools of its developers in .venv
venv: $(RUN) $(TEST) $(DEV)
	@echo "ready: .venv/bin/confed" 1>&2

##  make demo      a confederation of real nodes decides a real vote [ARGS="--vote 453 --json"]
demo: $(RUN)
	@.venv/bin/confed demo $(ARGS)

##  make test      the test suite [ARGS="-k merkle"]
test: $(RUN) $(TEST)
	@$(call debian,ssh-keygen,openssh-client)
	@$(PY) -m pytest $(ARGS)

##  make check     style, types, import rules, purity
check: $(RUN) $(TEST) $(DEV)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy confednode protocol/confedproto tools tests
	@.venv/bin/basedpyright
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/test_purity.py

##  make bench     benchmarks: a table, and build/bench.json [ARGS=]
bench: $(RUN)
	@$(PY) -m tools.bench $(ARGS)

##  make simulate  seeded simulations in virtual time [SEEDS=50] [SEED=n]
simulate: $(RUN) $(TEST)
	@$(PY) tools/simulate.py $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)
	@$(if $(SEED),true,$(PY) tools/histories.py orders --count $(SEEDS) && $(PY) tools/histories.py restores --count $(SEEDS) && $(PY) tools/histories.py clones --count $(SEEDS) && $(PY) -m tools.decision_histories --count $$(( ($(SEEDS) + 1) / 2 )))

##  make fuzz      mutated bytes for every parser [SECONDS=60]
fuzz: $(RUN) $(TEST)
	@$(PY) tools/fuzz.py --seconds $(SECONDS) $(ARGS)
	@"$$($(PY) tools/js/find_node.py)" tools/js/fuzz.js --seconds $(SECONDS)
	@$(PY) tools/flip_bits.py
	@$(PY) tools/flip_bits.py --js

##  make explore   every run of the certificate protocol's model [ARGS="--write docs/reliability.md"]
explore: $(RUN)
	@$(PY) -m tools.explore $(ARGS)

##  make test-web  the pages and the JavaScript in headless Chromium [ARGS=]
test-web: $(RUN) $(TEST)
	@$(call debian,chromium,chromium)
	@$(PY) -m pytest tests/web $(ARGS)

##  make lock      make the locks again from pyproject.toml [ARGS=--upgrade]
lock: $(RUN) $(TEST) $(DEV)
	@$(COMPILE) --output-file requirements.txt pyproject.toml 1>&2
	@$(COMPILE) --output-file requirements-dev.txt --group dev -c requirements.txt 1>&2
	@$(COMPILE) --output-file requirements-test.txt --group test -c requirements-dev.txt -c requirements.txt 1>&2
	@$(COMPILE) --output-file requirements-build.txt --group build -c requirements-dev.txt -c requirements.txt 1>&2

COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
  --no-header --python-version 3.11 $(ARGS)

##  make clean     remove what was built, .venv too
clean:
	@rm -rf .venv build dist protocol/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# --- bootstrap: each stamp after the one before it ------------------------------------------

# A venv holds absolute paths: one that was moved or copied here is made anew.
$(VENV):
	@test -n "$(PYTHON)" || { echo "no python3.11 found: install Python 3.11 or newer" 1>&2; exit 1; }
	@echo "making .venv ..." 1>&2
	@rm -rf .venv
	@$(PYTHON) -m venv .venv 1>&2 || { \
	  echo "Python's venv module is missing: apt-get install python3-venv" 1>&2; rm -rf .venv; exit 1; }
	@touch $@

$(RUN): | $(VENV)
	@echo "installing the program ..." 1>&2
	@$(LOCKED) -r requirements-build.txt -r requirements.txt 1>&2
	@$(PIP) --no-deps --no-build-isolation --editable . 1>&2
	@rm -f .venv/.run-* && touch $@

$(TEST): | $(RUN)
	@echo "installing the test tools ..." 1>&2
	@$(LOCKED) -r requirements-test.txt 1>&2
	@rm -f .venv/.test-* && touch $@

$(DEV): | $(TEST)
	@echo "installing the developers' tools ..." 1>&2
	@$(LOCKED) -r requirements-dev.txt 1>&2
	@rm -f .venv/.dev-* && touch $@
