"""The search index of a large collection: right answers, whatever is or is not on disk."""

import os
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.store import Changes, ExactStore, LocalStore, Store
from lookalike.store.local import cache
from lookalike.store.local.cachefile import checksum
from lookalike.types import Embeddings, Rules
from tests.support.records import encoder_identity, record

DIMENSION = 32
FROM = 300
"""An index is made of more vectors than this, and a longer one when a third as many came since."""

CENTRES = np.random.default_rng(5).normal(size=(40, DIMENSION))


@pytest.fixture(autouse=True)
def small_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Indexes this small are made in a moment by one thread; several would wait for each other.
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    monkeypatch.setattr(cache, "EXACT_BYTES", 2 * DIMENSION * FROM)
    monkeypatch.setattr(cache, "_REST_BYTES", 2 * DIMENSION * FROM // 3)
    yield
    faiss.omp_set_num_threads(threads)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "c"


@pytest.fixture
def pair(folder: Path) -> Iterator[tuple[LocalStore, ExactStore]]:
    """A store and its oracle, with the same 600 pictures under the same ids."""
    local = LocalStore.create(str(folder), encoder_identity(DIMENSION), "")
    exact = ExactStore(encoder_identity(DIMENSION))
    both((local, exact), pictures(0, 600))
    yield local, exact
    local.close()


def vectors(first: int, last: int, spread: float = 0.3) -> Embeddings:
    """Vectors in clusters, each its own seed's."""
    rows = []
    for seed in range(first, last):
        rng = np.random.default_rng(seed)
        rows.append(CENTRES[seed % len(CENTRES)] + spread * rng.normal(size=DIMENSION))
    matrix = np.array(rows)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / lengths, dtype=np.float32)


def pictures(first: int, last: int) -> Changes:
    files = [record(f"/p/{number}", number) for number in range(first, last)]
    return Changes(put=files, vectors=list(vectors(first, last)))


def both(stores: tuple[Store, ...], changes: Changes) -> None:
    for store in stores:
        with store.write() as writer:
            writer.apply(changes)


QUERIES = vectors(10_000, 10_040)


def recall(local: Store, exact: Store, k: int = 10, ids: NDArray[np.int64] | None = None) -> float:
    """The share of the oracle's answers; every score has to be the picture's own."""
    found = local.search(QUERIES, k, ids=ids)
    truth = exact.search(QUERIES, k, ids=ids)
    assert found.ids.shape == truth.ids.shape
    assert (np.diff(found.scores, axis=1) <= 1e-6).all()
    for query, row, scores in zip(QUERIES, found.ids.tolist(), found.scores, strict=True):
        np.testing.assert_allclose(exact.vectors(row) @ query, scores, atol=1e-5)
        assert len(set(row)) == len(row)
    one = local.search(QUERIES[:1], k, ids=ids)
    np.testing.assert_allclose(one.scores, found.scores[:1], atol=1e-5)
    pairs = zip(found.ids.tolist(), truth.ids.tolist(), strict=True)
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs]))


def index_file(folder: Path) -> Path:
    [file] = (folder / "cache").glob("vectors-*.ivf")
    return file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cache").glob("vectors*"))


# Answers


def test_a_small_collection_has_no_index_and_a_large_one_has(folder: Path) -> None:
    store = LocalStore.create(str(folder), encoder_identity(DIMENSION), "")
    both((store,), pictures(0, FROM))
    assert store.search(QUERIES, 3).ids.shape == (40, 3)
    assert not (folder / "cache").exists()
    both((store,), pictures(FROM, FROM + 1))
    assert names(folder) == ["vectors.json", f"{index_file(folder).name}"][::-1]
    store.close()


@pytest.mark.parametrize("k", [1, 10, 50, 1000])
def test_recall_through_the_index(pair: tuple[LocalStore, ExactStore], k: int) -> None:
    assert recall(*pair, k=k) >= 0.98


def test_recall_of_one_is_exact(pair: tuple[LocalStore, ExactStore], folder: Path) -> None:
    exactly = LocalStore(str(folder), recall=1)
    assert recall(exactly, pair[1]) == 1
    exactly.close()


