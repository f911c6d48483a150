"""A package, so that another one of this name (torch-fidelity installs one) is not taken for it."""
