"""Downloads through huggingface_hub, by real child processes, from a hub on loopback."""

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.encoders import BUNDLED, CATALOGUE
from tests.support.two_towers import (
    picture_side,
    text_side,
    tokenizer,
    tongue_table,
    unigrams,
    write_colours,
)

from .hub import Hub, serve
from .models import Graph

_FILE = "Qdrant/resnet50-onnx/model.onnx"


def _stand_in() -> bytes:
    """A graph with the ports of the published ResNet50, 2048-d, and 2 MB of weights."""
    random = np.random.default_rng(5)
    graph = Graph()
    weights = random.normal(0, 0.1, (2048, 3, 9, 9)).astype(np.float32)
    graph.add("Conv", ["pixel_values", graph.value(weights)], "conv", strides=[9, 9])
    graph.add("Relu", ["conv"], "relu")
    graph.add("GlobalAveragePool", ["relu"], "embedding")
    return graph.model({"embedding": ["n", 2048, 1, 1]})


MODEL = _stand_in()

# The hub's client writes in pieces of 10 MB; only what is larger can be resumed.
_LARGE = np.random.default_rng(7).bytes(24_000_000)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve({_FILE: MODEL}) as hub:
        yield hub


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "hf"


def _run(home: Path, endpoint: str, *command: str, **variables: str) -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment.update(HF_HOME=str(home), HF_ENDPOINT=endpoint, NO_PROXY="*", **variables)
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


_MAIN = "from lookalike.cli import main; main()"


def _lookalike(home: Path, endpoint: str, *words: str, **variables: str) -> tuple[int, str, str]:
    return _run(home, endpoint, "-c", _MAIN, *words, **variables)


def test_a_download_is_used_offline_from_then_on(hub: Hub, home: Path, tmp_path: Path) -> None:
    code, out, err = _lookalike(home, hub.url, "models", "pull", "resnet50")
    assert (code, err) == (0, "")
    assert hashlib.sha256(MODEL).hexdigest() in out
    assert hub.gets() == [None]

    asked = len(hub.requests)
    code, again, err = _lookalike(home, hub.url, "models", "pull", "resnet50", HF_HUB_OFFLINE="1")
    assert (code, again, err) == (0, out, "")
    code, again, err = _lookalike(home, hub.url, "models", "pull", "resnet50")
    assert (code, again, err) == (0, out, "")
    assert len(hub.requests) == asked

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    random = np.random.default_rng(3)
    for n in range(5):
        small = random.integers(0, 256, (8, 10, 3), dtype=np.uint8)
        Image.fromarray(small).resize((320, 240)).save(pictures / f"{n}.jpg")
    collection = str(tmp_path / "c")
    code, out, err = _lookalike(
        home,
        hub.url,
        "index",
        str(pictures),
        "-c",
        collection,
        "--model",
        "resnet50",
        "--json",
        HF_HUB_OFFLINE="1",
    )
    assert code == 0, err
    assert json.loads(out)["added"] == 5
    code, out, err = _lookalike(
        home, hub.url, "search", str(pictures / "3.jpg"), "-c", collection, "--json"
    )
    assert code == 0, err
    first, second = json.loads(out)["hits"][:2]
    assert first["path"] == str(pictures / "3.jpg")
    assert first["score"] >= 0.999 > second["score"]
    code, out, err = _lookalike(home, hub.url, "status", "-c", collection, "--json")
    assert json.loads(out)["model"]["sha256"] == hashlib.sha256(MODEL).hexdigest()
    assert json.loads(out)["dimension"] == 2048
    assert len(hub.requests) == asked


def test_the_console_script(hub: Hub, home: Path) -> None:
    script = Path(sys.executable).with_name("lookalike")
    if not script.exists():
        pytest.skip("the package is not installed here")
    code, out, err = _run(home, hub.url, str(script), "models", "pull", "resnet50")
    assert (code, err) == (0, "")
    assert out.startswith("resnet50 is at ")


def test_the_list_says_what_is_downloaded(hub: Hub, home: Path) -> None:
    def downloaded() -> dict[str, bool]:
        code, out, err = _lookalike(home, hub.url, "models", "list", "--json")
        assert (code, err) == (0, "")
        rows = json.loads(out)["models"]
        return {row["name"]: row["downloaded"] for row in rows if row["name"] not in BUNDLED}

    assert not any(downloaded().values())
    _lookalike(home, hub.url, "models", "pull", "resnet50")
    assert [name for name, here in downloaded().items() if here] == ["resnet50"]


