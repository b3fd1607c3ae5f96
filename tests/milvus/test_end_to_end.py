"""A collection on a real server, from the folder of pictures to the copy and back."""

import itertools
import os
import uuid
from pathlib import Path

import pytest

import lookalike
from lookalike import Collection
from lookalike.errors import StoreError, StoreUnavailableError
from lookalike.store.milvus import MilvusStore, schema
from lookalike.types import Where
from tests.evaluation.folders import write_labelled
from tests.support import milvus
from tests.support.pictures import write_picture
from tests.support.process import run, run_json
from tests.support.records import encoder_identity, put

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


def test_evaluated_there_as_here(address: str, tiny_model: Path, tmp_path: Path) -> None:
    folder, here = write_labelled(tmp_path / "labelled"), tmp_path / "local"
    for place in (here, address):
        run_json("index", folder, "-c", place, "--model", tiny_model)
    [local], [remote] = (
        run_json("evaluate", "-c", place, "--instances", 5)["models"] for place in (here, address)
    )
    assert remote["images"] == local["images"] == 24
    assert remote["map"] == pytest.approx(local["map"], abs=1e-6)
    assert remote["instance_recall"] == local["instance_recall"]
    assert remote["confusion"] == local["confusion"]


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
        ("milvus://host/photos?consistency=none", "there is no consistency none"),
        ("milvus://host/photos?links=many", "whole number from 2 to 2048"),
        ("milvus://host/photos?shards=0", "whole number from 1 to 16"),
        ("milvus://host/photos?lists=64", "lists is for the index ivf"),
        ("milvus://host/photos?index=ivf&links=64", "links is for the index hnsw"),
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


@pytest.mark.parametrize(
    ("options", "kind", "parameters"),
    [
        ("index=ivf&lists=16&consistency=bounded", "IVF_FLAT", {"nlist": "16"}),
        ("index=diskann&consistency=strong", "DISKANN", {}),
    ],
)
def test_an_index_is_what_the_address_says(
    address: str, options: str, kind: str, parameters: dict[str, str]
) -> None:
    store = MilvusStore.create(f"{address}?{options}", encoder_identity(), "")
    with store.write() as writer:
        writer.apply(put(*((f"/p/{n}.jpg", n) for n in range(20))))
    made = store._server.index(store._name, "vector")
    assert made["index_type"] == kind
    assert parameters.items() <= made.items()
    store._server.catch_up(store._name)
    [found] = store.search(store.vectors([1]), 1).ids
    assert found.tolist() == [1]
    store.close()


def test_what_the_server_does_not_have_is_told_and_nothing_is_left(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_index", lambda _: ("GPU_CAGRA", {}))
        with pytest.raises(StoreError, match=r"refuses: .*index"):
            MilvusStore.create(address, encoder_identity(), "")
    assert not MilvusStore.exists(address)
    store = MilvusStore.create(f"{address}?links=8&effort=64&shards=2", encoder_identity(), "")
    made = store._server.index(store._name, "vector")
    assert (made["index_type"], made["M"], made["efConstruction"]) == ("HNSW", "8", "64")
    assert store._server.client.describe_collection(store._name)["num_shards"] == 2
    store.close()


@pytest.mark.shared
def test_three_thousand_pictures(address: str, shared: Path, tmp_path: Path) -> None:
    """Indexed, searched, filtered, deleted, copied to a folder and back: as in a folder."""
    folder, here = tmp_path / "intel", tmp_path / "local"
    copied, back = tmp_path / "copied", f"{address}_back"
    for path in sorted((shared / "data" / "intel" / "test").rglob("*.jpg")):
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        os.symlink(path, folder / path.parent.name / path.name)
    for place in (here, address):
        assert run_json("index", folder, "-c", place)["added"] == 3000
    queries = sorted(folder.rglob("*.jpg"))[::600]
    in_sea = Where(folder=str(folder / "sea"))
    with lookalike.open(here) as local, lookalike.open(address) as remote:
        assert local.count(in_sea) == remote.count(in_sea) > 400
        for query, where in itertools.product(queries, (None, in_sea)):
            assert_same_hits(*(hits(photos, query, where) for photos in (local, remote)))
    for gone in queries:
        gone.unlink()
    left = 3000 - len(queries)
    for place in (here, address):
        done = run_json("index", folder, "-c", place)
        assert (done["removed"], done["unchanged"]) == (len(queries), left)
    for source, target in ((address, copied), (copied, back)):
        done = run_json("copy", source, target)
        assert (done["images"], done["copied"]) == (left, left)
    with lookalike.open(here) as local:
        for place in (address, copied, back):
            with lookalike.open(place) as photos:
                assert photos.status().images == left
                for query in sorted(folder.rglob("*.jpg"))[::600]:
                    assert_same_hits(hits(local, query), hits(photos, query))


def hits(photos: Collection, query: Path, where: Where | None = None) -> list[tuple[str, float]]:
    """Paths and scores."""
    return [(hit.path, hit.score) for hit in photos.search(query, 10, where=where)]


def assert_same_hits(one: list[tuple[str, float]], other: list[tuple[str, float]]) -> None:
    """The same pictures with the same scores, but for one that an index may miss."""
    assert len(one) == len(other) == 10
    scores = dict(other)
    both = [(score, scores[path]) for path, score in one if path in scores]
    assert len(both) >= 9
    for score, same in both:
        assert score == pytest.approx(same, abs=1e-3)
