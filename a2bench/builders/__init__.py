"""Builders: each makes a data set version in the one format of `a2bench.dataset`."""
