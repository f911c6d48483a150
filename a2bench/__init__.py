"""A²Bench: the benchmark for character image animation.

Data set -> run -> score -> table; see the README. Plug-ins (metrics, methods, runners) are
reached by name through `a2bench.plugins`.
"""
