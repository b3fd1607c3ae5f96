"""What only the local store has: a file on disk, a format, other processes."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import filelock
import numpy as np
import pytest

from lookalike.errors import (
    CollectionBusyError,
    CollectionNotFoundError,
    FormatVersionError,
    StoreError,
)
from lookalike.store import Changes, LocalStore, StoredFile
from lookalike.store.local import schema
from lookalike.store.local.database import uri_of
from lookalike.store.local.schema import FORMAT_VERSION
from lookalike.types import Rules, Where
from tests.golden import make_collection_v1 as golden
from tests.golden import make_collection_v2 as golden_2
from tests.golden import make_collection_v3 as golden_3
from tests.support.records import encoder_identity, put, record, unit, units


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "c"


@pytest.fixture
def store(folder: Path) -> Iterator[LocalStore]:
    made = LocalStore.create(str(folder), encoder_identity(), "somewhere")
    yield made
    made.close()


def apply(store: LocalStore, *changes: Changes) -> None:
    with store.write() as writer:
        for change in changes:
            writer.apply(change)


# The format


@pytest.fixture
def from_golden(folder: Path) -> Iterator[LocalStore]:
    folder.mkdir()
    shutil.copyfile(golden.GOLDEN, folder / "collection.sqlite")
    store = LocalStore(str(folder))
    yield store
    store.close()


def test_format_1_is_read_as_it_was_written(from_golden: LocalStore) -> None:
    assert from_golden.encoder == encoder_identity(golden.DIMENSION)
    assert from_golden.encoder_source == golden.SOURCE
    assert from_golden.page(0, 10) == [
        StoredFile(1, golden.FILES[0]),
        StoredFile(2, golden.FILES[1]),
    ]
    expected = units(0, 1, dimension=golden.DIMENSION).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(from_golden.vectors([1, 2]), expected)
    assert from_golden.skipped() == golden.SKIPPED
    assert from_golden.folders("/photos") == golden.FOLDERS
    assert list(from_golden.roots()) == golden.ROOTS
    assert from_golden.search(units(1, dimension=golden.DIMENSION), 1).ids.tolist() == [[2]]


def test_format_1_is_written_on(from_golden: LocalStore) -> None:
    new = Changes(put=[record("/photos/new.jpg", 9)], vectors=[unit(9, golden.DIMENSION)])
    apply(from_golden, new)
    # Id 3 was given and removed when the file was made.
    assert [item.id for item in from_golden.page(0, 10)] == [1, 2, 4]


def test_the_golden_file_is_never_made_again() -> None:
    before = golden.GOLDEN.read_bytes()
    with pytest.raises(SystemExit, match="made once"):
        golden.make(golden.GOLDEN)
    assert golden.GOLDEN.read_bytes() == before


def tables(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    finally:
        connection.close()


def test_format_1_is_brought_to_the_schema_of_a_new_file(
    from_golden: LocalStore, folder: Path, tmp_path: Path
) -> None:
    assert FORMAT_VERSION == 4, "a golden file of the format before is due"
    LocalStore.create(str(tmp_path / "new"), encoder_identity(), "").close()
    assert tables(folder / "collection.sqlite") == tables(tmp_path / "new" / "collection.sqlite")


def test_pictures_of_format_1_wait_for_their_details(from_golden: LocalStore) -> None:
    states = [*from_golden.states("/photos").values(), *from_golden.states("/photos/sub").values()]
    assert [state.details for state in states] == [0, 0, 0]
    assert from_golden.count(Where(camera="Canon")) == 0
    from_golden.set_labels({1: ["kept"]})
    assert [item.id for item in from_golden.page(0, 9, Where(label=("kept",)))] == [1]


def test_format_2_is_read_as_it_was_written(folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(golden_2.GOLDEN, folder / "collection.sqlite")
    store = LocalStore(str(folder))
    try:
        assert store.page(0, 10) == [
            StoredFile(1, golden_2.FILES[0]),
            StoredFile(2, golden_2.FILES[1]),
        ]
        assert store.labels([1, 2]) == {1: ["Beach", "dog"], 2: ["Beach"]}
        assert store.roots() == {"/photos": Rules()}
        assert store.count(Where(camera="Canon EOS R5")) == 1
        with store.write() as writer:
            writer.apply(put(("/photos/new.jpg", 7), dimension=golden.DIMENSION))
            writer.apply(Changes(removed=[1]))
        ids = [item.id for item in store.page(0, 10)]
        assert ids == [2, 4], "an id is never given twice"
        assert store.labels([1, 2]) == {2: ["Beach"]}
        assert store.vectors(ids).shape == (2, golden.DIMENSION)
    finally:
        store.close()


def test_format_3_is_read_as_it_was_written(folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(golden_3.GOLDEN, folder / "collection.sqlite")
    store = LocalStore(str(folder))
    try:
        kept = [file for place, file in enumerate(golden_3.FILES, start=1) if place != 3]
        assert [item.file for item in store.page(0, 10)] == kept
        assert store.states("/photos")["film.mp4"].frames == (5,)
        assert store.labels([1, 2, 5]) == {1: ["Beach", "dog"], 2: ["Beach"], 5: ["goal"]}
        assert store.roots() == golden_3.ROOTS
        with store.write() as writer:
            words = replace(golden_3.FILES[0], keywords=("sea", "dog"))
            writer.apply(Changes(moved=[StoredFile(1, words)]))
        assert store.labels([1]) == {1: ["Beach", "dog", "sea"]}
    finally:
        store.close()


def test_a_collection_of_format_1_is_not_brought_on_under_a_writer(folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(golden.GOLDEN, folder / "collection.sqlite")
    with (
        filelock.FileLock(folder / "writer.lock"),
        pytest.raises(CollectionBusyError, match="wait for it"),
    ):
        LocalStore(str(folder))


def test_a_newer_format_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    database = folder / "collection.sqlite"
    shutil.copyfile(golden.GOLDEN, database)
    connection = sqlite3.connect(database)
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(FormatVersionError, match="update Lookalike"):
        LocalStore(str(folder))
    assert database.read_bytes() == before
    assert os.listdir(folder) == ["collection.sqlite"]


def test_a_database_of_another_program_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir()
    database = folder / "collection.sqlite"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        LocalStore(str(folder))
    assert database.read_bytes() == before
    assert os.listdir(folder) == ["collection.sqlite"]


@pytest.mark.parametrize("data", [b"no database at all" * 100, b"SQLite format 3\0" + b"\7" * 5000])
def test_a_file_that_is_no_database_is_refused(folder: Path, data: bytes) -> None:
    folder.mkdir()
    (folder / "collection.sqlite").write_bytes(data)
    with pytest.raises(StoreError):
        LocalStore(str(folder))


def test_a_damaged_database_is_an_error_of_ours(store: LocalStore, folder: Path) -> None:
    apply(store, put(*((f"/p/{n}", n) for n in range(50))))
    store.close()
    database = folder / "collection.sqlite"
    data = bytearray(database.read_bytes())
    data[schema.PAGE_SIZE :] = b"\xee" * (len(data) - schema.PAGE_SIZE)
    database.write_bytes(data)
    with pytest.raises(StoreError, match="cannot be read"):
        LocalStore(str(folder)).count()


def test_an_empty_database_is_no_collection(folder: Path) -> None:
    folder.mkdir()
    (folder / "collection.sqlite").touch()
    assert not LocalStore.exists(str(folder))
    with pytest.raises(CollectionNotFoundError, match="lookalike index"):
        LocalStore(str(folder))
    LocalStore.create(str(folder), encoder_identity(), "").close()
    assert LocalStore.exists(str(folder))


def test_a_database_without_its_meta_rows_is_incomplete(folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(golden.GOLDEN, folder / "collection.sqlite")
    connection = sqlite3.connect(folder / "collection.sqlite")
    connection.execute("DELETE FROM meta WHERE key = 'encoder'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="incomplete"):
        LocalStore(str(folder))


def test_migrations_run_in_order_and_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    database = folder / "collection.sqlite"
    shutil.copyfile(golden.GOLDEN, database)
    one = "CREATE TABLE log (step TEXT);\nINSERT INTO log VALUES ('one');"
    two = "ALTER TABLE log ADD COLUMN more TEXT;\nINSERT INTO log VALUES ('two', 'x');"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, one, two))
    monkeypatch.setattr(schema, "FORMAT_VERSION", FORMAT_VERSION + 2)
    for _ in range(2):
        store = LocalStore(str(folder))
        apply(store, Changes(roots={"/later": Rules()}))
        assert store.count() == 2
        store.close()
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION + 2,)
    assert connection.execute("SELECT step FROM log").fetchall() == [("one",), ("two",)]
    connection.close()


def test_a_migration_that_fails_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    shutil.copyfile(golden.GOLDEN, folder / "collection.sqlite")
    broken = "CREATE TABLE log (step TEXT);\nINSERT INTO no_such_table VALUES (1);"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
        patch.setattr(schema, "FORMAT_VERSION", FORMAT_VERSION + 1)
        with pytest.raises(StoreError, match="no_such_table"):
            LocalStore(str(folder))
    store = LocalStore(str(folder))
    assert store.count() == 2
    store.close()


# The folder


def test_there_is_one_collection_a_folder(store: LocalStore, folder: Path) -> None:
    with pytest.raises(StoreError, match="already"):
        LocalStore.create(str(folder), encoder_identity(), "")


def test_a_place_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot make the folder"):
        LocalStore.create(str(tmp_path / "file"), encoder_identity(), "")


def test_leftovers_of_an_interrupted_creation_do_not_matter(folder: Path) -> None:
    folder.mkdir()
    (folder / "collection.sqlite.new").write_bytes(b"half")
    (folder / "collection.sqlite.new-wal").write_bytes(b"half")
    store = LocalStore.create(str(folder), encoder_identity(), "")
    assert store.count() == 0
    store.close()


@pytest.mark.parametrize("name", [b"\xff\xfe.lookalike", "雪 #1%.lookalike".encode()])
def test_a_collection_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    place = os.path.join(str(tmp_path), os.fsdecode(name))
    store = LocalStore.create(place, encoder_identity(), "")
    apply(store, put(("/p/a", 1)))
    store.close()
    again = LocalStore(place)
    assert again.search(units(1), 1).scores[0, 0] > 0.999
    again.close()


def test_size_counts_everything_in_the_folder(store: LocalStore, folder: Path) -> None:
    before = store.size_bytes()
    (folder / "cache").mkdir()
    (folder / "cache" / "thumbnail.jpg").write_bytes(b"x" * 1000)
    assert store.size_bytes() == before + 1000


# Threads and processes


def test_threads_that_end_leave_no_open_file(store: LocalStore) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc to count descriptors in")
    store.count()
    before = descriptors()
    for _ in range(20):
        thread = threading.Thread(target=store.count)
        thread.start()
        thread.join()
    assert descriptors() <= before + 3


def test_searches_from_many_threads_during_writes(store: LocalStore) -> None:
    apply(store, put(*((f"/p/{n}", n) for n in range(10))))
    failures: list[Exception] = []
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                found = store.search(units(3), 5)
                assert found.ids.shape == (1, 5)
                assert found.scores[0, 0] > 0.999
        except Exception as error:  # noqa: BLE001  it is looked at in the main thread
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    with store.write() as writer:
        for n in range(10, 40):
            writer.apply(put((f"/p/{n}", n)))
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.count() == 40


_WRITER = """
import sys, time
from lookalike.store import LocalStore
from tests.support.records import put
store = LocalStore(sys.argv[1])
with store.write() as writer:
    print("writing", flush=True)
    sys.stdin.readline()
    for n in range(0, 200, 5):
        writer.apply(put(*((f"/p/{m}", m) for m in range(n, n + 5))))
    print("written", flush=True)
    sys.stdin.readline()
