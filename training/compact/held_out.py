"""The held-out part of Caltech-101 as a labelled folder of links, for `lookalike evaluate`.

python -m training.compact.held_out SOURCES OUT [--most 15]
"""

import argparse
import os

from training.compact.sources import caltech_held_out


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Lay out labelled pictures.")
    parser.add_argument("sources")
    parser.add_argument("out")
    parser.add_argument("--most", type=int, default=10**6, help="pictures a class")
    given = parser.parse_args()
    counts: dict[str, int] = {}
    for path in caltech_held_out(given.sources):
        label = os.path.basename(os.path.dirname(path))
        counts[label] = counts.get(label, 0) + 1
        if counts[label] > given.most:
            continue
        link = os.path.join(given.out, label, os.path.basename(path))
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(path), link)
    print(f"{sum(min(n, given.most) for n in counts.values())} pictures in {given.out}")


if __name__ == "__main__":
    main()
