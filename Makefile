# Two commands set everything up on a fresh machine: `make demo` and `make test`. Each installs what it needs into .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
SOURCES := router plugins policies tests benchmarks examples

define ask
printf '\n$$ qwen-router ask "%s"\n' '$(1)' && $(BIN)/qwen-router ask '$(1)'
endef

.PHONY: help demo test lint format bench docs

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/embedded ## Route five requests through real Qwen models
	@$(call ask,Find the derivative of f(x) = x^3 + 2x^2 - 5x + 3)
	@$(call ask,Write a Python function that checks whether a string is a palindrome)
	@$(call ask,Give me three ideas for a rainy Sunday afternoon)
	@$(call ask,Nenne drei Gründe um früh aufzustehen)
	@$(call ask,1. Solve the equation 2x + 6 = 20 for x. 2. Write a Python function that reverses a list.)

test: .venv/dev ## Check style, types and layers, then run the tests
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest

lint: .venv/dev ## Check style, types and layers
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/dev ## Mend what can be mended
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: .venv/dev ## Measure what benchmarks/README.md shows; DATA=DIR adds routing
	$(BIN)/python benchmarks/throughput.py
	@[ -z "$(DATA)" ] || { $(BIN)/pip install -qq -c constraints.txt -e '.[train]' matplotlib && \
		$(BIN)/python benchmarks/routing.py --data "$(DATA)"; }

docs: .venv/docs ## Write the API reference into build/docs, from the docstrings
	$(BIN)/pdoc --docformat google --output-directory build/docs qwen_router qwen_router.testing

# The pins keep torch at the release that was tested; a newer one may bring gigabytes of CUDA.
.venv/embedded: pyproject.toml constraints.txt
	@echo "Installing into .venv; this takes a few minutes."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[embedded]'
	@touch $@

.venv/dev: pyproject.toml constraints.txt
	@echo "Installing into .venv with what the tests need; this takes a few minutes."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[embedded,adapt,encoder,grammars,openai,otel,redis,docs,dev]'
	@touch $@ .venv/embedded .venv/docs

.venv/docs: .venv/embedded
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@
