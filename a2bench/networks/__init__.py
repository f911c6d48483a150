"""Networks of the metrics: key-compatible with the published weights, loaded exactly or not at all.

Each module has the network, its conventions (size, range, resize) and nothing of any metric.
Importing this package imports no torch; its modules do.
"""
