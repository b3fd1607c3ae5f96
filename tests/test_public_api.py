"""The sealed public names, and what `import lookalike` costs."""

import inspect
import re
from pathlib import Path

import pytest

import lookalike
from lookalike import errors
from tests.support.pictures import write_gallery
from tests.support.process import python

NAMES = [
    "Collection",
    "Example",
    "Hit",
    "IndexProgress",
    "IndexSummary",
    "LookalikeError",
    "Query",
    "Rules",
    "Skipped",
    "Status",
    "Where",
    "__version__",
    "open",
    "save",
]


def test_the_public_names_are_these() -> None:
    assert lookalike.__all__ == NAMES
    assert dir(lookalike) == NAMES
    for name in NAMES:
        assert getattr(lookalike, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'opn'"):
        lookalike.opn  # noqa: B018


def test_every_public_name_has_a_docstring() -> None:
    for name in NAMES:
        value = getattr(lookalike, name)
        if name == "__version__":
            continue
        assert inspect.getdoc(value), name
        for method, member in vars(value).items() if inspect.isclass(value) else ():
            if not method.startswith("_") and (
                inspect.isfunction(member) or isinstance(member, property)
            ):
                assert inspect.getdoc(member), f"{name}.{method}"


def test_every_error_is_one_of_ours_and_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for name, value in vars(errors).items():
        if inspect.isclass(value) and name != "LookalikeError":
            assert issubclass(value, lookalike.LookalikeError)
            assert re.search(rf"─ {name}\b", drawn), f"{name} is not in the module's tree"
            assert inspect.getdoc(value)


def test_importing_pulls_in_nothing() -> None:
    code = "import sys, lookalike; print(*sorted(sys.modules))"
    loaded = set(python(code).stdout.split())
    heavy = {
        "numpy",
        "PIL",
        "faiss",
        "openvino",
        "onnxruntime",
        "sqlite3",
        "httpx2",
        "click",
        "fastapi",
        "rich",
        "msgspec",
        "tokenizers",
        "platformdirs",
        "torch",
    }
    assert not loaded & heavy
    assert {name for name in loaded if name.startswith("lookalike")} == {"lookalike"}


def test_the_errors_need_no_numpy() -> None:
    code = "import sys, lookalike.errors; print('numpy' in sys.modules)"
    assert python(code).stdout == "False\n"


def test_a_collection_as_in_a_notebook(tmp_path: Path, tiny_model: Path) -> None:
    paths = write_gallery(tmp_path / "pictures", 12)
    with lookalike.open(tmp_path / "photos.lookalike", model=tiny_model) as photos:
        summary = photos.index(tmp_path / "pictures")
        assert isinstance(summary, lookalike.IndexSummary)
        assert (summary.added, summary.skipped) == (12, [])
        hits = photos.search(paths[4], k=5)
        assert isinstance(hits[0], lookalike.Hit)
        assert hits[0].path == str(paths[4])
        assert hits[0].score >= 0.999
        assert len(hits) == 5
        assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
        for hit in hits:
            assert hit.distance == pytest.approx(1 - hit.score)
        assert photos.search(paths[4].read_bytes(), k=1)[0].path == str(paths[4])
        assert photos.search(hits[0].id, k=1)[0].id == hits[0].id
        status = photos.status()
        assert isinstance(status, lookalike.Status)
        assert (status.images, status.dimension, status.skipped) == (12, 64, 0)
    # The next process needs no model named.
    with lookalike.open(tmp_path / "photos.lookalike") as photos:
        assert photos.search(paths[4], k=1)[0].path == str(paths[4])
