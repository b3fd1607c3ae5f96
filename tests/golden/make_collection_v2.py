"""Make `collection-v2.sqlite`, the golden file of format 2; refuses to overwrite it.

A released format is never made again: this script is the record of what is in the file.
Run from the project's root: python -m tests.golden.make_collection_v2
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
from tests.golden.make_collection_v1 import FILES as FILES_V1
from tests.support.records import encoder_identity, unit

GOLDEN = Path(__file__).with_name("collection-v2.sqlite")
FILES = [
    replace(FILES_V1[0], taken=1_600_000_000, camera="Canon EOS R5", details=1),
    replace(FILES_V1[1], details=1),
    FILES_V1[2],
]
LABELS = {1: ["Beach", "dog"], 2: ["beach"]}


def make(golden: Path) -> None:
    """Write the file."""
    if golden.exists():
        sys.exit(f"{golden} exists; a golden file is made once")
    if FORMAT_VERSION != 2:
        sys.exit(f"this Lookalike writes format {FORMAT_VERSION}, not 2")
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore.create(folder, encoder_identity(DIMENSION), SOURCE)
        vectors = [unit(seed, DIMENSION) for seed in range(len(FILES))]
        roots = dict.fromkeys(["/photos"], Rules())
        with store.write() as writer:
            writer.apply(
                Changes(put=FILES, vectors=vectors, skipped=SKIPPED, folders=FOLDERS, roots=roots)
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
