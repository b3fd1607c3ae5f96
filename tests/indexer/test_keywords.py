"""Keywords of files become labels, once, and follow the files from then on."""

from pathlib import Path

import pytest

from lookalike.types import Rules
from tests.indexer.conftest import Library
from tests.support.films import write_film
from tests.support.keywords import jpeg, xmp
from tests.support.pictures import write_picture


def labels(library: Library) -> dict[str, list[str]]:
    """By the picture's name."""
    items = library.store.page(0, 100)
    found = library.store.labels([item.id for item in items])
    return {Path(item.file.path).name: found.get(item.id, []) for item in items}


@pytest.fixture
def photo(library: Library) -> Path:
    path = library.root / "a.jpg"
    path.write_bytes(jpeg(1, xmp("sea", "dunes")))
    return path


def test_keywords_become_labels(library: Library, photo: Path) -> None:
    library.index()
    assert labels(library) == {"a.jpg": ["dunes", "sea"]}


def test_a_label_that_was_taken_off_does_not_come_back(library: Library, photo: Path) -> None:
    library.index()
    library.store.set_labels({library.ids()[str(photo)]: ["sea", "mine"]})
    photo.write_bytes(jpeg(1, xmp("sea", "dunes")) + b"touched")
    library.index()
    assert labels(library) == {"a.jpg": ["mine", "sea"]}
    photo.rename(library.root / "b.jpg")
    library.index()
    assert labels(library) == {"b.jpg": ["mine", "sea"]}
    (library.root / "b.jpg").write_bytes(jpeg(1, xmp("dunes", "boat")))
    library.index()
    assert labels(library) == {"b.jpg": ["boat", "mine"]}, "what the file says anew, and no more"


def test_sidecars(library: Library) -> None:
    write_picture(library.root / "a.jpg", 1)
    write_picture(library.root / "b.JPG", 2)
    write_picture(library.root / "c.jpg", 3)
    (library.root / "a.xmp").write_bytes(xmp("sea"))
    (library.root / "a.jpg.xmp").write_bytes(xmp("dunes"))
    (library.root / "b.jpg.XMP").write_bytes(xmp("boat"))
    (library.root / "d.xmp").write_bytes(xmp("nobody's"))
    assert library.index().added == 3
    assert labels(library) == {"a.jpg": ["dunes", "sea"], "b.JPG": ["boat"], "c.jpg": []}
    again = library.index()
    assert (again.unchanged, library.encoder.seen) == (3, 0)

    # A sidecar that comes, changes or goes is noticed; the picture itself is not encoded again.
    (library.root / "c.xmp").write_bytes(xmp("late"))
    (library.root / "a.xmp").write_bytes(xmp("ocean"))
    (library.root / "b.jpg.XMP").unlink()
    assert library.index().unchanged == 3
    assert library.encoder.seen == 0
    assert labels(library) == {"a.jpg": ["dunes", "ocean"], "b.JPG": [], "c.jpg": ["late"]}
    library.index(library.root / "a.jpg")
    assert labels(library)["a.jpg"] == ["dunes", "ocean"]


def test_a_film_and_its_sidecar(library: Library) -> None:
    write_film(library.root / "film.mp4")
    (library.root / "film.xmp").write_bytes(xmp("holiday"))
    library.index()
    items = library.store.page(0, 9)
    assert len(items) == 3
    assert set(map(tuple, library.store.labels([item.id for item in items]).values())) == {
        ("holiday",)
    }


def test_keywords_may_be_left_out_and_taken_in_again(library: Library, photo: Path) -> None:
    library.index(rules=Rules(keywords=False))
    assert labels(library) == {"a.jpg": []}
    library.store.set_labels({library.ids()[str(photo)]: ["mine"]})
    assert library.index().unchanged == 1, "the rule is kept"
    assert labels(library) == {"a.jpg": ["mine"]}
    library.index(rules=Rules())
    assert labels(library) == {"a.jpg": ["dunes", "mine", "sea"]}
    library.index(rules=Rules(keywords=False))
    assert labels(library) == {"a.jpg": ["mine"]}
    assert library.encoder.seen == 0
