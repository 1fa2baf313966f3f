# denwaban: the commands people use. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help up ring doctor test check format bench requirements translations clean
# Which Python: by default the fastest that fits (scripts/environment).
PYTHON ?=
BIN := .venv/bin

help: ## この一覧 / this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/runtime ## 起動する (Ctrl-C で終わり) / start everything
	@exec $(BIN)/denwaban up

ring: .venv/runtime ## 練習コールを一本かける / place a practice call
	@$(BIN)/denwaban ring

doctor: .venv/runtime ## 何が動き、何が足りないか / what works, what is missing
	@$(BIN)/denwaban doctor

test: .venv/development ## すべての試験 / all tests
	@scripts/test

check: .venv/development ## 書式、型、構造、訳、秘密 / style, types, structure, translations, secrets
	@scripts/check

format: .venv/development ## 書式を整える / format the sources
	@$(BIN)/ruff format -q src tests bench scripts && $(BIN)/ruff check -q --fix src tests bench

bench: .venv/development ## 測る (var/bench/*.json) / measure
	@scripts/bench

requirements: .venv/development ## 要件と、それを示す試験 / requirements and the tests that prove them
	@$(BIN)/python scripts/requirements

.venv/runtime: requirements.lock
	@scripts/environment requirements.lock $@ $(PYTHON)

.venv/development: requirements-dev.lock
	@scripts/environment requirements-dev.lock $@ $(PYTHON)

clean: ## 作業用の環境を消す (var のデータは残る) / remove the environment, keep data
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis
