"""One method of imagededup, in its own environment: `python duplicates_peer.py METHOD FOLDER`.

Prints one JSON object: seconds, and pairs of file names, the lower one first.
"""

import json
import sys
import time
from importlib import import_module


def main(method: str, folder: str) -> None:
    finder = getattr(import_module("imagededup.methods"), method)(verbose=False)
    started = time.perf_counter()
    found = finder.find_duplicates(image_dir=folder)
    seconds = time.perf_counter() - started
    pairs = {tuple(sorted((one, other))) for one, others in found.items() for other in others}
    print(json.dumps({"seconds": seconds, "pairs": sorted(pairs)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