@pytest.mark.parametrize("share", [2, 7, 40])
def test_filters_act_inside_the_search(
    pair: tuple[LocalStore, ExactStore], share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.store.local.view._GATHER", 20)
    allowed = np.arange(1, 601, share, dtype=np.int64)
    assert recall(*pair, ids=allowed) >= 0.98


def test_what_came_and_went_since_counts_at_once(
    pair: tuple[LocalStore, ExactStore], folder: Path
) -> None:
    before = index_file(folder)
    both(pair, pictures(600, 660))
    both(pair, Changes(removed=[*range(1, 90), *range(610, 620)]))
    both(pair, pictures(200, 220))  # under new vector ids
    assert index_file(folder) == before
    assert recall(*pair) >= 0.98
    assert recall(*pair, ids=np.arange(50, 640, dtype=np.int64)) >= 0.98
    assert recall(*pair, k=10_000) == 1


def test_the_index_grows_and_is_trained_anew(
    pair: tuple[LocalStore, ExactStore], folder: Path
) -> None:
    first = index_file(folder)
    both(pair, pictures(600, 800))
    longer = index_file(folder)
    assert longer != first
    assert recall(*pair) >= 0.98
    both(pair, pictures(800, 2000))
    assert index_file(folder) != longer
    assert recall(*pair) >= 0.98
    both(pair, Changes(removed=list(range(400, 2001))))
    assert recall(*pair) >= 0.98


# Files


def test_the_index_is_read_by_the_next_process(
    pair: tuple[LocalStore, ExactStore], folder: Path
) -> None:
    before = index_file(folder).stat()
    again = LocalStore(str(folder))
    assert recall(again, pair[1]) >= 0.98
    both((again,), Changes(roots={"/p": Rules()}))
    again.close()
    after = index_file(folder).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_any_flipped_bit_shows() -> None:
    data = np.random.default_rng(0).integers(0, 256, 50_003, dtype=np.uint8)
    whole = checksum(data)
    for place in (0, 7, 8191, 8192, 40_000, 49_151, 49_152, 50_002):
        for bit in (1, 128):
            data[place] ^= bit
            assert checksum(data) != whole
            data[place] ^= bit
    assert checksum(data) == whole


@pytest.mark.parametrize(
    "how",
    [
        *("flipped", "cut", "grown", "missing", "empty", "unreadable"),
        *("record missing", "record flipped", "record cut", "record of nothing"),
        "another version",
    ],
)
def test_a_spoilt_index_is_noticed_and_made_anew(
    pair: tuple[LocalStore, ExactStore], folder: Path, how: str
) -> None:
    file = index_file(folder)
    about = folder / "cache" / "vectors.json"
    data, text = bytearray(file.read_bytes()), bytearray(about.read_bytes())
    if how == "flipped":
        data[len(data) * 3 // 4] ^= 16
        file.write_bytes(data)
    elif how in ("cut", "grown", "empty"):
        file.write_bytes({"cut": data[:-100], "grown": data + bytes(8)}.get(how, bytearray()))
    elif how == "missing":
        file.unlink()
    elif how == "record missing":
        about.unlink()
    elif how == "record flipped":
        place = text.index(b'"probes":') + len(b'"probes":')
        text[place] ^= 1
        about.write_bytes(text)
    elif how == "record cut":
        about.write_bytes(text[:-20])
    elif how == "another version":
        text = text.split(b"\n")[0].replace(b'"format":2,', b'"format":3,')
        about.write_bytes(text + b"\n%08x\n" % zlib.crc32(text))
        assert b'"format":3,' in text
    elif how == "record of nothing":
        about.write_bytes(b"\n\n")
    else:
        file.unlink()
        file.mkdir()
    again = LocalStore(str(folder))
    assert recall(again, pair[1]) == 1, "exact, straight from the database"
    with again.write():
        pass
    again.close()
    if how == "unreadable":
        file.rmdir()
    assert index_file(folder) != file
    third = LocalStore(str(folder))
    assert recall(third, pair[1]) >= 0.98
    third.close()


def test_an_index_of_another_collection_is_not_used(
    pair: tuple[LocalStore, ExactStore], folder: Path, tmp_path: Path
) -> None:
    other = LocalStore.create(str(tmp_path / "other"), encoder_identity(DIMENSION), "")
    both((other,), pictures(5000, 5600))
    other.close()
    shutil.rmtree(folder / "cache")
    shutil.copytree(tmp_path / "other" / "cache", folder / "cache")
    again = LocalStore(str(folder))
    assert recall(again, pair[1]) == 1
    again.close()


def test_a_database_put_back_to_an_older_copy_is_noticed(
    pair: tuple[LocalStore, ExactStore], folder: Path
) -> None:
    """The same ids are then given again, to other vectors: count and highest id tell nothing."""
    local, exact = pair
    copy = sqlite3.connect(folder / "copy.sqlite")
    original = sqlite3.connect(folder / "collection.sqlite")
    original.backup(copy)
    original.close()
    both((local,), pictures(600, 800))
    local.close()
    os.replace(folder / "copy.sqlite", folder / "collection.sqlite")
    copy.close()
    for leftover in ("collection.sqlite-wal", "collection.sqlite-shm"):
        (folder / leftover).unlink(missing_ok=True)
    again = LocalStore(str(folder))
    assert recall(again, exact) == 1
    both((again, exact), pictures(7000, 7200))
    assert recall(again, exact) >= 0.98
    again.close()


def test_a_database_put_back_under_an_open_store_is_noticed(
    pair: tuple[LocalStore, ExactStore], folder: Path
) -> None:
    local, exact = pair
    copy = sqlite3.connect(folder / "copy.sqlite")
    current = sqlite3.connect(folder / "collection.sqlite")
    current.backup(copy)
    both((local,), pictures(600, 700))
    assert local.search(QUERIES, 5).ids.shape == (40, 5)
    copy.backup(current)
    both((local, exact), pictures(9000, 9050))
    assert recall(local, exact) >= 0.98
    current.close()
    copy.close()


def test_a_kill_while_saving_leaves_the_old_index_or_the_new(
    pair: tuple[LocalStore, ExactStore], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, exact = pair
    before = index_file(folder)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lookalike.store.local.cachefile.os.replace", die)
        with pytest.raises(KeyboardInterrupt):
            both((local,), pictures(600, 800))
    both((exact,), pictures(600, 800))
    left = list((folder / "cache").glob("vectors-*.ivf"))
    assert len(left) == 2, "one that nobody names yet"
    again = LocalStore(str(folder))
    assert recall(again, exact) >= 0.98
    with again.write():
        pass
    again.close()
    assert index_file(folder) != before


def test_a_cache_that_cannot_be_written_is_no_error(folder: Path) -> None:
    store = LocalStore.create(str(folder), encoder_identity(DIMENSION), "")
    (folder / "cache").write_bytes(b"a file where the folder should be")
    both((store,), pictures(0, 600))
    assert store.search(QUERIES, 1).ids.shape == (40, 1)
    store.close()


def test_a_folder_of_any_name(tmp_path: Path) -> None:
    place = os.path.join(str(tmp_path), os.fsdecode(b"\xff\xfe.lookalike"))
    store = LocalStore.create(place, encoder_identity(DIMENSION), "")
    both((store,), pictures(0, 600))
    store.close()
    again = LocalStore(place)
    best = again.search(vectors(77, 78), 1)
    assert best.ids.tolist() == [[78]]
    again.close()


# Readers and builders


def test_readers_go_on_while_an_index_is_built(
    pair: tuple[LocalStore, ExactStore], folder: Path
) -> None:
    local, exact = pair
    shutil.rmtree(folder / "cache")
    readers = LocalStore(str(folder))
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                assert readers.search(QUERIES[:1], 5).ids.shape == (1, 5)
        except BaseException as error:  # noqa: BLE001  it is looked at in the main thread
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for first in range(600, 900, 50):
        both((local, exact), pictures(first, first + 50))
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert recall(readers, exact) >= 0.98
    readers.close()
