"""Speed and memory, proved side by side: each module is one command that prints a table."""
