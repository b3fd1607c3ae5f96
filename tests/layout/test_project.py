"""The map: neighbours stay neighbours."""

import numpy as np
import pytest

from lookalike.layout import Layout, project
from lookalike.layout.principal import principal
from lookalike.layout.repulsion import repulsion


def clusters(count: int, size: int, dimension: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(count), size)
    raw = rng.normal(size=(count, dimension))[labels] + 0.35 * rng.normal(
        size=(count * size, dimension)
    )
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32), labels


def same_kind(places: np.ndarray, labels: np.ndarray) -> float:
    distances = ((places[:, None] - places) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


def test_clusters_stay_together_better_than_by_two_components() -> None:
    embeddings, labels = clusters(20, 20)
    assert same_kind(project(embeddings), labels) > 0.98
    assert same_kind(principal(embeddings)(embeddings)[:, :2], labels) < 0.9


def test_the_same_input_gives_the_same_map() -> None:
    embeddings, _ = clusters(3, 20)
    first, second = project(embeddings), project(embeddings)
    assert np.array_equal(first, second)
    assert first.dtype == np.float32
    assert np.abs(first).max() == 1
    assert np.ptp(first[:, 0]) >= np.ptp(first[:, 1])


def test_more_pictures_are_placed_among_their_like() -> None:
    embeddings, labels = clusters(5, 40)
    layout = Layout(embeddings[::2])
    places = layout.place(embeddings)
    assert places[::2] == pytest.approx(layout.places, abs=1e-3), "landmarks stay"
    assert same_kind(places, labels) > 0.95


@pytest.mark.parametrize("count", range(6))
def test_few_pictures(count: int) -> None:
    embeddings, _ = clusters(1, 5)
    layout = Layout(embeddings[:count])
    assert layout.places.shape == (count, 2)
    assert np.isfinite(layout.place(embeddings)).all()


def test_equal_pictures_and_one_dimension() -> None:
    embeddings, _ = clusters(2, 2)
    assert np.isfinite(project(np.repeat(embeddings[:1], 30, axis=0))).all()
    assert np.isfinite(project(np.array([[1], [-1], [1], [-1]], np.float32))).all()


@pytest.mark.parametrize(("spread", "within"), [(1e-4, 1e-5), (0.5, 0.01), (3.0, 0.05)])
def test_the_grid_gives_the_sum_over_all_pairs(spread: float, within: float) -> None:
    places = np.random.default_rng(0).normal(size=(2, 300)).astype(np.float32) * np.float32(spread)
    apart = places[:, :, None] - places[:, None]
    near = 1 / (1 + (apart**2).sum(axis=0))
    np.fill_diagonal(near, 0)
    exact = (apart * near**2).sum(axis=2) / near.sum()
    assert np.abs(repulsion(places) - exact).max() < within * np.abs(exact).max()
