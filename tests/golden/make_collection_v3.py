"""Make `collection-v3.sqlite`, the golden file of format 3; refuses to overwrite it.

A released format is never made again: this script is the record of what is in the file.
Run from the project's root: python -m tests.golden.make_collection_v3
"""

import shutil
import sqlite3
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from lookalike.store import Changes, LocalStore
from lookalike.store.local.schema import FORMAT_VERSION
from lookalike.types import Rules
from tests.golden.make_collection_v1 import DIMENSION, FOLDERS, SKIPPED, SOURCE
from tests.golden.make_collection_v2 import FILES as FILES_V2
from tests.support.records import encoder_identity, unit

GOLDEN = Path(__file__).with_name("collection-v3.sqlite")
FILES = [
    *FILES_V2,
    *(
        replace(FILES_V2[0], path="/photos/film.mp4", format="MP4", frame=frame)
        for frame in (0, 42_000)
    ),
]
LABELS = {1: ["Beach", "dog"], 2: ["beach"], 5: ["goal"]}
ROOTS = {"/photos": Rules(exclude=("raw/",), hidden=True)}


def make(golden: Path) -> None:
    """Write the file."""
    if golden.exists():
        sys.exit(f"{golden} exists; a golden file is made once")
    if FORMAT_VERSION != 3:
        sys.exit(f"this Lookalike writes format {FORMAT_VERSION}, not 3")
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore.create(folder, encoder_identity(DIMENSION), SOURCE)
        vectors = [unit(seed, DIMENSION) for seed in range(len(FILES))]
        with store.write() as writer:
            writer.apply(
                Changes(put=FILES, vectors=vectors, skipped=SKIPPED, folders=FOLDERS, roots=ROOTS)
            )
            writer.apply(Changes(removed=[3]))
        store.set_labels(LABELS)
        store.close()
        database = Path(folder, "collection.sqlite")
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copyfile(database, golden)


if __name__ == "__main__":
    make(GOLDEN)
