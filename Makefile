# The same words CI runs. `make test` is the README's test command.
.PHONY: install lint type test full wheel demo docs bench precision validity clean

install:
	pip install -e '.[test]'

lint:
	ruff format --check .
	ruff check .
	lint-imports

type:
	mypy

test:
	pytest

full:  # what is too long for CI's budget
	pytest -m 'full or not full'

wheel:
	bash .ci/wheel_smoke

demo:
	a2bench demo

docs:  # the documentation as a site, in site/ (pip install -e '.[docs]'); no network
	mkdocs build --strict  # with --quiet a warning is no failure

bench:
	python benchmarks/pixel_metrics.py

validity:  # docs/validity.md: does each metric get worse when a clip does (needs matplotlib)
	python benchmarks/metric_ladder.py

precision:  # docs/precision.md: worst differences to independent implementations
	python benchmarks/precision.py --write

clean:
	rm -rf build dist site *.egg-info a2bench-data a2bench-demo
