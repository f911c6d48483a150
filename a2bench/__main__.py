"""`python -m a2bench`."""

from a2bench.cli.main import main

if __name__ == "__main__":  # spawned workers import this module too
    main()
