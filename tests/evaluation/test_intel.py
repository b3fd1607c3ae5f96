"""A known model on a known set, through our own pipeline: its published figures come out."""

from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.encoders import load
from lookalike.evaluation import metrics
from lookalike.evaluation.instances import embed_changed, found_again, sample
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


def test_changed_copies_find_their_originals_as_published(collection: str, mobilenet: Path) -> None:
    """models/mobilenet-edgetpu/model.md; another 300 pictures are drawn here than there."""
    published = {
        "crop": 0.893,
        "mirror": 1.0,
        "jpeg": 0.937,
        "colour": 1.0,
        "rotate": 0.890,
        "shrink": 0.923,
    }
    store = LocalStore(collection)
    files, parts = zip(*store.scan(), strict=True)
    store.close()
    paths = [stored.file.path for batch in files for stored in batch]
    digests = [stored.file.digest for batch in files for stored in batch]
    contents = np.unique(digests, return_inverse=True)[1]
    own = sample(len(paths), 300, seed=0)
    [changed] = embed_changed([paths[row] for row in own], [load(mobilenet)], 0, lambda _: None)
    found = {
        name: found_again(queries, np.concatenate(parts), own, contents).mean()
        for name, queries in changed.items()
    }
    assert found == pytest.approx(published, abs=0.04)