def test_a_dropped_connection_is_resumed_where_it_broke(hub: Hub, home: Path) -> None:
    hub.files[_FILE] = _LARGE
    hub.drop_after = 15_000_000
    code, out, _ = _lookalike(home, hub.url, "models", "pull", "resnet50")
    assert code == 0
    assert hashlib.sha256(_LARGE).hexdigest() in out
    first, second = hub.gets()
    assert first is None
    assert 0 < _start(second) <= 15_000_000


def test_a_killed_download_leaves_nothing_that_is_taken_for_the_model(hub: Hub, home: Path) -> None:
    hub.files[_FILE] = _LARGE
    hub.drop_after = 15_000_000
    hub.stalled = threading.Event()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment.update(HF_HOME=str(home), HF_ENDPOINT=hub.url, NO_PROXY="*")
    with subprocess.Popen(
        [sys.executable, "-c", _MAIN, "models", "pull", "resnet50"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert hub.stalled.wait(60)
        child.kill()
    hub.stalled = None
    hub.go_on.set()
    code, out, err = _lookalike(home, hub.url, "models", "pull", "resnet50", HF_HUB_OFFLINE="1")
    assert code == 1
    _one_sentence(err)
    code, out, err = _lookalike(home, hub.url, "models", "pull", "resnet50")
    assert (code, err) == (0, "")
    assert hashlib.sha256(_LARGE).hexdigest() in out


def _start(range_: str | None) -> int:
    assert range_ is not None
    return int(range_.removeprefix("bytes=").rstrip("-"))


_PINNED = """
import sys
from dataclasses import replace
from lookalike.encoders import catalogue
from lookalike.cli import main
entry = catalogue.CATALOGUE["resnet50"]
catalogue.CATALOGUE["resnet50"] = replace(entry, sha256=sys.argv.pop(1))
main()
"""


def _pinned(home: Path, hub: Hub, sha256: str) -> tuple[int, str, str]:
    return _run(home, hub.url, "-c", _PINNED, sha256, "models", "pull", "resnet50")


def test_another_file_than_the_pinned_one_is_deleted(hub: Hub, home: Path) -> None:
    right = hashlib.sha256(MODEL).hexdigest()
    hub.files[_FILE] = MODEL[:-1] + b"!"
    code, out, err = _pinned(home, hub, right)
    assert (code, out) == (1, "")
    assert "is not the one that is expected" in err
    assert "it was deleted" in err
    assert len(err.splitlines()) == 1
    assert [f for f in home.rglob("*") if f.is_file() and f.stat().st_size > 1_000_000] == []

    hub.files[_FILE] = MODEL
    assert _pinned(home, hub, right)[0] == 0


def test_a_file_that_was_altered_in_the_cache_is_not_trusted(hub: Hub, home: Path) -> None:
    right = hashlib.sha256(MODEL).hexdigest()
    assert _pinned(home, hub, right)[0] == 0
    (blob,) = {f.resolve() for f in home.rglob("model.onnx")}
    blob.write_bytes(MODEL[:-1] + b"!")
    code, _, err = _pinned(home, hub, right)
    assert code == 1
    assert "is not the one that is expected" in err
    assert _pinned(home, hub, right)[0] == 0


def _one_sentence(err: str) -> str:
    (line,) = err.splitlines()
    assert line.startswith("lookalike: cannot download resnet50 (Qdrant/resnet50-onnx, 100 MB): ")
    assert "give a model by path: --model FOLDER" in line
    assert "models pull resnet50" in line
    return line


def test_offline_without_a_copy(hub: Hub, home: Path) -> None:
    code, out, err = _lookalike(home, hub.url, "models", "pull", "resnet50", HF_HUB_OFFLINE="1")
    assert (code, out) == (1, "")
    assert "offline mode is on (HF_HUB_OFFLINE)" in _one_sentence(err)
    assert hub.requests == []


def _drained(terminal: io.FileIO) -> str:
    """What was written to a terminal that nobody writes to any more."""
    pieces = []
    with contextlib.suppress(OSError):  # Linux reports the other side's end so
        while piece := terminal.read(4096):
            pieces.append(piece)
    return b"".join(pieces).decode()


def test_a_progress_bar_where_stderr_is_a_terminal(hub: Hub, home: Path) -> None:
    pty = pytest.importorskip("pty")
    hub.files[_FILE] = _LARGE
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment.update(HF_HOME=str(home), HF_ENDPOINT=hub.url, NO_PROXY="*", TERM="xterm")
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, "models", "pull", "resnet50"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=100,
        check=True,
    )
    os.close(theirs)
    with open(ours, "rb", buffering=0) as terminal:
        shown = _drained(terminal)
    assert "model.onnx" in shown
    assert "100%" in shown
    assert done.stdout.startswith(b"resnet50 is at ")


def test_a_hub_that_cannot_be_reached(home: Path) -> None:
    with serve({}) as gone:
        pass
    code, out, err = _lookalike(home, gone.url, "models", "pull", "resnet50")
    assert (code, out) == (1, "")
    assert "the hub cannot be reached" in _one_sentence(err)


def test_a_file_that_the_hub_has_not(hub: Hub, home: Path) -> None:
    hub.files.clear()
    code, out, err = _lookalike(home, hub.url, "models", "pull", "resnet50")
    assert (code, out) == (1, "")
    assert "404" in _one_sentence(err)


def test_words_come_with_clip(home: Path, tmp_path: Path) -> None:
    pictures, collection = tmp_path / "pictures", str(tmp_path / "c")
    write_colours(pictures, 2)
    tokens = tokenizer().to_str().encode()
    files = {
        "Qdrant/clip-ViT-B-32-vision/model.onnx": picture_side(),
        "Qdrant/clip-ViT-B-32-text/model.onnx": text_side(),
        "Qdrant/clip-ViT-B-32-text/tokenizer.json": tokens,
    }
    with serve(files) as hub:
        code, out, err = _lookalike(home, hub.url, "models", "pull", "clip-vit-b32")
        assert (code, err) == (0, "")
        for data in files.values():
            assert hashlib.sha256(data).hexdigest() in out
    index = ("index", str(pictures), "-c", collection, "--model", "clip-vit-b32", "--json")
    code, _, err = _lookalike(home, hub.url, *index, HF_HUB_OFFLINE="1")
    assert code == 0, err
    search = ("search", "--text", "A photo of the BLUE house", "-c", collection, "--json")
    code, out, err = _lookalike(home, hub.url, *search, HF_HUB_OFFLINE="1")
    assert code == 0, err
    answer = json.loads(out)
    assert answer["query"] == "“A photo of the BLUE house”"
    paths = [hit["path"] for hit in answer["hits"]]
    assert sorted(paths[:2]) == [str(pictures / f"blue {n}.png") for n in range(2)]
    mixed = (*search, str(pictures / "red 0.png"), "--text-weight", "0.1", "-k", "2")
    code, out, err = _lookalike(home, hub.url, *mixed, HF_HUB_OFFLINE="1")
    assert code == 0, err
    paths = [hit["path"] for hit in json.loads(out)["hits"]]
    assert sorted(paths) == [str(pictures / f"red {n}.png") for n in range(2)]


def test_words_of_several_languages_from_the_hub(home: Path, tmp_path: Path) -> None:
    """What the hub has in the place of a text side and its tokenizer is used as it says itself."""
    pictures, collection = tmp_path / "pictures", str(tmp_path / "c")
    write_colours(pictures, 2)
    files = {
        "Qdrant/clip-ViT-B-32-vision/model.onnx": picture_side(),
        "Qdrant/clip-ViT-B-32-text/model.onnx": text_side(table=tongue_table(unigrams())),
        "Qdrant/clip-ViT-B-32-text/tokenizer.json": unigrams().to_str().encode(),
    }
    with serve(files) as hub:
        index = ("index", str(pictures), "-c", collection, "--model", "clip-vit-b32", "--json")
        code, _, err = _lookalike(home, hub.url, *index)
        assert code == 0, err
    search = ("search", "--text", "дом 青い家", "-c", collection, "-k", "2", "--json")
    code, out, err = _lookalike(home, hub.url, *search, HF_HUB_OFFLINE="1")
    assert code == 0, err
    paths = [hit["path"] for hit in json.loads(out)["hits"]]
    assert sorted(paths) == [str(pictures / f"blue {n}.png") for n in range(2)]


def test_indexing_without_a_network_says_how_to_go_on(hub: Hub, home: Path, tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    code, out, err = _lookalike(
        home,
        hub.url,
        "index",
        str(tmp_path),
        "-c",
        str(tmp_path / "c"),
        "--model",
        "resnet50",
        HF_HUB_OFFLINE="1",
    )
    assert (code, out) == (1, "")
    _one_sentence(err)


def test_an_unknown_name_is_wrong_usage(hub: Hub, home: Path) -> None:
    code, _, err = _lookalike(home, hub.url, "models", "pull", "resnet51")
    assert code == 2
    assert "resnet50, clip-vit-b32, unicom-vit-b16" in err


def test_what_a_pin_looks_like() -> None:
    assert replace(CATALOGUE["resnet50"], sha256="0" * 64).sha256 == "0" * 64
