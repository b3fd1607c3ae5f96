"""`python -m lookalike`, the same as `lookalike`."""

from lookalike.cli import main

main()
