"""What scores mean, as a spec keeps it."""

from dataclasses import replace
from pathlib import Path

import pytest

from lookalike.encoders import ScoreCalibration, identity, read_spec, write_spec
from lookalike.errors import ModelSpecError
from tests.support.model import spec_of

CURVE = ScoreCalibration(
    scores=[0.2, 0.4, 0.8], probabilities=[0.0, 0.5, 0.9], threshold=0.5, pictures=60, kinds=6
)


@pytest.mark.parametrize(
    ("score", "likeness"),
    [(-1, 0), (0.2, 0), (0.3, 0.25), (0.4, 0.5), (0.6, 0.7), (0.8, 0.9), (1, 0.9)],
)
def test_the_curve_is_linear_between_its_points(score: float, likeness: float) -> None:
    assert CURVE.likeness(score) == pytest.approx(likeness)


def test_a_curve_of_one_point() -> None:
    assert replace(CURVE, scores=[0.5], probabilities=[0.3]).likeness(0.9) == 0.3


def test_it_is_kept_in_the_spec_and_changes_no_embedding(tmp_path: Path) -> None:
    plain = spec_of("a" * 64)
    calibrated = replace(plain, calibration=CURVE)
    write_spec(calibrated, str(tmp_path))
    assert read_spec(str(tmp_path / "model.json")) == calibrated
    assert identity(plain) == identity(calibrated)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scores": [0.1]}, "as many"),
        ({"scores": [], "probabilities": []}, "at least one"),
        ({"scores": [0.1, 0.3, 0.3]}, "rise"),
        ({"probabilities": [0.1, 0.5, 0.4]}, "fall"),
        ({"probabilities": [0.1, 0.5, 1.1]}, "within 0..1"),
        ({"threshold": float("nan")}, "finite"),
    ],
)
def test_an_absurd_curve_is_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    absurd = replace(CURVE, **change)  # type: ignore[arg-type]
    with pytest.raises(ModelSpecError, match=says):
        write_spec(replace(spec_of("a" * 64), calibration=absurd), str(tmp_path))
