"""Jobs in the background: progress, stop, restart, one at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import lookalike
from lookalike import Collection, LookalikeError
from lookalike.errors import CollectionBusyError, SourceError
from lookalike.jobs import Indexing
from lookalike.types import IndexProgress, Rules
from tests.support.away import SENTENCE, stores_away
from tests.support.gate import gate_before_encoder, until
from tests.support.pictures import write_gallery


@pytest.fixture
def photos(tiny_model: Path, tmp_path: Path) -> Iterator[Collection]:
    with lookalike.open(tmp_path / "c", model=tiny_model) as opened:
        yield opened


@pytest.fixture
def indexing(photos: Collection) -> Iterator[Indexing]:
    made = Indexing(photos)
    yield made
    made.close()


def test_a_job_from_start_to_end(indexing: Indexing, photos: Collection, pictures: Path) -> None:
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    rules = Rules(exclude=("*0001*",))
    job = indexing.start([str(pictures)], rules)
    assert job.join(60)
    status = job.status()
    assert (status.state, status.ended, status.error) == ("done", True, None)
    assert (status.folders, status.rules) == ((str(pictures),), rules)
    assert status.progress is not None
    assert (status.progress.done, status.progress.encoded, status.progress.skipped) == (40, 39, 1)
    assert status.summary is not None
    assert (status.summary.added, len(status.summary.skipped)) == (39, 1)
    assert job.skipped(0, 10) == status.summary.skipped
    assert job.skipped(1, 10) == []
    assert status.seconds_left is None
    assert job.status().seconds == status.seconds, "the clock stands still at the end"
    assert len(photos) == 39


def test_watchers_hear_of_news_until_they_leave(indexing: Indexing, pictures: Path) -> None:
    heard: list[str] = []
    unwatch = indexing.watch(
        lambda: heard.append("" if indexing.job is None else indexing.job.status().state)
    )
    assert indexing.start([str(pictures)]).join(60)
    assert heard[-1] == "done"
    assert "indexing" in heard
    unwatch()
    count = len(heard)
    assert indexing.start().join(60)
    assert len(heard) == count


def test_search_sees_what_was_committed_and_stopping_keeps_it(
    indexing: Indexing, photos: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.indexer.ledger._COMMIT_EVERY_S", 0.0)
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)
    write_gallery(tmp_path / "many", 200)
    with gate_before_encoder() as gate:
        job = indexing.start([str(tmp_path / "many")])
        assert gate.reached.wait(60)
        gate.let_in(6)
        until(lambda: len(photos) > 0)
        first = photos.browse(0, 1)[0]
        assert photos.search(first.id, 1)[0].id == first.id
        assert job.status().state == "indexing"
        with pytest.raises(CollectionBusyError, match="wait for the end, or stop it"):
            indexing.start()
        indexing.stop()
        assert job.status().state == "stopping"
        gate.open()
        assert job.join(60)
    status = job.status()
    assert (status.state, status.summary, status.error) == ("stopped", None, None)
    kept = len(photos)
    assert 0 < kept < 200
    again = indexing.start([str(tmp_path / "many")])
    assert again.join(60)
    summary = again.status().summary
    assert summary is not None
    assert (summary.unchanged, summary.added) == (kept, 200 - kept)
    indexing.stop()
    assert again.status().state == "done", "an end stays"


def test_what_fails_at_once_is_raised_and_is_no_job(
    indexing: Indexing, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="no folder was indexed yet"):
        indexing.start()
    with pytest.raises(SourceError, match="nowhere"):
        indexing.start([str(tmp_path / "nowhere")])
    assert indexing.job is None
    done = indexing.start([str(pictures)])
    assert done.join(60)
    with pytest.raises(SourceError):
        indexing.start([str(tmp_path / "nowhere")])
    assert indexing.job is done


def test_another_writer_is_told(
    indexing: Indexing, photos: Collection, pictures: Path, tiny_model: Path
) -> None:
    assert indexing.start([str(pictures)]).join(60)
    with lookalike.open(photos.location, model=tiny_model) as elsewhere:
        other = Indexing(elsewhere)
        write_gallery(pictures / "more", 30, first_seed=500)
        with gate_before_encoder() as gate:
            running = other.start()
            assert gate.reached.wait(60)
            with pytest.raises(CollectionBusyError, match="another process"):
                indexing.start()
        assert running.join(60)
    assert indexing.start().join(60)


def test_a_failure_on_the_way_is_told_by_the_job(
    indexing: Indexing, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("lookalike.indexer.threads.prepare", fail)
    job = indexing.start([str(pictures)])
    assert job.join(60)
    status = job.status()
    assert status.state == "failed"
    assert status.error is not None
    assert "secret" not in status.error


def test_a_run_says_that_it_waits_and_loses_nothing(
    indexing: Indexing, photos: Collection, pictures: Path, tmp_path: Path
) -> None:
    assert indexing.start([str(pictures)]).join(60)
    write_gallery(tmp_path / "more", 5, first_seed=300)
    with stores_away() as back:
        job = indexing.start([str(tmp_path / "more")])
        until(lambda: job.status().waiting)
        status = job.status()
        assert (status.state, status.waiting) == ("indexing", SENTENCE)
        assert (status.rate, status.seconds_left) == (None, None)
        back.set()
        assert job.join(60)
    assert (job.status().state, job.status().waiting) == ("done", None)
    assert len(photos) == 45


def test_what_a_listener_raises_while_a_run_waits_ends_it_afterwards(
    photos: Collection, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)

    class Enough(Exception):  # noqa: N818
        pass

    heard: list[str | None] = []

    def listen(progress: IndexProgress) -> None:
        heard.append(progress.waiting)
        if progress.waiting:
            back.set()
            raise Enough

    with stores_away() as back, pytest.raises(Enough):
        photos.index(pictures, on_progress=listen)
    assert heard == [None, SENTENCE, None]
    assert len(photos) == 0
    assert photos.index(pictures).added == 40


def test_closing_stops_the_job_and_starts_no_more(
    indexing: Indexing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookalike.indexer.progress._EVERY_S", 0.0)
    write_gallery(tmp_path / "many", 200)
    with gate_before_encoder() as gate:
        job = indexing.start([str(tmp_path / "many")])
        assert gate.reached.wait(60)
        indexing.begin_close()
        gate.open()
        indexing.close()
        assert job.status().state == "stopped"
    with pytest.raises(LookalikeError, match="start it again"):
        indexing.start()


def test_progress_is_told_at_once_and_where_nothing_changed(
    indexing: Indexing, photos: Collection, pictures: Path
) -> None:
    assert indexing.start([str(pictures)]).join(60)
    told: list[int] = []
    photos.index(pictures, on_progress=lambda progress: told.append(progress.done))
    assert told[0] == 0
    assert told[-1] == 40
