"""A known model on a known set, through our own pipeline: its published figures come out."""

from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.evaluation import metrics
from lookalike.evaluation.ranking import leave_one_out
from lookalike.store import LocalStore

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def collection(shared: Path, mobilenet: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The 3,000 pictures of the Intel test split, indexed as a user would."""
    pictures = shared / "data" / "intel" / "test"
    if not pictures.is_dir():
        pytest.skip(f"no Intel test split at {pictures}")
    place = tmp_path_factory.mktemp("intel") / "intel.lookalike"
    with lookalike.open(place, model=mobilenet) as photos:
        summary = photos.index(pictures)
    assert summary.added == 3000
    assert summary.skipped == []
    return str(place)


def test_retrieval_is_as_published(collection: str) -> None:
    """models/mobilenet-edgetpu/model.md: 1-NN 0.869, P@10 0.841, mAP 0.658."""
    store = LocalStore(collection)
    names, parts = [], []
    for files, vectors in store.scan():
        names += [Path(stored.file.path).parent.name for stored in files]
        parts.append(vectors)
    store.close()
    labels = np.unique(names, return_inverse=True)[1]
    relevant = [block.relevant for block in leave_one_out(np.concatenate(parts), labels)]
    ranked = np.concatenate(relevant)
    assert ranked.shape == (3000, 2999)
    assert metrics.mean(metrics.nearest_is_right(ranked)) == pytest.approx(0.869, abs=0.005)
    assert metrics.mean(metrics.precision_at(ranked, 10)) == pytest.approx(0.841, abs=0.005)
    assert metrics.mean(metrics.average_precision(ranked)) == pytest.approx(0.658, abs=0.005)
