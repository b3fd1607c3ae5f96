"""The map: neighbours stay neighbours."""

import numpy as np

from lookalike.evaluation.projection import project


def clusters(count: int, size: int, dimension: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(count), size)
    raw = rng.normal(size=(count, dimension))[labels] + 0.35 * rng.normal(
        size=(count * size, dimension)
    )
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32), labels


def test_clusters_stay_together() -> None:
    embeddings, labels = clusters(5, 30)
    places = project(embeddings, iterations=300)
    distances = ((places[:, None] - places) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).mean() > 0.98


def test_the_same_input_gives_the_same_map() -> None:
    embeddings, _ = clusters(3, 20)
    first, second = project(embeddings, iterations=60), project(embeddings, iterations=60)
    assert np.array_equal(first, second)
    assert np.abs(first).max() == 1
    assert np.ptp(first[:, 0]) >= np.ptp(first[:, 1])


def test_few_or_equal_pictures() -> None:
    embeddings, _ = clusters(2, 2)
    assert project(embeddings, iterations=20).shape == (4, 2)
    same = np.repeat(embeddings[:1], 10, axis=0)
    assert np.isfinite(project(same, iterations=20)).all()
    one_dimension = np.array([[1], [-1], [1], [-1]], np.float32)
    assert np.isfinite(project(one_dimension, iterations=20)).all()
