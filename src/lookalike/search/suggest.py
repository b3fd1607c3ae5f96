"""Labels that a picture may deserve, from those of its nearest pictures."""

from lookalike.errors import QueryError, StoreError
from lookalike.store import Store
from lookalike.store.where import label_key
from lookalike.types import Suggestion

NEIGHBOURS = 20
"""How many of the nearest pictures are asked."""

LEAST = 0.15
"""Least score of a label that is suggested."""

MOST = 5
"""How many are suggested, and how many pictures show why."""


def suggest_labels(store: Store, image_id: int) -> list[Suggestion]:
    """The labels that a picture lacks and its nearest pictures have, the likeliest first.

    Each of the nearest pictures votes for its labels by its similarity; a label's score is its
    share of all that similarity, so that one among many unlabelled neighbours is not suggested.
    Source: A. Makadia, V. Pavlovic and S. Kumar, A New Baseline for Image Annotation, 2008.

    Raises:
        QueryError: there is no picture with that id.
    """
    if not store.get([image_id]):
        raise QueryError(f"there is no picture {image_id} in the collection")
    try:
        vector = store.vectors([image_id])
    except StoreError:
        return []  # the encoder that answers has not embedded it yet
    found = store.search(vector, NEIGHBOURS + 1)
    votes = [
        (other, max(0.0, score))
        for other, score in zip(found.ids[0].tolist(), found.scores[0].tolist(), strict=True)
        if other != image_id
    ][:NEIGHBOURS]
    labels = store.labels([image_id, *(other for other, _ in votes)])
    own = set(map(label_key, labels.get(image_id, [])))
    total = sum(score for _, score in votes)
    weights: dict[str, float] = {}
    evidence: dict[str, list[int]] = {}
    for other, score in votes:
        for label in labels.get(other, []):
            if label_key(label) not in own:
                weights[label] = weights.get(label, 0.0) + score
                evidence.setdefault(label, []).append(other)
    ranked = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        Suggestion(label, weight / total, tuple(evidence[label][:MOST]))
        for label, weight in ranked[:MOST]
        if total > 0 and weight >= LEAST * total
    ]
