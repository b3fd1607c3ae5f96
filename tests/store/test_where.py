"""Filters and labels: what both stores keep, with NumPy as the oracle."""

import os
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lookalike.errors import StoreError
from lookalike.store import Changes, ExactStore, FileRecord, LocalStore, Store, StoredFile
from lookalike.store.local import view
from lookalike.types import Facet, Facets, Ids, Rules, Where
from tests.support.records import encoder_identity, put, record, skip, unit, units

FOLDERS = ["/p", "/p/q", "/p/qr", "/p/q/r", "/ü", "/"]
CODECS = ["JPEG", "PNG", "WEBP"]
CAMERAS = [None, "Canon EOS R5", "NIKON D850", "Ä 1"]
LABELS = ["beach", "Straße", "Dog", "été"]
DAYS = [date(2020, 1, 1) + timedelta(days=n) for n in range(0, 300, 30)]
COUNT = 60


def taken(day: date, hour: int = 0, second: int = 0) -> int:
    """Seconds of a wall clock, as EXIF has them."""
    start = datetime(day.year, day.month, day.day, hour, 0, second, tzinfo=UTC)
    return int(start.timestamp())


def changed(day: date, hour: int = 0) -> int:
    """Nanoseconds of this machine's clock."""
    start = datetime(day.year, day.month, day.day, hour)
    return int(start.timestamp()) * 10**9


def gallery() -> tuple[list[FileRecord], list[list[str]]]:
    random = np.random.default_rng(5)

    def one_of(values: list[object]) -> object:
        return values[int(random.integers(len(values)))]

    files, labels = [], []
    for number in range(COUNT):
        day = DAYS[int(random.integers(len(DAYS)))]
        files.append(
            FileRecord(
                os.path.join(str(one_of([*FOLDERS])), f"{number:02d}.jpg"),
                int(random.integers(1, 6)) * 100,
                changed(day, 12),
                bytes([number]) * 16,
                int(random.integers(1, 6)) * 10,
                int(random.integers(1, 6)) * 10,
                str(one_of([*CODECS])),
                taken(DAYS[int(random.integers(len(DAYS)))], 12) if number % 3 else None,
                CAMERAS[number % len(CAMERAS)],
                1,
            )
        )
        labels.append([name for name in LABELS if random.random() < 0.3])
    return files, labels


FILES, LABELLED = gallery()


def fill(store: Store) -> None:
    vectors = [unit(seed) for seed in range(COUNT)]
    with store.write() as writer:
        writer.apply(Changes(put=FILES, vectors=vectors))
    store.set_labels({item.id: LABELLED[place] for place, item in enumerate(store.page(0, COUNT))})


