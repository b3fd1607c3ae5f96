"""A glance: what it works out, and which pairs it leaves for the second look."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.search import Gists, Looks
from lookalike.search.gist import gist_of
from lookalike.search.glance import ENOUGH, agreement_of, positions_of, windows_of, worth_a_look
from lookalike.search.look import SIDES, Look
from lookalike.store import FileRecord, StoredFile
from tests.support.changes import CHANGES, cropped
from tests.support.pictures import photo


def agreement(one: Image.Image, other: Image.Image) -> float:
    windows = windows_of(Look(one).edges[None])[0]
    return float(agreement_of(windows, positions_of(gist_of(Look(other).edges)[None]))[0])


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_worth_a_look(change: str) -> None:
    for seed in range(5):
        assert agreement(photo(seed), CHANGES[change](photo(seed))) >= ENOUGH, seed


@pytest.mark.parametrize("position", Image.Transpose)
def test_a_picture_agrees_with_itself_in_any_position(position: Image.Transpose) -> None:
    assert agreement(photo(1), photo(1).transpose(position)) > 0.95


def test_windows_are_as_worked_out_cell_by_cell() -> None:
    edges = Look(photo(2)).edges
    windows = windows_of(edges[None])[0]
    fine = np.kron(edges.astype(np.float64), np.ones((8, 8)))

    def cells(side: int, top: int, left: int) -> np.ndarray:
        part = fine[8 * top : 8 * (top + side), 8 * left : 8 * (left + side)]
        means = part.reshape(8, side, 8, side).mean(axis=(1, 3))
        means -= means.mean(axis=0) + means.mean(axis=1, keepdims=True) - means.mean()
        return np.asarray(means.ravel() / np.linalg.norm(means))

    np.testing.assert_allclose(windows[0], cells(48, 0, 0), atol=1e-5)
    np.testing.assert_allclose(windows[1], cells(SIDES[0], 0, 0), atol=1e-5)
    np.testing.assert_allclose(
        windows[-1], cells(SIDES[-1], 48 - SIDES[-1], 48 - SIDES[-1]), atol=1e-5
    )


def test_the_one_that_shows_all_of_the_other_comes_first(tmp_path: Path) -> None:
    pictures = [photo(0), photo(1), cropped(0.7)(photo(1)), photo(2), Image.new("RGB", (64, 64))]
    files = []
    for number, picture in enumerate(pictures):
        path = tmp_path / f"{number}.png"
        picture.save(path)
        record = FileRecord(str(path), 1, 1, number.to_bytes(16), *picture.size, "PNG")
        files.append(StoredFile(number, record))
    looks, told = Looks(), list[tuple[int, int]]()
    gists = Gists().of(looks, files)
    pairs = np.array([(one, other) for other in range(5) for one in range(other)])
    found = worth_a_look(looks, files, gists, pairs, lambda *so_far: told.append(so_far))
    assert found.tolist() == [[1, 2]]
    assert told == [(5, 5)]
    nothing = worth_a_look(looks, files, gists, pairs[:0], lambda *so_far: told.append(so_far))
    assert nothing.tolist() == []
    (tmp_path / "1.png").unlink()
    assert worth_a_look(Looks(), files, gists, pairs, lambda *_: None).tolist() == []
