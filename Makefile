# Two commands: `make demo` runs Sunlit in an invented city, `make test` proves it. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ASSETS := api/static/vendor/.ready

.PHONY: demo test lint format env lock licences clean

demo: $(READY) $(ASSETS)
	@$(BIN)/sunlit demo $(ARGS)

test: $(READY) $(ASSETS)
	$(BIN)/pytest $(ARGS)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What docker-compose.yml needs, made once: secrets in .env, the authority and the broker's certificate in .sunlit.
# NAMES="broker.example 192.0.2.7": how the edges call this machine.
env: $(READY)
	$(BIN)/python -m runtime.compose_env .env $(NAMES)

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --extra edge --extra server --extra dev pyproject.toml -o requirements.lock

licences: $(READY)
	$(BIN)/python -m runtime.licences > docs/third-party-licences.md

$(READY): pyproject.toml requirements.lock
	@echo "sunlit: setting up .venv (about a minute the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sunlit: needs Python 3.11 or newer, this is " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(ASSETS): api/package.json api/package-lock.json $(READY)
	@echo "sunlit: fetching the pages' assets"
	$(BIN)/sunlit api assets
	@touch $@

clean:
	rm -rf .venv api/static/vendor build *.egg-info