def expected(where: Where) -> NDArray[np.int64]:
    """Places of the pictures that fit, column by column."""
    fits = np.ones(COUNT, dtype=bool)

    def keep(values: list[bool]) -> None:
        np.logical_and(fits, values, out=fits)

    day = [
        datetime.fromtimestamp(f.taken, UTC).date()
        if f.taken is not None
        else datetime.fromtimestamp(f.mtime_ns // 10**9).date()
        for f in FILES
    ]
    if where.folder is not None:
        prefix = where.folder.rstrip("/") + "/"
        keep([f.path.startswith(prefix) for f in FILES])
    if where.format:
        keep([f.format in where.format for f in FILES])
    if where.label:
        keep([bool(set(where.label) & set(names)) for names in LABELLED])
    if where.after is not None:
        keep([d >= where.after for d in day])
    if where.before is not None:
        keep([d < where.before for d in day])
    if where.min_width is not None:
        keep([f.width >= where.min_width for f in FILES])
    if where.min_height is not None:
        keep([f.height >= where.min_height for f in FILES])
    if where.min_bytes is not None:
        keep([f.size >= where.min_bytes for f in FILES])
    if where.max_bytes is not None:
        keep([f.size <= where.max_bytes for f in FILES])
    if where.camera is not None:
        keep([f.camera == where.camera for f in FILES])
    return np.flatnonzero(fits)


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


wheres = st.builds(
    Where,
    folder=maybe(st.sampled_from([*FOLDERS, "/p/q/", "/nowhere"])),
    format=st.lists(st.sampled_from(CODECS), max_size=2).map(tuple),
    label=st.lists(st.sampled_from([*LABELS, "cat"]), max_size=2).map(tuple),
    after=maybe(st.sampled_from(DAYS)),
    before=maybe(st.sampled_from(DAYS)),
    min_width=maybe(st.integers(0, 60)),
    min_height=maybe(st.integers(0, 60)),
    min_bytes=maybe(st.integers(0, 600)),
    max_bytes=maybe(st.integers(0, 600)),
    camera=maybe(st.sampled_from([name for name in CAMERAS if name])),
)


@pytest.fixture(scope="module", params=["exact", "local, few", "local, many"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A filled store; the local one reads few vectors one by one, and asks FAISS about many."""
    with pytest.MonkeyPatch.context() as patch:
        store: Store
        if request.param == "exact":
            store = ExactStore(encoder_identity())
        else:
            patch.setattr(view, "_GATHER", 0 if request.param == "local, many" else 1024)
            place = tmp_path_factory.mktemp("where") / "c"
            store = LocalStore.create(str(place), encoder_identity(), "")
        fill(store)
        yield store
        store.close()


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(where=wheres, k=st.sampled_from([1, 3, 100]), among=st.none() | st.sets(st.integers(0, 80)))
def test_filters_agree_with_numpy(
    filled: Store, where: Where, k: int, among: set[int] | None
) -> None:
    ids = np.array([item.id for item in filled.page(0, COUNT)])
    places = expected(where)
    assert filled.count(where) == len(places)
    assert [item.id for item in filled.page(0, COUNT, where)] == ids[places].tolist()
    assert [item.id for item in filled.page(2, 3, where)] == ids[places[2:5]].tolist()
    chosen: Ids | None = None
    if among is not None:
        chosen = np.array([*ids[[n for n in among if n < COUNT]], 10_000 + len(among)])
        places = np.array([place for place in places if ids[place] in chosen], dtype=np.int64)
    queries = units(100, 101)
    scores = queries @ units(*range(COUNT)).astype(np.float16).astype(np.float32)[places].T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    found = filled.search(queries, k, where=where, ids=chosen)
    assert found.ids.shape == (2, min(k, len(places))), "a filter never costs hits"
    np.testing.assert_array_equal(found.ids, ids[places[best]] if len(places) else best)
    np.testing.assert_allclose(found.scores, np.take_along_axis(scores, best, axis=1), atol=1e-3)


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(where=wheres)
def test_a_facet_counts_what_choosing_it_would_leave(filled: Store, where: Where) -> None:
    facets = filled.facets(where)
    assert facets.total == len(expected(where))
    chosen = [
        *((value, replace(where, folder=value.name)) for value in facets.folders),
        *((value, replace(where, format=(value.name,))) for value in facets.formats),
        *((value, replace(where, label=(value.name,))) for value in facets.labels),
        *((value, replace(where, camera=value.name)) for value in facets.cameras),
        *((value, in_month(where, value.name)) for value in facets.months),
    ]
    for value, narrowed in chosen:
        assert value.count == len(expected(narrowed)) > 0
    # And nothing is missing: each picture has one folder, one codec and one time.
    assert sum(value.count for value in facets.formats) == len(expected(replace(where, format=())))
    timeless = replace(where, after=None, before=None)
    assert sum(value.count for value in facets.months) == len(expected(timeless))


def in_month(where: Where, name: str) -> Where:
    first = date.fromisoformat(f"{name}-01")
    return replace(where, after=first, before=(first + timedelta(days=31)).replace(day=1))


def test_no_filter_is_everything(filled: Store) -> None:
    assert filled.count(Where()) == filled.count() == COUNT
    assert filled.page(0, 100, Where()) == filled.page(0, 100)
    plain, filtered = filled.search(units(1), 9), filled.search(units(1), 9, where=Where())
    np.testing.assert_array_equal(plain.ids, filtered.ids)


def test_nothing_fits(filled: Store) -> None:
    found = filled.search(units(1, 2), 3, where=Where(min_width=10_000))
    assert found.ids.shape == found.scores.shape == (2, 0)
    assert filled.search(units(1), 3, ids=np.empty(0, np.int64)).ids.shape == (1, 0)


def test_every_field_of_a_filter_is_drawn_here() -> None:
    assert {field.name for field in fields(Where)} == set(wheres.wrapped_strategy.kwargs)  # type: ignore[attr-defined]


@pytest.fixture
def far_east() -> Iterator[None]:
    """A time zone where the day begins long before it does in UTC."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system has one time zone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "XST-14")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_days_begin_where_the_camera_and_the_machine_are(store: Store) -> None:
    day, hour = date(2020, 5, 17), 10**9 * 3600
    files = [
        replace(record("/first second"), taken=taken(day)),
        replace(record("/the second before"), taken=taken(day) - 1),
        replace(record("/last second"), taken=taken(day, 23) + 3599),
        record("/changed at midnight", mtime_ns=changed(day)),
        record("/changed before", mtime_ns=changed(day) - 1),
        # Its file was copied that day.
        replace(record("/taken long ago", mtime_ns=changed(day) + hour), taken=taken(DAYS[0])),
    ]
    with store.write() as writer:
        writer.apply(Changes(put=files, vectors=[unit(1)] * len(files)))
    that_day = Where(after=day, before=day + timedelta(days=1))
    assert {item.file.path for item in store.page(0, 9, that_day)} == {
        "/first second",
        "/last second",
        "/changed at midnight",
    }


@pytest.mark.parametrize("day", [date.min, date(1900, 1, 1), date(2400, 1, 1), date.max])
def test_days_of_any_year(store: Store, day: date) -> None:
    with store.write() as writer:
        writer.apply(put(("/p/a", 1)))
    assert store.count(Where(after=day)) + store.count(Where(before=day)) == 1


def test_formats_labels_and_cameras_in_any_case(store: Store) -> None:
    with store.write() as writer:
        writer.apply(Changes(put=[replace(record("/a"), camera="NIKON D850")], vectors=[unit(1)]))
    store.set_labels({store.page(0, 1)[0].id: ["Straße", "E\u0301te\u0301"]})
    for fits in (
        Where(format=("jpeg",)),
        Where(format=(".jpg", "png")),
        Where(camera="Nikon d850"),
        Where(label=("STRASSE",)),
        Where(label=("ÉTÉ", "another")),
    ):
        assert store.count(fits) == 1, fits
    assert store.count(Where(camera="NIKON")) == 0


def test_facets_of_an_empty_collection(store: Store) -> None:
    assert store.facets() == Facets(
        folders=(), formats=(), labels=(), cameras=(), months=(), total=0
    )


def test_folders_count_what_is_under_them_up_to_the_roots(store: Store) -> None:
    with store.write() as writer:
        files = put(("/p/q/a", 1), ("/p/q/r/b", 2), ("/p/q/r/s/c", 3), ("/elsewhere/d", 4))
        files.roots = {"/p/q": Rules()}
        writer.apply(files)
    assert store.facets().folders == (
        Facet("/elsewhere", 1),
        Facet("/p/q", 3),
        Facet("/p/q/r", 2),
        Facet("/p/q/r/s", 1),
    )


def test_facets_say_names_once_and_only_what_text_can_carry(store: Store) -> None:
    day = DAYS[0]
    files = [
        replace(record("/p/a", mtime_ns=changed(day)), camera="Leica"),
        replace(record("/p/b", mtime_ns=changed(day)), camera="LEICA"),
        replace(record(os.fsdecode(b"/\xff/c")), taken=taken(day, 23)),
        replace(record("/p/d"), taken=10**15),
    ]
    with store.write() as writer:
        writer.apply(Changes(put=files, vectors=[unit(1)] * len(files)))
    facets = store.facets()
    assert facets.cameras == (Facet("LEICA", 2),)
    assert facets.folders == (Facet("/p", 3),)
    assert facets.formats == (Facet("JPEG", 4),)
    assert facets.months == (Facet("2020-01", 3),)
    assert facets.total == 4


def test_details_come_back_and_move_along(store: Store) -> None:
    file = replace(record("/p/a"), taken=-5, camera="Holga", details=3)
    with store.write() as writer:
        writer.apply(Changes(put=[file], vectors=[unit(1)]))
        stored = store.page(0, 1)[0]
        assert stored.file == file
        assert store.states("/p")["a"].details == 3
        moved = replace(file, path="/q/b", taken=7, camera=None, details=4)
        writer.apply(Changes(moved=[StoredFile(stored.id, moved)]))
        assert store.page(0, 1) == [StoredFile(stored.id, moved)]
        again = replace(moved, taken=None, camera="Leica")
        writer.apply(Changes(put=[again], vectors=[unit(2)], skipped=[skip("/q/s")]))
    assert store.page(0, 1) == [StoredFile(stored.id, again)]
    assert store.states("/q")["s"].details == 0


def test_labels_are_set_replaced_and_taken_away(store: Store) -> None:
    with store.write() as writer:
        writer.apply(put(("/p/a", 1), ("/p/b", 2)))
        a, b = (item.id for item in store.page(0, 9))
        store.set_labels({a: ["Dog", "beach", "dog"], b: ["DOG"]})  # beside a writer
        assert store.labels([a, b, 99]) == {a: ["Dog", "beach"], b: ["Dog"]}
        store.set_labels({a: []})
        assert store.labels([a, b]) == {b: ["Dog"]}
        assert store.count(Where(label=("dog",))) == 1
        with pytest.raises(StoreError, match="not in the collection"):
            store.set_labels({b: [], 99: ["x"]})
        assert store.labels([b]) == {b: ["Dog"]}
        store.set_labels({b: []})
        store.set_labels({b: ["dOG"]})
        assert store.labels([b]) == {b: ["dOG"]}, "nobody used the old spelling any more"


def test_labels_stay_with_a_changed_picture_and_go_with_a_removed_one(store: Store) -> None:
    with store.write() as writer:
        writer.apply(put(("/p/a", 1), ("/p/b", 2)))
        a, b = (item.id for item in store.page(0, 9))
        store.set_labels({a: ["x"], b: ["y"]})
        writer.apply(put(("/p/a", 3)))
        assert store.labels([a]) == {a: ["x"]}
        writer.apply(Changes(removed=[b], moved=[StoredFile(a, record("/q/a", 3))]))
        assert store.labels([a, b]) == {a: ["x"]}


def test_labels_are_on_disk(tmp_path: Path) -> None:
    store = LocalStore.create(str(tmp_path / "c"), encoder_identity(), "")
    with store.write() as writer:
        writer.apply(put(("/p/a", 1)))
    image_id = store.page(0, 1)[0].id
    store.set_labels({image_id: ["x"]})
    store.close()
    again = LocalStore(str(tmp_path / "c"))
    assert again.labels([image_id]) == {image_id: ["x"]}
    again.close()
