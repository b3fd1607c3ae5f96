"""The held-out part of Caltech-101 as a labelled folder of links, for `lookalike evaluate`.

python -m training.compact.held_out SOURCES OUT
"""

import argparse
import os

from training.compact.sources import caltech_held_out


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Lay out the held-out pictures.")
    parser.add_argument("sources")
    parser.add_argument("out")
    given = parser.parse_args()
    count = 0
    for path in caltech_held_out(given.sources):
        label = os.path.basename(os.path.dirname(path))
        link = os.path.join(given.out, label, os.path.basename(path))
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(path), link)
        count += 1
    print(f"{count} pictures in {given.out}")


if __name__ == "__main__":
    main()
