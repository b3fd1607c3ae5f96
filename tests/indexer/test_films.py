"""Films in a collection: a picture for each frame that stands for one, and still one file."""

import os
import shutil
from pathlib import Path

import pytest

from lookalike import decode
from lookalike.decode import codecs
from lookalike.errors import DecodeError
from lookalike.store import StoredFile
from tests.indexer.conftest import Library
from tests.support.encoder import CountingEncoder
from tests.support.films import BLACK, BLUE, GREEN, RED, SAND, write_animation, write_film
from tests.support.pictures import write_picture


def frames(library: Library, path: Path) -> list[StoredFile]:
    """What is stored of a file, in the order of time."""
    found = [item for item in library.store.page(0, 1000) if item.file.path == str(path)]
    return sorted(found, key=lambda item: item.file.frame or 0)


def moments(library: Library, path: Path) -> list[int]:
    """Whole seconds."""
    return [(item.file.frame or 0) // 1000 for item in frames(library, path)]


@pytest.fixture
def film(library: Library) -> Path:
    return write_film(library.root / "film.mp4")


def test_a_film_is_a_picture_for_each_scene(library: Library, film: Path) -> None:
    write_picture(library.root / "still.jpg", 1)
    summary = library.index()
    assert (summary.added, len(summary.skipped)) == (2, 0), "two files"
    assert library.encoder.seen == 4
    assert moments(library, film) == [1, 3, 5]
    first = frames(library, film)[0].file
    assert (first.width, first.height, first.format) == (96, 64, "MP4")
    assert first.size == film.stat().st_size
    assert len({item.file.digest for item in frames(library, film)}) == 1
    [state] = [s for n, s in library.store.states(str(library.root)).items() if n == "film.mp4"]
    assert state.ids == tuple(item.id for item in frames(library, film))
    again = library.index()
    assert (again.unchanged, library.encoder.seen) == (2, 0)


def test_a_film_that_moves_or_is_touched_is_not_looked_at_again(
    library: Library, film: Path
) -> None:
    library.index()
    before = frames(library, film)
    library.store.set_labels({before[1].id: ["goal"]})
    os.utime(film, ns=(5, 5))
    touched = library.index()
    assert (touched.unchanged, library.encoder.seen) == (1, 0)
    moved = library.root / "sub" / "other.mp4"
    moved.parent.mkdir()
    film.rename(moved)
    summary = library.index()
    assert (summary.updated, summary.added, summary.removed) == (1, 0, 0)
    assert library.encoder.seen == 0
    assert [item.id for item in frames(library, moved)] == [item.id for item in before]
    assert library.store.labels([before[1].id]) == {before[1].id: ["goal"]}
    assert frames(library, film) == []


def test_a_copy_shares_the_vectors(library: Library, film: Path) -> None:
    library.index()
    copy = Path(shutil.copy(film, library.root / "copy.mp4"))
    assert library.index().added == 1
    assert library.encoder.seen == 0
    assert moments(library, copy) == moments(library, film)
    ids = [[item.id for item in frames(library, path)] for path in (film, copy)]
    assert (library.store.vectors(ids[0]) == library.store.vectors(ids[1])).all()


def test_a_film_that_is_cut_anew_keeps_no_frame_of_before(library: Library, film: Path) -> None:
    library.index()
    write_film(film, [(SAND, 2)])
    assert library.index().updated == 1
    assert moments(library, film) == [0]
    film.unlink()
    write_picture(library.root / "film.mp4", 3)  # a picture under a film's name
    assert library.index().updated == 1
    assert [item.file.frame for item in frames(library, film)] == [None]
    write_film(film)
    assert library.index().updated == 1
    assert moments(library, film) == [1, 3, 5]
    film.unlink()
    write_picture(library.root / "other.jpg", 4)
    assert library.index().removed == 1
    assert frames(library, film) == []


def test_a_film_that_is_damaged_later_is_skipped_and_forgotten(
    library: Library, film: Path
) -> None:
    library.index()
    film.write_bytes(film.read_bytes()[:400])
    summary = library.index()
    assert [skip.reason for skip in summary.skipped] == ["it is damaged: the film cannot be opened"]
    assert frames(library, film) == []


def test_an_install_without_the_extra_says_what_to_install(
    library: Library, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(codecs, "installed", lambda _: None)
        [skip] = library.index().skipped
    assert skip.reason == "it is a film: to read it, pip install 'lookalike[video]'"


def test_pictures_that_move(library: Library) -> None:
    scenes = ((BLACK, 1), (RED, 1), (GREEN, 1))
    moving = write_animation(library.root / "a.gif", scenes, "GIF")
    still = write_animation(library.root / "b.gif", ((BLUE, 1),), "GIF")
    assert library.index().added == 2
    assert moments(library, moving) == [1, 2]
    assert [item.file.frame for item in frames(library, still)] == [None]


def test_a_film_whose_decoder_fails_in_the_middle_is_refused_whole(
    library: Library, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = decode.frames

    def failing(*args: object) -> object:
        for number, frame in enumerate(real(*args)):  # type: ignore[arg-type]
            if number == 2:
                raise DecodeError("the decoder crashed on it")
            yield frame

    with monkeypatch.context() as patch:
        patch.setattr("lookalike.indexer.films.frames", failing)
        [skip] = library.index().skipped
    assert (skip.reason, library.store.count()) == ("the decoder crashed on it", 0)


def test_a_frame_that_the_encoder_refuses_costs_that_frame(library: Library, film: Path) -> None:
    library.encoder = CountingEncoder(refuses=(75, 85))  # green
    write_picture(library.root / "still.jpg", 1)
    summary = library.index()
    assert summary.skipped == []
    assert moments(library, film) == [1, 5]


def test_what_is_stopped_within_a_film_leaves_nothing_of_it(library: Library, film: Path) -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(progress: object) -> None:
        raise Stop

    with pytest.raises(Stop):
        library.index(on_progress=stop)
    assert len(frames(library, film)) in (0, 3)
    library.index()
    assert moments(library, film) == [1, 3, 5]
