"""A collection on a real server, from the folder of pictures to the copy and back."""

import os
import uuid
from pathlib import Path

import pytest

import lookalike
from lookalike import Collection
from lookalike.errors import StoreError, StoreUnavailableError
from lookalike.types import Where
from tests.support import milvus
from tests.support.pictures import write_picture
from tests.support.process import run, run_json

pytestmark = pytest.mark.skipif(not milvus.is_there(), reason="the Milvus server is not installed")


@pytest.fixture
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"{milvus.shared_address(tmp_path_factory)}/t_{uuid.uuid4().hex}"


def answers(photos: Collection, folder: Path, where: Where | None = None) -> list[object]:
    """For some pictures, the paths of their nearest with scores to three digits."""
    return [
        {(hit.path, round(hit.score, 2)) for hit in photos.search(path, 5, where=where)}
        for path in sorted(folder.rglob("*.jpg"))[:4]
    ]


def test_as_a_local_collection_would(
    address: str, pictures: Path, tiny_model: Path, tmp_path: Path
) -> None:
    (pictures / "broken.jpg").write_bytes(b"no picture")
    with (
        lookalike.open(address, model=tiny_model) as there,
        lookalike.open(tmp_path / "local", model=tiny_model) as here,
    ):
        for photos in (there, here):
            done = photos.index(pictures)
            assert (done.added, [skip.path for skip in done.skipped]) == (
                40,
                [str(pictures / "broken.jpg")],
            )
            assert photos.index().unchanged == 40
        assert answers(there, pictures) == answers(here, pictures)
        deep = Where(folder=str(pictures / "two"), format=("PNG",))
        assert there.count(deep) == here.count(deep) > 0
        assert answers(there, pictures, deep) == answers(here, pictures, deep)
        assert there.facets() == here.facets()

        # One goes, one changes, one moves: the others are as they were.
        gone, changed, moved = sorted(pictures.rglob("*.jpg"))[1:4]
        for photos in (there, here):
            photos.set_labels({photos.browse(0, 1)[0].id: ["a label"]})
        gone.unlink()
        write_picture(changed, 999)
        os.rename(moved, moved.with_name("elsewhere.jpg"))
        for photos in (there, here):
            done = photos.index()
            assert (done.added, done.updated, done.unchanged, done.removed) == (0, 2, 37, 1)
        assert answers(there, pictures) == answers(here, pictures)
        assert there.facets() == here.facets()
        assert there.status().images == 39
        assert [g.kind for g in there.duplicates()] == [g.kind for g in here.duplicates()]


def test_there_and_back(address: str, pictures: Path, tiny_model: Path, tmp_path: Path) -> None:
    local, back = tmp_path / "local", tmp_path / "back"
    run_json("index", pictures, "-c", local, "--model", tiny_model)
    for source, target in ((local, address), (address, back)):
        done = run("copy", source, target)
        assert done.returncode == 0, done.stderr.decode()
    query = next(pictures.rglob("*.jpg"))
    first, second, third = (run_json("search", query, "-c", c) for c in (local, address, back))
    assert [hit["path"] for hit in first["hits"]] == [hit["path"] for hit in third["hits"]]
    assert [h["path"] for h in first["hits"][:3]] == [h["path"] for h in second["hits"][:3]]
    status = run_json("status", "-c", address)
    assert (status["collection"], status["images"]) == (address, 40)


def test_of_a_server_that_is_not_there_one_sentence_is_told() -> None:
    done = run("status", "-c", "milvus://127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1
    assert b"127.0.0.1:1/nothing does not answer" in done.stderr
    with pytest.raises(StoreUnavailableError):
        lookalike.open("milvus://127.0.0.1:1/nothing")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("milvus://host", "names no collection"),
        ("milvus:///photos", "names no host"),
        ("milvus://host/a/b/c", "names no collection"),
        ("milvus://host/9", "names no collection"),
        ("milvus://me:secret@host/photos", "LOOKALIKE_MILVUS_TOKEN"),
        ("milvus://host/photos?index=tree", "there is no index tree"),
        ("milvus://host/photos?speed=high", "is no option"),
        ("milvus://host:port/photos", "port"),
    ],
)
def test_addresses_that_make_no_sense(address: str, problem: str) -> None:
    with pytest.raises(StoreError, match=problem) as told:
        lookalike.open(address)
    assert "secret" not in str(told.value)


def test_what_works_on_files_says_that_there_are_none(address: str, tmp_path: Path) -> None:
    for command in (("backup", tmp_path / "b"), ("check",), ("restore", tmp_path)):
        done = run(*command, "-c", address)
        assert done.returncode == 1
        assert b"is on a server" in done.stderr


@pytest.mark.shared
def test_real_pictures(address: str, shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "intel"
    folder.mkdir()
    for path in sorted((shared / "data" / "intel" / "test").rglob("*.jpg"))[::15]:
        os.symlink(path, folder / path.name)
    here = tmp_path / "local"
    for place in (here, address):
        assert run_json("index", folder, "-c", place)["added"] == 200
    for query in sorted(folder.iterdir())[:5]:
        local, remote = (run_json("search", query, "-c", place) for place in (here, address))
        assert [hit["path"] for hit in local["hits"]] == [hit["path"] for hit in remote["hits"]]
        for one, other in zip(local["hits"], remote["hits"], strict=True):
            assert abs(one["score"] - other["score"]) < 1e-3
