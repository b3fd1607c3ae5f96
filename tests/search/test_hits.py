"""From a query to hits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lookalike.decode import decode
from lookalike.encoders import load
from lookalike.errors import DecodeError, QueryError
from lookalike.search import embed_query
from lookalike.search.hits import nearest
from lookalike.store import Changes, ExactStore, StoredFile
from lookalike.types import Query, Where
from tests.support.encoder import CountingEncoder
from tests.support.pictures import encoded
from tests.support.records import encoder_identity, put, unit, units


@pytest.fixture
def store() -> ExactStore:
    store = ExactStore(encoder_identity())
    with store.write() as writer:
        writer.apply(put(*((f"/p/{n}", n) for n in range(9))))
    return store


def test_hits_come_nearest_first_with_score_and_distance(store: ExactStore) -> None:
    hits = nearest(store, units(4), Query(), 5)
    scores = (units(4) @ units(*range(9)).T)[0]
    order = np.argsort(-scores)[:5]
    assert [hit.path for hit in hits] == [f"/p/{n}" for n in order]
    np.testing.assert_allclose([hit.score for hit in hits], scores[order], atol=1e-3)
    for hit in hits:
        assert hit.distance == 1 - hit.score
        assert (hit.width, hit.height) == (40 + int(hit.path[-1]) % 7, 30)
        assert store.get([hit.id])[0].file.path == hit.path


def test_scores_stay_within_what_a_cosine_can_be() -> None:
    store = ExactStore(encoder_identity())
    with store.write() as writer:
        writer.apply(put(*((f"/p/{n}", n) for n in range(200))))
        writer.apply(Changes(put=put(("/p/opposite", 3)).put, vectors=[np.asarray(-unit(3))]))
    for seed in range(200):
        for hit in nearest(store, units(seed), Query(), 201):
            assert -1 <= hit.score <= 1
            assert 0 <= hit.distance <= 2


def test_an_empty_collection_has_no_hits() -> None:
    assert nearest(ExactStore(encoder_identity()), units(1), Query(), 3) == []


def test_a_k_below_one_is_refused(store: ExactStore) -> None:
    with pytest.raises(QueryError):
        nearest(store, units(1), Query(), 0)


def test_pages_follow_each_other(store: ExactStore) -> None:
    every = nearest(store, units(4), Query(), 9)
    pages = [nearest(store, units(4), Query(), 4, offset) for offset in (0, 4, 8, 12)]
    assert [hit for page in pages for hit in page] == every
    with pytest.raises(QueryError, match="offset at least 0"):
        nearest(store, units(4), Query(), 4, -1)


def test_what_is_left_out_costs_no_hits(store: ExactStore) -> None:
    every = nearest(store, units(4), Query(), 9)
    out = {every[0].id, every[3].id, 12345}
    kept = [hit for hit in every if hit.id not in out]
    assert nearest(store, units(4), Query(), 5, 0, out) == kept[:5]
    assert nearest(store, units(4), Query(), 5, 3, out) == kept[3:8]


def test_a_least_score_and_a_filter(store: ExactStore) -> None:
    every = nearest(store, units(4), Query(), 9)
    enough = Query(min_score=every[2].score)
    assert nearest(store, units(4), enough, 9) == every[:3]
    assert nearest(store, units(4), enough, 9, 2) == every[2:3]
    wide = Query(where=Where(min_width=44))
    found = [hit.id for hit in nearest(store, units(4), wide, 9)]
    assert found == [hit.id for hit in every if hit.width >= 44]


def test_a_picture_removed_between_search_and_look_up_is_left_out(
    store: ExactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = store.page(4, 1)[0].id
    real = store.get

    def without(ids: Sequence[int]) -> list[StoredFile]:
        return [item for item in real(ids) if item.id != gone]

    monkeypatch.setattr(store, "get", without)
    hits = nearest(store, units(4), Query(), 9)
    assert len(hits) == 8
    assert gone not in [hit.id for hit in hits]


def test_a_query_is_embedded_as_the_indexer_does() -> None:
    encoder = CountingEncoder()
    data = encoded(5, width=300, height=200)
    embedded = embed_query(encoder, data)
    assert embedded.shape == (1, encoder.dimension)
    picture = decode(data, at_least=encoder.decode_hint)
    np.testing.assert_array_equal(embedded, encoder.embed(encoder.prepare(picture)[None]))


def test_a_query_that_is_no_picture_is_refused() -> None:
    with pytest.raises(DecodeError, match="not a picture"):
        embed_query(CountingEncoder(), b"no picture")


def test_the_tiny_model_works_as_every_other(tiny_model: Path) -> None:
    encoder = load(tiny_model)
    a, b = (embed_query(encoder, encoded(seed)) for seed in (1, 2))
    assert np.linalg.norm(a) == pytest.approx(1, abs=1e-5)
    assert float(a[0] @ b[0]) < 0.95
