"""Gists: alike in any position, kept in a file, looked up without comparing all with all."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.search import Gists, Looks
from lookalike.search.gist import alike, gist_of
from lookalike.search.look import Look
from lookalike.store import FileRecord, StoredFile
from tests.support.pictures import photo

POSITIONS = [None, *Image.Transpose]


def gist(picture: Image.Image) -> np.ndarray:
    return gist_of(Look(picture.convert("RGB")).edges)


@pytest.mark.parametrize("position", POSITIONS)
def test_a_picture_in_any_position_is_alike(position: Image.Transpose | None) -> None:
    one = photo(1)
    other = one if position is None else one.transpose(position)
    rows = np.stack([gist(photo(2)), gist(one), gist(photo(3)), gist(other)])
    assert alike([20, 10, 30, 5], rows) == {(5, 10)}


def test_a_picture_without_edges_is_like_nothing() -> None:
    blank = gist(Image.new("RGB", (64, 64), "white"))
    assert not blank.any()
    assert alike([1, 2, 3], np.stack([blank, blank, gist(photo(1))])) == set()
    assert alike([], np.empty((0, 64), np.float32)) == set()


def test_lists_of_similar_ones_find_what_comparing_all_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 8, 8)).astype(np.float32)
    rows[1500:] = np.rot90(rows[:1500], axes=(1, 2)) + 0.1 * rng.normal(size=(1500, 8, 8))
    gists = rows.reshape(3000, 64)
    gists /= np.linalg.norm(gists, axis=1, keepdims=True)
    pairs = {(n, n + 1500) for n in range(1500)}
    assert alike(range(3000), gists) == pairs
    monkeypatch.setattr("lookalike.search.gist._CLUSTERED", 1000)
    assert len(alike(range(3000), gists) & pairs) > 0.8 * 1500


def stored(path: Path, number: int, frame: int | None = None) -> StoredFile:
    return StoredFile(
        number, FileRecord(str(path), 1, 1, number.to_bytes(16), 192, 192, "PNG", frame=frame)
    )


def test_gists_are_taken_once_and_kept(tmp_path: Path) -> None:
    files = []
    for number in range(4):
        path = tmp_path / f"{number}.png"
        photo(number).save(path)
        files.append(stored(path, number))
    kept = tmp_path / "cache" / "gists.npz"
    told: list[tuple[int, int]] = []
    first = Gists(str(kept)).of(Looks(), files, lambda *so_far: told.append(so_far))
    assert told == [(4, 4)]
    np.testing.assert_allclose(first[2], gist(photo(2)), atol=1e-3)
    for item in files:
        Path(item.file.path).unlink()
    np.testing.assert_array_equal(Gists(str(kept)).of(Looks(), files), first)
    gone = stored(tmp_path / "none.png", 9)
    both = Gists(str(kept)).of(Looks(), [*files[:2], gone])
    np.testing.assert_array_equal(both[:2], first[:2])
    assert not both[2].any()
    kept.write_bytes(b"nonsense")
    assert not Gists(str(kept)).of(Looks(), files).any(), "what is damaged is as if not there"
