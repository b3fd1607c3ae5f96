"""Make `collection-v1.sqlite`, the golden file of format 1; refuses to overwrite it.

A released format is never made again: this script is the record of what is in the file.
Run from the project's root: python -m tests.golden.make_collection_v1
"""

import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from lookalike.store import Changes, FileRecord, LocalStore, SkippedFile
from lookalike.store.local.schema import FORMAT_VERSION
from lookalike.types import Rules
from tests.support.records import encoder_identity, unit

GOLDEN = Path(__file__).with_name("collection-v1.sqlite")
DIMENSION = 8
UNDECODABLE = os.fsdecode(b"/photos/sub/\xff\n.png")

FILES = [
    FileRecord("/photos/a.jpg", 1000, 1_700_000_000_123_456_789, b"\x01" * 16, 640, 480, "JPEG"),
    FileRecord(UNDECODABLE, 2000, 1_700_000_001_000_000_000, b"\x02" * 16, 10, 20, "PNG"),
    FileRecord("/photos/removed.gif", 3000, 1_700_000_002_000_000_000, b"\x03" * 16, 3, 3, "GIF"),
]
SKIPPED = [SkippedFile("/photos/bad.jpg", 0, 1_700_000_003_000_000_000, "pillow 1", "it is empty")]
FOLDERS = {"/photos": 2049, "/photos/sub": 2050}
ROOTS = ["/photos"]
SOURCE = "/models/tiny"


def make(golden: Path) -> None:
    """Write the file."""
    if golden.exists():
        sys.exit(f"{golden} exists; a golden file is made once")
    if FORMAT_VERSION != 1:
        sys.exit(f"this Lookalike writes format {FORMAT_VERSION}, not 1")
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore.create(folder, encoder_identity(DIMENSION), SOURCE)
        vectors = [unit(seed, DIMENSION) for seed in range(len(FILES))]
        with store.write() as writer:
            writer.apply(
                Changes(
                    put=FILES,
                    vectors=vectors,
                    skipped=SKIPPED,
                    folders=FOLDERS,
                    roots=dict.fromkeys(ROOTS, Rules()),
                )
            )
            writer.apply(Changes(removed=[3]))
        store.close()
        database = Path(folder, "collection.sqlite")
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copyfile(database, golden)


if __name__ == "__main__":
    make(GOLDEN)
