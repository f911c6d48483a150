"""A package, so that another one called `tests` (torch-fidelity installs one) is not taken for it."""
