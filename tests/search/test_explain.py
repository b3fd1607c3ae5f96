"""Explanations of hits: where a picture holds what was asked by, and what they cost."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import QueryError, SourceError
from lookalike.indexer import index
from lookalike.search import Explainer, Looks, Searcher
from lookalike.store import ExactStore
from lookalike.types import Asked, Example, Explanation, Heat, Query
from tests.support.encoder import CountingEncoder
from tests.support.pictures import draw


class Library:
    """A collection in memory whose pictures are halves of each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        left, right, other = draw(1, 120, 240), draw(2, 120, 240), draw(3, 120, 240)
        for name, halves in (("both", (left, right)), ("left", (left, other))):
            picture = Image.new("RGB", (240, 240))
            picture.paste(halves[0], (0, 0))
            picture.paste(halves[1], (120, 0))
            picture.save(folder / f"{name}.png")
        draw(4, 240, 240).save(folder / "none.png")
        self.encoder = CountingEncoder()
        self.store = ExactStore(self.encoder.identity)
        index(self.store, self.encoder, [str(folder)])
        self.ids = {Path(item.file.path).stem: item.id for item in self.store.page(0, 9)}
        self.explainer = Explainer()

    def explain(self, query: Query, name: str) -> Explanation:
        searcher = Searcher(self.store, lambda: self.encoder, Looks())
        return self.explainer.explain(self.store, self.encoder, searcher, query, self.ids[name])


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def of(*pictures: Asked, **options: object) -> Query:
    return Query(positives=tuple(map(Example, pictures)), **options)  # type: ignore[arg-type]


def on_the_left(heat: Heat) -> float:
    """The share of the heat that lies in the left half."""
    return float(heat.shares[:, : heat.shares.shape[1] // 2].sum() / heat.shares.sum())


def test_the_heat_lies_on_what_both_have(library: Library) -> None:
    found = library.explain(of(library.ids["both"]), "left")
    [hit] = [
        hit
        for hit in Searcher(library.store, lambda: library.encoder, Looks()).search(
            of(library.ids["both"]), 3
        )
        if hit.id == library.ids["left"]
    ]
    assert found.score == pytest.approx(hit.score, abs=2e-3)
    assert found.query is not None
    for heat in (found.query, found.image):
        assert (heat.width, heat.height, heat.part) == (240, 240, (0, 0, 1, 1))
        assert heat.shares.max() == 1
        assert heat.shares.min() >= 0
        assert heat.fall > 0.01
        assert on_the_left(heat) > 0.8


@pytest.mark.parametrize("crop", [(0.0, 0.0, 0.5, 1.0), (0, 0, 120, 240)])
def test_the_heat_covers_the_crop(
    library: Library, crop: tuple[float, float, float, float]
) -> None:
    query = Query(positives=(Example(library.ids["both"], crop=crop),))
    heat = library.explain(query, "left").query
    assert heat is not None
    assert list(heat.part) == [0, 0, 0.5, 1]
    assert [heat.width, heat.height] == [120, 240]
    rows, columns = heat.shares.shape
    assert rows > columns


def test_several_pictures_and_those_against(library: Library) -> None:
    ids = library.ids
    query = Query(
        positives=(Example(ids["both"]), Example(ids["none"], weight=0.5)),
        negatives=(Example(ids["none"], crop=(0.0, 0.0, 0.5, 0.5)),),
    )
    found = library.explain(query, "left")
    assert found.query is not None
    assert on_the_left(found.query) > 0.8
    assert on_the_left(found.image) > 0.8


def test_the_cost_is_bounded_and_paid_once(library: Library) -> None:
    query = of((library.folder / "both.png").read_bytes())
    library.encoder.seen = 0
    first = library.explain(query, "left")
    assert library.encoder.seen < 130
    library.encoder.seen = 0
    assert library.explain(of(library.folder / "both.png"), "left") is first
    assert library.explain(of(library.ids["both"]), "left") is first, "the same content"
    assert library.encoder.seen == 0
    assert library.explain(of(library.ids["none"]), "left") is not first
    with Image.open(library.folder / "both.png") as image:
        assert library.explain(of(image), "left").score == pytest.approx(first.score, abs=1e-5)


def test_only_the_last_ones_are_kept(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.search.explain._KEPT", 1)
    first = library.explain(of(library.ids["both"]), "left")
    library.explain(of(library.ids["none"]), "left")
    again = library.explain(of(library.ids["both"]), "left")
    assert again is not first
    np.testing.assert_array_equal(again.image.shares, first.image.shares)


def test_what_cannot_be_explained(library: Library) -> None:
    library.ids["gone"] = 99
    with pytest.raises(QueryError, match="no picture 99"):
        library.explain(of(library.ids["both"]), "gone")
    with pytest.raises(QueryError, match="at least one picture"):
        library.explain(Query(), "left")
    (library.folder / "left.png").unlink()
    with pytest.raises(SourceError, match=f"picture {library.ids['left']}"):
        library.explain(of(library.ids["both"]), "left")
