"""Queries of every kind against a collection of real files."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import DecodeError, QueryError, SourceError
from lookalike.indexer import index
from lookalike.search import Looks, Searcher, embed_query
from lookalike.store import ExactStore
from lookalike.types import Asked, Embeddings, Example, Query, Where
from tests.support.encoder import CountingEncoder
from tests.support.pictures import encoded, write_gallery


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_gallery(tmp_path_factory.mktemp("gallery"), 12)


@pytest.fixture(scope="module")
def store(paths: list[Path]) -> ExactStore:
    encoder = CountingEncoder()
    store = ExactStore(encoder.identity)
    index(store, encoder, [str(paths[0].parent)])
    return store


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def searcher(store: ExactStore, encoder: CountingEncoder) -> Searcher:
    return Searcher(store, lambda: encoder, Looks())


def ids(store: ExactStore) -> dict[str, int]:
    return {item.file.path: item.id for item in store.page(0, 99)}


def of(*pictures: Asked, against: tuple[Asked, ...] = (), **options: object) -> Query:
    return Query(
        positives=tuple(map(Example, pictures)),
        negatives=tuple(map(Example, against)),
        **options,  # type: ignore[arg-type]
    )


WAYS: dict[str, Callable[[Path], Asked]] = {
    "path": lambda path: path,
    "text": str,
    "bytes": lambda path: path.read_bytes(),
    "image": Image.open,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_in_every_form(searcher: Searcher, paths: list[Path], way: str) -> None:
    hits = searcher.search(of(WAYS[way](paths[5])), 3)
    assert hits[0].path == str(paths[5])
    assert hits[0].score > 0.999
    assert len(hits) == 3


def test_a_picture_of_the_collection_needs_no_encoder(store: ExactStore, paths: list[Path]) -> None:
    def no_encoder() -> CountingEncoder:
        raise AssertionError("the encoder was loaded")

    known = ids(store)
    searcher = Searcher(store, no_encoder, Looks())
    query = of(known[str(paths[3])], known[str(paths[4])], against=(known[str(paths[5])],))
    assert len(searcher.search(query, 4)) == 4


def test_several_pictures_are_embedded_in_one_batch(
    searcher: Searcher, encoder: CountingEncoder, paths: list[Path], store: ExactStore
) -> None:
    calls: list[int] = []
    embed = encoder.embed
    encoder.embed = lambda batch: calls.append(len(batch)) or embed(batch)  # type: ignore[method-assign,func-returns-value]
    mixed = of(paths[0], ids(store)[str(paths[1])], encoded(2), against=(str(paths[3]),))
    vector = searcher.embed(mixed)
    assert calls == [3]
    one: list[Embeddings] = [searcher.embed(of(example.picture)) for example in mixed.positives]
    mean = sum(one) / 3 - 0.5 * searcher.embed(of(paths[3]))
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-3)


def test_for_and_against(searcher: Searcher, paths: list[Path]) -> None:
    both = searcher.search(of(paths[0], paths[1]), 2)
    assert {hit.path for hit in both} == {str(paths[0]), str(paths[1])}
    less = {hit.path: hit.score for hit in searcher.search(of(paths[0], against=(paths[1],)), 99)}
    plain = {hit.path: hit.score for hit in searcher.search(of(paths[0]), 99)}
    assert less[str(paths[1])] < plain[str(paths[1])]


def test_a_weight_pulls(searcher: Searcher, paths: list[Path]) -> None:
    query = Query(positives=(Example(paths[0], 1.0), Example(paths[1], 4.0)))
    assert searcher.search(query, 1)[0].path == str(paths[1])


def test_each_picture_has_its_own_crop(searcher: Searcher) -> None:
    wide = Image.new("RGB", (144, 64))
    for place, seed in enumerate((2, 7)):
        with Image.open(BytesIO(encoded(seed, "PNG"))) as picture:
            wide.paste(picture, (72 * place, 0))
    halves = [Example(wide, crop=(0.5 * place, 0.0, 0.5, 1.0)) for place in (0, 1)]
    for half, seed in zip(halves, (2, 7), strict=True):
        expected = embed_query(CountingEncoder(), encoded(seed, "PNG"))
        vector = searcher.embed(Query(positives=(half,)))
        np.testing.assert_allclose(vector, expected, atol=1e-3)
    found = {hit.path[-8:-4] for hit in searcher.search(Query(positives=tuple(halves)), 2)}
    assert found == {"0002", "0007"}


def test_a_part_of_a_picture_of_the_collection(
    searcher: Searcher, paths: list[Path], store: ExactStore
) -> None:
    crop = (0.25, 0.0, 0.5, 1.0)
    by_id = searcher.embed(Query(positives=(Example(ids(store)[str(paths[4])], crop=crop),)))
    by_path = searcher.embed(Query(positives=(Example(paths[4], crop=crop),)))
    np.testing.assert_array_equal(by_id, by_path)
    assert float(by_id[0] @ searcher.embed(of(paths[4]))[0]) < 0.999


def test_the_query_itself_is_left_out_only_when_asked(
    searcher: Searcher, paths: list[Path], store: ExactStore
) -> None:
    known = ids(store)
    for query in (of(paths[0], paths[1]), of(known[str(paths[0])], known[str(paths[1])])):
        own = {str(paths[0]), str(paths[1])}
        assert own <= {hit.path for hit in searcher.search(query, 12)}
        without = of(*(example.picture for example in query.positives), exclude=True)
        hits = searcher.search(without, 10)
        assert len(hits) == 10
        assert not own & {hit.path for hit in hits}
    image = of(Image.open(paths[0]), exclude=True)
    assert len(searcher.search(image, 12)) == 12, "pixels have no content that could be compared"


def test_an_address_is_read_once(
    searcher: Searcher, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def read(name: str) -> bytes:
        asked.append(name)
        return paths[0].read_bytes()

    monkeypatch.setattr("lookalike.source.read", read)
    url = "https://example.org/a.jpg"
    searcher.search(of(url, exclude=True), 3)
    assert asked == [url]


def test_filters_and_pages(searcher: Searcher, paths: list[Path]) -> None:
    png = Where(format=("PNG",))
    every = searcher.search(of(paths[0], where=png), 99)
    assert len(every) == 6
    assert {hit.format for hit in every} == {"PNG"}
    assert searcher.search(of(paths[0], where=png), 2, 3) == every[3:5]


def test_errors_name_the_picture(searcher: Searcher, paths: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    with pytest.raises(DecodeError, match=r"cannot search by .*bad\.jpg: .*not a picture"):
        searcher.search(of(paths[0], bad), 1)
    with pytest.raises(SourceError, match=r"cannot search by .*gone\.jpg: "):
        searcher.search(of(paths[0], tmp_path / "gone.jpg"), 1)
    with pytest.raises(QueryError, match="no picture 999"):
        searcher.search(of(paths[0], 999), 1)
    with pytest.raises(QueryError, match="no picture 999"):
        searcher.search(Query(positives=(Example(999, crop=(0.0, 0.0, 0.5, 0.5)),)), 1)


def test_queries_that_make_no_sense(searcher: Searcher, paths: list[Path]) -> None:
    with pytest.raises(QueryError, match="at least one picture"):
        searcher.search(Query(), 1)
    with pytest.raises(QueryError, match="at least one picture"):
        searcher.search(of(against=(paths[0],)), 1)
    with pytest.raises(QueryError, match="understands no words"):
        searcher.search(of(paths[0], text="a dog"), 1)
    with pytest.raises(QueryError, match="above 0"):
        searcher.search(Query(positives=(Example(paths[0], 0),)), 1)
