"""Check, repair, backup and restore."""

import random
import shutil
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from lookalike.errors import CollectionNotFoundError, FormatVersionError, StoreError
from lookalike.store import Changes, LocalStore
from lookalike.store.local import back_up, check, repair, restore
from lookalike.store.local.schema import PAGE_SIZE
from lookalike.types import Rules
from tests.golden import make_collection_v1 as golden
from tests.support.process import run, run_json
from tests.support.records import encoder_identity, put, skip, units

PICTURES = 2000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "c"
    store = LocalStore.create(str(place), encoder_identity(), "somewhere")
    with store.write() as writer:
        writer.apply(put(*((f"/p/{n}", n) for n in range(PICTURES))))
        writer.apply(Changes(skipped=[skip("/p/bad")], roots={"/p": Rules()}))
    store.set_labels({1: ["beach"]})
    store.close()
    return place


def files(folder: Path) -> dict[int, str]:
    store = LocalStore(str(folder))
    found = {item.id: item.file.path for part, _ in store.scan() for item in part}
    store.close()
    return found


def damage(folder: Path, number: int, data: bytes) -> None:
    """Overwrite the start of a page of the file; pages count from 0."""
    with open(folder / "collection.sqlite", "rb+") as file:
        file.seek(number * PAGE_SIZE)
        file.write(data)


def pages(folder: Path) -> int:
    return (folder / "collection.sqlite").stat().st_size // PAGE_SIZE


def test_all_is_well(folder: Path) -> None:
    found = check(str(folder))
    assert (found.problems, found.images) == ([], PICTURES)
    assert run_json("check", "-c", folder)["problems"] == []


def test_an_older_format_is_checked_as_it_is(tmp_path: Path) -> None:
    shutil.copyfile(golden.GOLDEN, tmp_path / "collection.sqlite")
    assert check(str(tmp_path)).problems == []
    assert (tmp_path / "collection.sqlite").read_bytes() == golden.GOLDEN.read_bytes()
    assert repair(str(tmp_path), str(tmp_path / "new")).images == 2


def test_every_damaged_page_is_told_and_the_rest_is_saved(folder: Path, tmp_path: Path) -> None:
    known = files(folder)
    rng = random.Random(4)
    for number, page in enumerate(rng.sample(range(1, pages(folder)), 6)):
        place = tmp_path / f"damaged{number}"
        shutil.copytree(folder, place)
        damage(place, page, rng.randbytes(PAGE_SIZE))
        assert check(str(place)).problems, f"page {page}"
        new = tmp_path / f"new{number}"
        with suppress(StoreError):  # the page may have held the settings
            saved = repair(str(place), str(new))
        if not LocalStore.exists(str(new)):
            continue
        assert check(str(new)).problems == []
        assert files(new).items() <= known.items()
        assert len(files(new)) == saved.images
        assert saved.images > PICTURES // 2 or saved.lost, f"page {page}: {saved}"
        if not saved.images:
            continue  # the page led to all of them
        store = LocalStore(str(new))
        picture = store.page(0, 1)[0]
        assert store.search(store.vectors([picture.id]), 1).ids.tolist() == [[picture.id]]
        store.close()


def test_a_damaged_embedding_is_told_and_left_behind(folder: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(folder / "collection.sqlite")
    connection.execute("UPDATE vectors SET vector = zeroblob(48) WHERE image_id = 7")
    connection.commit()
    connection.close()
    assert check(str(folder)).problems == ["the embedding of picture 7 is damaged"]
    done = run("check", "-c", folder)
    assert (done.returncode, done.stdout) == (1, b"the embedding of picture 7 is damaged\n")
    saved = run_json("check", "-c", folder, "--repair", tmp_path / "new")["repaired"]
    assert saved == {"images": PICTURES - 1, "lost": {"vectors": 1, "images": 1}}
    assert 7 not in files(tmp_path / "new")


def test_what_is_no_database_says_so_and_cannot_be_saved(folder: Path, tmp_path: Path) -> None:
    (folder / "collection.sqlite").write_bytes(b"no database at all" * 1000)
    assert len(check(str(folder)).problems) == 1
    with pytest.raises(StoreError):
        repair(str(folder), str(tmp_path / "new"))
    assert not LocalStore.exists(str(tmp_path / "new"))


def test_a_later_format_is_refused(folder: Path) -> None:
    connection = sqlite3.connect(folder / "collection.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FormatVersionError):
        check(str(folder))


def test_a_backup_is_a_collection_and_is_replaced_by_the_next(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "backup"
    assert run_json("backup", place, "-c", folder) == {"backup": str(place), "images": PICTURES}
    assert files(place) == files(folder)
    store = LocalStore(str(folder))
    with store.write() as writer:
        writer.apply(Changes(removed=[1]))
    store.close()
    assert back_up(str(folder), str(place)) == PICTURES - 1
    assert files(place) == files(folder)


def test_a_backup_never_overwrites_anything_else(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    LocalStore.create(str(other), encoder_identity(), "").close()
    with pytest.raises(StoreError, match="no backup of"):
        back_up(str(folder), str(other))
    with pytest.raises(StoreError, match="no backup of"):
        back_up(str(folder), str(folder))
    with pytest.raises(StoreError, match="already"):
        restore(str(folder), str(other))
    with pytest.raises(CollectionNotFoundError):
        back_up(str(tmp_path / "nothing"), str(tmp_path / "x"))


def test_a_restored_collection_trusts_no_cache_of_before(folder: Path, tmp_path: Path) -> None:
    back_up(str(folder), str(tmp_path / "backup"))
    store = LocalStore(str(folder))
    with store.write() as writer:
        writer.apply(Changes(removed=[5]))
        writer.apply(put(("/p/other", 77_000)))
    store.close()
    for file in folder.glob("collection.sqlite*"):
        file.unlink()
    assert restore(str(tmp_path / "backup"), str(folder)) == PICTURES
    store = LocalStore(str(folder))
    with store.write() as writer:  # now it has the highest id and the count of the old cache
        writer.apply(Changes(removed=[6]))
        writer.apply(put(("/p/new", 88_000)))
    assert store.search(units(88_000), 1).scores[0, 0] > 0.999
    assert store.search(units(77_000), 1).scores[0, 0] < 0.999
    assert store.search(units(4), 1).ids.tolist() == [[5]]
    store.close()


def test_backups_while_it_is_written(folder: Path, tmp_path: Path) -> None:
    store = LocalStore(str(folder))
    done = threading.Event()

    def write() -> None:
        number = PICTURES
        with store.write() as writer:
            while not done.is_set():
                writer.apply(put(*((f"/p/{n}", n) for n in range(number, number + 5))))
                number += 5

    thread = threading.Thread(target=write)
    thread.start()
    try:
        counts = [back_up(str(folder), str(tmp_path / "backup")) for _ in range(5)]
    finally:
        done.set()
        thread.join()
    store.close()
    assert counts == sorted(counts)
    assert all((count - PICTURES) % 5 == 0 for count in counts), "whole transactions"
    assert check(str(tmp_path / "backup")).problems == []
    assert len(files(tmp_path / "backup")) == counts[-1]
