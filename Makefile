# Everything from a fresh checkout: needs Python 3.11 or newer and GNU make. `make` alone lists what there is.

SAMPLE := eval/suites/sample/documents
DOCS := $(SAMPLE)
PY = .venv/bin/python
RAG = .venv/bin/rag

STRESS := $(patsubst %,tests/test_%.py,kills faults mutations writers life hostile unplugged forged injection inert_page)

# Their limits are of a second or five: nothing runs beside them.
TIMED := tests/test_sandbox.py tests/test_hostile.py

# Through the environment, so that neither make nor a shell reads what stands in a question or the name of a folder.
export SAMPLE
export FOLDER := $(value DOCS)
export QUESTION := $(value Q)
unexport DOCS Q
export HF_HUB_OFFLINE = 1
export GRADIO_ANALYTICS_ENABLED = False
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# Each folder has an index of its own.
define INDEX_OF_FOLDER
import hashlib, os
from pathlib import Path
given = os.environ["FOLDER"]
folder = Path(given).expanduser().resolve()
own = f"{folder.name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
print("indexes", "sample" if given == os.environ["SAMPLE"] else own, sep="/")
endef
export INDEX_OF_FOLDER
INDEX = "$$($(PY) -c "$$INDEX_OF_FOLDER")"

# On all cores, where pip takes one; some packages hold templates that are no Python.
COMPILE = $(PY) -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true

.PHONY: help install chat ask test stress check eval bench load screenshots lock clean dev browser

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: .venv/installed ## set up .venv

chat: install ## serve the chat over the sample reports, or your own: make chat DOCS=~/reports [PORT=8000]
	@$(RAG) chat --index $(INDEX) --documents "$$FOLDER" $${PORT:+--port "$$PORT"}

ask: install ## ask once in the terminal: make ask Q="Who is Moira Kell?" [DOCS=~/reports]
	@[ -n "$$QUESTION" ] || { echo 'Give a question: make ask Q="Who is Moira Kell?"' >&2; exit 2; }
	@$(RAG) ask --index $(INDEX) --documents "$$FOLDER" -- "$$QUESTION" || [ $$? -eq 3 ] # 3: not in the documents

test: dev browser ## run all tests
	@OMP_NUM_THREADS=1 $(PY) -m pytest -rs -n 3 --dist loadfile --no-loadscope-reorder $(TIMED:%=--ignore=%) || \
	  { echo 'What failed beside others runs again by itself:'; $(PY) -m pytest -rs --lf --lfnf=none; }
	@$(PY) -m pytest -rs $(TIMED)

stress: dev ## the full sizes of the tests of faults, damage, lives and hostile files: an hour or two
	@FOOTNOTE_STRESS=1 $(PY) -m pytest -s -rs $(STRESS)

check: dev ## lint, format and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

eval: dev ## measure Footnote, two baselines and two other projects on the sample suite
	@$(RAG) eval sample --systems footnote,llama-index-starter,bm25,txtai,haystack

bench: dev ## measure speed beside llama-index: make bench [DATA=folder]
	@$(PY) -m eval.benchmark $${DATA:+--data "$$DATA"}

load: dev ## measure the chat with 50 tabs that ask at the same time: several minutes
	@$(PY) -m eval.chat_load --json eval/results/chat/load.json

screenshots: dev browser ## take the pictures of the page in ui/screenshots anew
	@$(PY) tests/screenshots.py

lock: .venv/installed ## resolve pyproject.toml anew into requirements.lock and requirements-dev.lock
	@set -e; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	frozen() { "$$work/bin/pip" freeze --all --exclude pip --exclude footnote | sed 's/+[a-z0-9.]*$$//'; }; \
	$(PY) -m venv "$$work"; \
	"$$work/bin/pip" install --prefer-binary .; \
	{ echo '# Made by `make lock`: what Footnote needs to run, at the versions that are tested.'; frozen; } >"$$work/run"; \
	"$$work/bin/pip" install --prefer-binary -r "$$work/run" '.[dev,peers]'; \
	{ echo '# Made by `make lock`: what its tests and checks need besides.'; echo '-r requirements.lock'; \
	  frozen | grep -vxFf "$$work/run"; } >"$$work/dev"; \
	cp "$$work/run" requirements.lock; cp "$$work/dev" requirements-dev.lock

clean: ## remove .venv and caches; indexes stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

.venv/installed: requirements.lock pyproject.toml
	@set -e; [ -x .venv/bin/pip ] || { \
	  for python in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	  done; \
	  [ -n "$$python" ] || { \
	    echo "Footnote needs Python 3.11 or newer; python3 here is: $$(python3 --version 2>&1)." >&2; \
	    echo "Install one, or name it: make install PYTHON=/path/to/python3" >&2; exit 1; }; \
	  echo "Setting up .venv with $$("$$python" --version): some 130 packages, 2 GB, a few minutes"; \
	  "$$python" -m venv --clear .venv && [ -x .venv/bin/pip ] || { \
	    rm -rf .venv; \
	    echo "$$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	    exit 1; }; }
	.venv/bin/pip install --prefer-binary --no-compile -r requirements.lock
	.venv/bin/pip install --no-deps -e .
	@$(COMPILE)
	@touch $@

dev: .venv/installed-dev

.venv/installed-dev: .venv/installed requirements-dev.lock
	.venv/bin/pip install --prefer-binary --no-compile -r requirements-dev.lock
	@$(COMPILE)
	@touch $@

# The tests of the page need Chromium; without it they are skipped and say so.
browser:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ]; then root=; elif sudo -n true 2>/dev/null; then root='sudo -n'; else root=no; fi; \
	if [ "$$root" = no ] || ! command -v apt-get >/dev/null; then \
	  echo 'There is no Chromium here, so the tests of the page are skipped. On Debian: apt-get install chromium'; exit 0; \
	fi; \
	echo 'Installing Chromium for the tests of the page'; \
	$$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null || \
	echo 'Chromium could not be installed: the tests of the page are skipped.'
