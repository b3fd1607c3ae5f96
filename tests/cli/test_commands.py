"""`lookalike` as a user runs it: exit codes, what goes to which stream, the shapes of JSON."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lookalike.store import LocalStore
from tests.support.pictures import encoded, write_gallery
from tests.support.process import run, run_json


@dataclass(frozen=True)
class Indexed:
    """A collection made by the command line, for tests that only read."""

    collection: Path
    pictures: list[Path]
    bad: Path
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Indexed]:
    top = tmp_path_factory.mktemp("indexed")
    pictures = write_gallery(top / "pictures", 12)
    bad = top / "pictures" / "bad.jpg"
    bad.write_bytes(b"no picture")
    collection = top / "c.lookalike"
    answer = run_json("index", top / "pictures", "-c", collection, "--model", tiny_model)
    yield Indexed(collection, pictures, bad, answer)
    assert LocalStore.exists(str(collection))


def error_line(done_stderr: bytes) -> str:
    """The one clear line of an error."""
    text = done_stderr.decode()
    assert text.startswith("lookalike: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


def test_index_answers_in_the_shape_of_the_design(indexed: Indexed) -> None:
    answer = dict(indexed.answer)
    assert isinstance(answer.pop("seconds"), float)
    (skipped,) = answer.pop("skipped")
    assert skipped["path"] == str(indexed.bad)
    assert "not a picture" in skipped["reason"]
    assert answer == {
        "added": 12,
        "updated": 0,
        "unchanged": 0,
        "removed": 0,
        "warnings": [],
    }


def test_index_again_is_unchanged_and_strict_tells_of_skipped_files(indexed: Indexed) -> None:
    done = run("index", "-c", indexed.collection, "--strict", "--json")
    assert done.returncode == 3
    assert done.stderr == b""
    answer = json.loads(done.stdout)
    assert (answer["added"], answer["unchanged"]) == (0, 12)
    assert [skipped["path"] for skipped in answer["skipped"]] == [str(indexed.bad)]


def test_formats() -> None:
    answer = run_json("formats")["formats"]
    assert answer[0]["name"] == "JPEG"
    assert answer[0]["suffixes"] == [".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"]
    assert {each["extra"] for each in answer} == {None, "heif", "jxl", "raw", "video"}
    assert run("formats").stdout.decode().splitlines()[0].startswith("JPEG\tyes\tpillow ")


def test_index_for_people(tmp_path: Path, tiny_model: Path) -> None:
    write_gallery(tmp_path / "pictures", 3)
    done = run("index", tmp_path / "pictures", "-c", tmp_path / "c", "--model", tiny_model)
    assert done.returncode == 0
    assert done.stderr == b"", "no progress where stderr is no terminal"
    assert b"3 added, 0 updated, 0 unchanged, 0 removed, 0 skipped" in done.stdout


def test_search_answers_in_the_shape_of_the_design(indexed: Indexed) -> None:
    query = indexed.pictures[5]
    answer = run_json("search", query, "-c", indexed.collection, "-k", 4)
    assert answer.keys() == {"query", "hits", "offset", "total"}
    assert answer["query"] == str(query)
    assert len(answer["hits"]) == 4
    first = answer["hits"][0]
    assert first["path"] == str(query)
    assert first["score"] >= 0.999
    for hit in answer["hits"]:
        assert {"path", "score", "distance"} <= hit.keys()
        assert hit["distance"] == pytest.approx(1 - hit["score"])
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_search_takes_standard_input(indexed: Indexed) -> None:
    data = indexed.pictures[2].read_bytes()
    answer = run_json("search", "-", "-c", indexed.collection, "-k", 1, stdin=data)
    assert answer["query"] == "-"
    assert [hit["path"] for hit in answer["hits"]] == [str(indexed.pictures[2])]


def test_search_for_a_script_without_json_is_lines_of_fields(indexed: Indexed) -> None:
    done = run("search", indexed.pictures[1], "-c", indexed.collection, "-k", 2)
    assert done.returncode == 0
    assert done.stderr == b""
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[0][2] == str(indexed.pictures[1])
    assert float(rows[0][1]) >= 0.999


def test_search_for_and_against_within_a_filter(indexed: Indexed) -> None:
    first, second, third = indexed.pictures[:3]
    options = [
        "-c",
        indexed.collection,
        "-k",
        20,
        "--where",
        "format=png",
        "--where",
        "max_bytes=1M",
    ]
    answer = run_json("search", first, "--and", second, "--not", third, *options)
    assert answer["query"] == f"{first} + {second} - {third}"
    assert {hit["format"] for hit in answer["hits"]} == {"PNG"}
    assert answer["total"] == len(answer["hits"]) == 6
    page = run_json("search", first, "--and", second, "--not", third, *options, "--offset", 4)
    assert page["hits"] == answer["hits"][4:]
    folder = f"folder={indexed.pictures[1].parent}"
    below = run_json("search", first, "-c", indexed.collection, "--where", folder)
    assert {Path(hit["path"]).parent for hit in below["hits"]} == {indexed.pictures[1].parent}


def test_search_by_a_part(indexed: Indexed) -> None:
    options = ["-c", indexed.collection, "-k", 1]
    pixels = run_json("search", indexed.pictures[0], *options, "--crop", "0,0,72,64")
    shares = run_json("search", indexed.pictures[0], *options, "--crop", "0,0,1.0,1")
    assert pixels == shares
    assert pixels["hits"][0]["score"] > 0.999
    half = run_json("search", indexed.pictures[0], *options, "--crop", ".5,0,.5,1")
    assert half["hits"][0]["score"] < 0.999
    outside = run("search", indexed.pictures[0], *options, "--crop", "0,0,73,64")
    assert outside.returncode == 1
    assert "72 x 64 pixels" in error_line(outside.stderr)


def test_search_without_the_query_itself(indexed: Indexed) -> None:
    answer = run_json("search", indexed.pictures[3], "-c", indexed.collection, "--exclude")
    assert str(indexed.pictures[3]) not in [hit["path"] for hit in answer["hits"]]
    assert len(answer["hits"]) == 10
    least = run_json(
        "search", indexed.pictures[3], "-c", indexed.collection, "--min-score", "0.999"
    )
    assert [hit["path"] for hit in least["hits"]] == [str(indexed.pictures[3])]


def test_duplicates_are_listed(tmp_path: Path, tiny_model: Path) -> None:
    paths = write_gallery(tmp_path / "pictures", 4)
    copy = shutil.copy(paths[2], tmp_path / "pictures" / "a copy of it.jpg")
    run_json("index", tmp_path / "pictures", "-c", tmp_path / "c", "--model", tiny_model)
    answer = run_json("duplicates", "-c", tmp_path / "c", "--kind", "identical")
    (group,) = answer["groups"]
    assert (group["kind"], answer["total"]) == ("identical", 1)
    assert {image["path"] for image in group["images"]} == {str(paths[2]), str(copy)}
    assert group["best"] == group["images"][0]["id"]
    lines = run("duplicates", "-c", tmp_path / "c").stdout.decode().splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["1", "identical"]] * 2
    filtered = run_json("duplicates", "-c", tmp_path / "c", "--where", "min_width=9000")
    assert filtered == {"groups": [], "total": 0}


def test_search_writes_a_page(indexed: Indexed, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run_json("search", indexed.pictures[1], "-c", indexed.collection, "-k", 2, "--html", page)
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") >= 3
    assert indexed.pictures[1].name in text


def test_status_answers_in_the_shape_of_the_design(indexed: Indexed, tiny_model: Path) -> None:
    answer = run_json("status", "-c", indexed.collection)
    assert answer["collection"] == str(indexed.collection)
    spec = json.loads((tiny_model / "model.json").read_text())
    assert answer["model"] == {"name": "tiny", "sha256": spec["sha256"], "dimension": 64}
    assert (answer["dimension"], answer["images"], answer["skipped"]) == (64, 12, 1)
    assert answer["bytes"] > 0
    assert answer["roots"] == [str(indexed.bad.parent)]
    assert [skipped["path"] for skipped in answer["skipped_files"]] == [str(indexed.bad)]


def test_the_default_collection_is_in_the_user_data_folder(
    tmp_path: Path, tiny_model: Path
) -> None:
    write_gallery(tmp_path / "pictures", 2)
    run_json("index", tmp_path / "pictures", "--model", tiny_model)
    answer = run_json("status")
    assert answer["images"] == 2
    assert answer["collection"].startswith(os.environ["XDG_DATA_HOME"])


def test_names_of_any_bytes_survive_json(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    name = os.fsencode(folder) + b"/\xff\n.jpg"
    with open(name, "wb") as file:
        file.write(encoded(1))
    run_json("index", folder, "-c", tmp_path / "c", "--model", tiny_model)
    answer = run_json("search", name, "-c", tmp_path / "c")
    assert [os.fsencode(hit["path"]) for hit in answer["hits"]] == [name]
    done = run("search", name, "-c", tmp_path / "c")
    assert done.returncode == 0
    assert rb"\xff\n.jpg" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["search", "PICTURE", "-c", "NOWHERE"], "there is no collection at"),
        (["status", "-c", "NOWHERE"], "there is no collection at"),
        (["search", "NOWHERE.jpg", "-c", "COLLECTION"], "there is no such file"),
        (["search", "FOLDER", "-c", "COLLECTION"], "it is not a regular file"),
        (["search", "BAD", "-c", "COLLECTION"], "not a picture"),
        (["search", "-", "-c", "COLLECTION"], "empty"),
        (["search", "PICTURE", "--and", "BAD", "-c", "COLLECTION"], "bad.jpg: it is not a picture"),
        (["search", "PICTURE", "--not", "NOWHERE", "-c", "COLLECTION"], "there is no such file"),
        (["search", "--text", "a dog", "-c", "COLLECTION"], "understands no words"),
        (["search", "PICTURE", "--where", "colour=red", "-c", "COLLECTION"], "there is no filter"),
        (["search", "http://[::1", "-c", "COLLECTION"], "not an http(s) address"),
        (["search", "http://127.0.0.1:9/", "-c", "COLLECTION"], "cannot fetch"),
        (["index", "NOWHERE", "-c", "NEW", "--model", "MODEL"], "there is no file or folder"),
        (["index", "-c", "NEW", "--model", "MODEL"], "no folder was indexed yet"),
        (["index", "FOLDER", "-c", "NEW", "--model", "NOWHERE"], "there is no model"),
        (["index", "FOLDER", "-c", "BAD", "--model", "MODEL"], "cannot make the folder"),
        (["index", "FOLDER", "-c", "FOLDER", "--model", "MODEL"], "is a collection itself"),
        (["index", "COLLECTION", "-c", "NEW", "--model", "MODEL"], "is a collection itself"),
        (["status", "-c", "FOREIGN"], "cannot be read"),
    ],
)
def test_an_error_is_one_line_on_stderr_and_exit_code_1(
    indexed: Indexed, tiny_model: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "collection.sqlite").write_bytes(b"no database" * 1000)
    places = {
        "PICTURE": indexed.pictures[0],
        "COLLECTION": indexed.collection,
        "FOLDER": indexed.bad.parent,
        "BAD": indexed.bad,
        "MODEL": tiny_model,
        "FOREIGN": foreign,
        "NOWHERE": tmp_path / "nowhere",
        "NOWHERE.jpg": tmp_path / "nowhere.jpg",
        "NEW": tmp_path / "new",
    }
    done = run(*(places.get(argument, argument) for argument in arguments))
    assert sentence in error_line(done.stderr)
    assert done.returncode == 1
    assert done.stdout == b""
    assert not (tmp_path / "new").exists(), "an error leaves no half collection"


def test_another_encoder_is_an_error_that_says_what_to_do(
    indexed: Indexed, tiny_model: Path, tmp_path: Path
) -> None:
    from tests.support.model import make_model

    other = make_model(tmp_path / "other", seed=8)
    done = run("search", indexed.pictures[0], "-c", indexed.collection, "--model", other)
    assert done.returncode == 1
    assert "leave out the model" in error_line(done.stderr)


def test_a_collection_whose_model_moved_opens_with_its_new_place(
    tmp_path: Path, tiny_model: Path
) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    paths = write_gallery(tmp_path / "pictures", 2)
    run_json("index", tmp_path / "pictures", "-c", tmp_path / "c", "--model", model)
    moved = model.rename(tmp_path / "moved")
    done = run("search", paths[0], "-c", tmp_path / "c")
    assert done.returncode == 1
    assert "--model" in error_line(done.stderr)
    answer = run_json("search", paths[0], "-c", tmp_path / "c", "--model", moved, "-k", 1)
    assert answer["hits"][0]["path"] == str(paths[0])


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "--crop", "0,0,1,1", "--text", "a dog"],
        ["search", "a.jpg", "--crop", "0,0,1"],
        ["search", "a.jpg", "--crop", "0,0,1.5,-1"],
        ["search", "a.jpg", "--min-score", "2"],
        ["search", "a.jpg", "-k", "0"],
        ["search", "a.jpg", "-k", "many"],
        ["index", "--nonsense"],
        ["nonsense"],
        ["index", ".", "--precision", "fp7"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Error: " in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["index", "-h"], ["--version"]])
def test_help_goes_to_stdout(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr == b""


def test_a_second_indexer_is_told(indexed: Indexed) -> None:
    store = LocalStore(str(indexed.collection))
    with store.write():
        done = run("index", "-c", indexed.collection)
    store.close()
    assert done.returncode == 1
    assert "another process is writing" in error_line(done.stderr)


def test_a_model_in_a_folder_of_any_name(tmp_path: Path, tiny_model: Path) -> None:
    model = os.fsdecode(os.fsencode(tmp_path) + b"/model-\xff")
    shutil.copytree(tiny_model, model)
    pictures = write_gallery(tmp_path / "pictures", 3)
    run_json("index", tmp_path / "pictures", "-c", tmp_path / "c", "--model", model)
    answer = run_json("search", pictures[0], "-c", tmp_path / "c")
    assert answer["hits"][0]["path"] == str(pictures[0])
