"""How the bundled encoder is trained: its losses, its classes, its beginning."""

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.compact.distil import CLASS_SMOOTHING, CLASS_TEMPERATURE, UNKNOWN, class_loss  # noqa: E402
from training.compact.sources import CLUTTER, SOURCES, Source, class_of  # noqa: E402
from training.compact.student import DIMENSION, Student, settle_length  # noqa: E402


def test_the_class_loss_is_the_cross_entropy_of_cosines_where_a_class_is_known() -> None:
    rng = np.random.default_rng(0)
    ours = rng.normal(size=(6, 8))
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    directions = rng.normal(size=(4, 8))
    classes = np.array([0, UNKNOWN, 3, 3, UNKNOWN, 1])
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    logits = ours @ unit.T / CLASS_TEMPERATURE
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    wanted = np.eye(4)[np.maximum(classes, 0)] * (1 - CLASS_SMOOTHING) + CLASS_SMOOTHING / 4
    expected = -(wanted * logs).sum(axis=1)[classes != UNKNOWN].mean()

    found = class_loss(*(torch.from_numpy(each) for each in (ours, directions, classes)))

    assert float(found) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("caltech", ("caltech-101", "ant", "1.jpg"), "ant"),
        ("caltech", ("caltech-101", CLUTTER, "1.jpg"), None),
        ("tiny", ("tiny-imagenet-200", "train", "n01", "images", "1.JPEG"), "n01"),
        ("tiny", ("tiny-imagenet-200", "val", "images", "1.JPEG"), None),
        ("intel", ("dataset", "seg_train", "sea", "1.jpg"), None),
    ],
)
def test_a_class_is_the_folder_and_the_scenes_have_none(
    source: str, path: tuple[str, ...], expected: str | None
) -> None:
    by_name: dict[str, Source] = {each.name: each for each in SOURCES}
    assert class_of("root", by_name[source], os.path.join("root", source, *path)) == expected


def test_the_head_is_settled_to_the_length_of_what_it_projects() -> None:
    torch.manual_seed(0)
    student = Student().eval()
    before = student.head.weight.clone()
    pixels = torch.randn(4, 3, 64, 64)

    settle_length(student, pixels)

    with torch.inference_mode():
        length = float(student.pooled(pixels).norm(dim=1).mean())
        assert student(pixels).shape == (4, DIMENSION)
    assert torch.allclose(student.head.weight * length, before, rtol=1e-4)
