"""The command line: parse, call, present, exit code. It holds no logic of its own.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 an error, 2 wrong
usage, 3 files were skipped under --strict, 130 interrupted.
"""

from lookalike.cli.main import main

__all__ = ["main"]