store.close()
"""


@pytest.fixture
def writer(store: LocalStore, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real second process that has become the writer."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == b"writing\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def go_on(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.write(b"\n")
    process.stdin.flush()


def test_a_reader_works_on_while_another_process_writes(
    store: LocalStore, writer: subprocess.Popen[bytes]
) -> None:
    go_on(writer)
    counts = []
    deadline = time.monotonic() + 30
    while store.count() < 200 and time.monotonic() < deadline:
        counts.append(store.count())
        found = store.search(units(0), 1000)
        # Whole transactions of five, every hit with its picture.
        assert found.ids.shape[1] % 5 == 0
        assert len(store.get([int(i) for i in found.ids[0]])) == found.ids.shape[1]
    assert counts == sorted(counts)
    assert all(count % 5 == 0 for count in counts)
    assert store.search(units(199), 1).scores[0, 0] > 0.999


def test_a_second_writer_is_told_and_a_kill_frees_the_lock(
    store: LocalStore, folder: Path, writer: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(CollectionBusyError, match="another process is writing"), store.write():
        pass
    go_on(writer)
    assert writer.stdout
    assert writer.stdout.readline() == b"written\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert store.count() == 200, "what was applied is committed"
    apply(store, put(("/q/a", 300)))
    assert store.count() == 201
    connection = sqlite3.connect(folder / "collection.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_the_lock_is_freed_when_the_writer_ends(
    store: LocalStore, writer: subprocess.Popen[bytes]
) -> None:
    go_on(writer)
    go_on(writer)
    assert writer.wait(30) == 0
    apply(store, put(("/q/a", 300)))
    assert store.count() == 201


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/ada/my c?/x#1"), "file:///home/ada/my%20c%3F/x%231"),
        (PureWindowsPath("C:\\Users\\Ada\\ü\\c"), "file:///C:/Users/Ada/%C3%BC/c"),
        (PureWindowsPath("\\\\nas\\photos\\c"), "file:////nas/photos/c"),
    ],
)
def test_the_address_that_sqlite_takes(path: PurePath, uri: str) -> None:
    assert uri_of(path) == uri
