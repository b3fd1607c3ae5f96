"""Duplicates of a collection: identical, near-identical, and merely similar, kept apart.

Identical pictures are found by content. For each other picture the store's index gives its nearest
neighbours, and `gist.py` those that are like it in another position, so that work grows with the
collection and not with its square. Pairs that are near enough get a glance (`glance.py`), and those
that may be one picture a second look (`look.py`), which tells a changed copy from another picture
of its kind.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

import numpy as np

from lookalike.search.gist import Gist, Gists, alike
from lookalike.search.glance import worth_a_look
from lookalike.search.hits import hit_of
from lookalike.search.look import Look, is_tilted, same_picture, shows
from lookalike.search.looks import Looks
from lookalike.store import Store, StoredFile
from lookalike.types import DuplicateGroup, DuplicateKind, Hit, Where

NEIGHBOURS = 6
"""How many neighbours of each picture are looked at."""

CANDIDATE = 0.65
"""Least score of a pair that gets a second look; gists find what is one picture as a whole."""

TILTED_CANDIDATE = 0.8
"""Least score of a pair that may be a picture and its copy, tilted by a few degrees."""

SIMILAR = 0.9
"""Least score of pictures that are called similar."""

_BATCH = 512
_PARTS = 4
"""Of the work, of about the same size each: neighbours, gists, glances, second looks."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two pictures and their score, -1 where only their gists are alike; `one` has the lower id."""

    one: int
    other: int
    score: float


def find_duplicates(
    store: Store,
    looks: Looks,
    where: Where | None = None,
    on_progress: Progress | None = None,
    gists: Gists | None = None,
) -> list[DuplicateGroup]:
    """All groups: identical ones first, then near, then similar; large ones first.

    A picture is in at most one group of a kind. Of identical pictures, the best stands for all in
    the groups of the other kinds, and of near ones in those of similar pictures.

    Args:
        store: the collection.
        looks: of its pictures.
        where: only among the pictures that fit.
        on_progress: called while pictures are compared.
        gists: of its pictures, to find those that were turned as well; None saves reading files.

    Raises:
        StoreError: the store cannot be read.
    """

    def part_of(place: int) -> Progress:
        def listen(done: int, total: int) -> None:
            if on_progress is not None:
                on_progress(place * len(alone) + len(alone) * done // total, _PARTS * len(alone))

        return listen

    unknown = _without_embedding(store)
    files = {item.id: item for item in _all(store, where) if item.id not in unknown}
    identical = _identical(files.values())
    alone = dict(sorted(_without_copies(files, identical).items()))
    pairs = _neighbours(store, alone, part_of(0))
    items = [alone[i] for i in _paired(pairs)] if gists is None else list(alone.values())
    taken = (gists or Gists()).of(looks, items, part_of(1))
    turned = [] if gists is None else _turned(items, taken, pairs)
    worth = _worth_a_look(looks, items, taken, [*pairs, *turned], part_of(2))
    tilted = [(p.one, p.other) for p in pairs if p.score >= TILTED_CANDIDATE]
    near = _near(looks, alone, worth, tilted, part_of(3))
    similar = _similar(_representatives(alone, near), pairs)
    kinds: list[tuple[DuplicateKind, list[list[int]]]] = [
        ("identical", identical),
        ("near", near),
        ("similar", similar),
    ]
    return [
        DuplicateGroup(kind, _images(store, files, ids))
        for kind, groups in kinds
        for ids in sorted(groups, key=lambda ids: (-len(ids), ids))
    ]


def fold(store: Store, looks: Looks, hits: list[Hit]) -> list[Hit]:
    """Hits with near-identical ones folded into the nearest of them; the order stays."""
    if not hits:
        return []
    stored = {item.id: item for item in store.get([hit.id for hit in hits])}
    kept = [hit for hit in hits if hit.id in stored]
    vectors = store.vectors([hit.id for hit in kept])
    scores = vectors @ vectors.T
    folded: dict[int, list[int]] = {}
    for place, hit in enumerate(kept):
        item = stored[hit.id]
        into = next(
            (
                kept[first].id
                for first in range(place)
                if kept[first].id in folded
                and scores[first, place] >= CANDIDATE
                and _same(looks, stored[kept[first].id], item)
            ),
            None,
        )
        if into is None:
            folded[hit.id] = []
        else:
            folded[into].append(hit.id)
    return [replace(hit, duplicates=tuple(folded[hit.id])) for hit in kept if hit.id in folded]


def _all(store: Store, where: Where | None) -> Iterator[StoredFile]:
    offset = 0
    while page := store.page(offset, _BATCH, where):
        yield from page
        offset += len(page)


def _without_embedding(store: Store) -> set[int]:
    """Pictures that the encoder that answers has not embedded yet: they are in no group."""
    layers = store.layers
    found: set[int] = set()
    last = 0
    while layers is not None and (page := layers.lacking(layers.answering, after=last)):
        found.update(item.id for item in page)
        last = page[-1].id
    return found


def _identical(files: Iterable[StoredFile]) -> list[list[int]]:
    # Films are told of by the first of their frames.
    by_digest: dict[bytes, dict[str, StoredFile]] = {}
    for item in files:
        by_path = by_digest.setdefault(item.file.digest, {})
        first = by_path.setdefault(item.file.path, item)
        if (item.file.frame or 0) < (first.file.frame or 0):
            by_path[item.file.path] = item
    return [_ranked(items.values()) for items in by_digest.values() if len(items) > 1]


def _ranked(items: Iterable[StoredFile]) -> list[int]:
    """Ids, the best copy first."""
    return [item.id for item in sorted(items, key=_worth)]


def _worth(item: StoredFile) -> tuple[int, int, float, int, str]:
    """What the best copy has least of."""
    file = item.file
    moment = file.taken_at or file.modified_at.replace(tzinfo=None)
    age = (moment - datetime(1970, 1, 1)).total_seconds()
    return -file.width * file.height, -file.size, age, len(file.path), file.path


def _representatives(
    files: dict[int, StoredFile], groups: list[list[int]]
) -> dict[int, StoredFile]:
    """The pictures without all but the first of each group."""
    out = {image_id for group in groups for image_id in group[1:]}
    return {image_id: item for image_id, item in files.items() if image_id not in out}


def _without_copies(
    files: dict[int, StoredFile], identical: list[list[int]]
) -> dict[int, StoredFile]:
    """The pictures without identical copies: of a film, all of its frames go."""
    out = {files[image_id].file.path for group in identical for image_id in group[1:]}
    return {image_id: item for image_id, item in files.items() if item.file.path not in out}


def _neighbours(store: Store, files: dict[int, StoredFile], on_progress: Progress) -> list[_Pair]:
    """Pairs of near pictures, the nearest first, each pair once."""
    pairs: dict[tuple[int, int], float] = {}
    ids = np.array(list(files), dtype=np.int64)
    among = None if len(files) == store.count() else ids
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        found = store.search(store.vectors(part.tolist()), NEIGHBOURS + 1, ids=among)
        for image_id, others, scores in zip(part.tolist(), found.ids, found.scores, strict=True):
            for other, score in zip(others.tolist(), scores.tolist(), strict=True):
                if (
                    other != image_id
                    and score >= CANDIDATE
                    and not _one_film(files.get(other), files[image_id])
                ):
                    pairs[min(image_id, other), max(image_id, other)] = score
        on_progress(start + len(part), len(ids))
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [_Pair(one, other, score) for (one, other), score in ranked]


def _paired(pairs: list[_Pair]) -> list[int]:
    """The pictures that are in any pair."""
    return sorted({image_id for pair in pairs for image_id in (pair.one, pair.other)})


def _turned(items: list[StoredFile], gists: Gist, pairs: list[_Pair]) -> list[_Pair]:
    """Pairs beyond `pairs` whose gists are alike, in whatever position."""
    known = {(pair.one, pair.other) for pair in pairs}
    files = {item.id: item for item in items}
    return [
        _Pair(one, other, -1.0)
        for one, other in sorted(alike(list(files), gists) - known)
        if not _one_film(files[one], files[other])
    ]


def _worth_a_look(
    looks: Looks, items: list[StoredFile], gists: Gist, pairs: list[_Pair], on_progress: Progress
) -> list[tuple[int, int]]:
    """Of pairs, either way round, those of which the first may show all of the second."""
    place = {item.id: number for number, item in enumerate(items)}
    places = np.array([(place[pair.one], place[pair.other]) for pair in pairs], np.int64)
    worth = worth_a_look(looks, items, gists, places.reshape(-1, 2), on_progress)
    return [(items[one].id, items[other].id) for one, other in worth.tolist()]


def _one_film(one: StoredFile | None, other: StoredFile) -> bool:
    """Whether two are frames of one film, which are alike without being copies."""
    return one is not None and one.file.path == other.file.path


def _near(
    looks: Looks,
    files: dict[int, StoredFile],
    pairs: list[tuple[int, int]],
    tilted: list[tuple[int, int]],
    on_progress: Progress,
) -> list[list[int]]:
    """Groups of pictures that are one, changed: connected by pairs that looked the same.

    Args:
        looks: of the pictures.
        files: the pictures by id.
        pairs: those of which the first may show all of the second.
        tilted: those of which one may be the other, tilted.
        on_progress: called with (done, total).
    """
    leader = {image_id: image_id for image_id in files}

    def head(image_id: int) -> int:
        while leader[image_id] != image_id:
            leader[image_id] = leader[leader[image_id]]
            image_id = leader[image_id]
        return image_id

    # By the second: most is worked out of that, and used as long as its look is kept.
    asked = [(one, other, shows) for one, other in sorted(pairs, key=itemgetter(1, 0))]
    asked += [(one, other, is_tilted) for one, other in sorted(tilted)]
    for done, (one, other, agree) in enumerate(asked):
        if done % _BATCH == 0:
            on_progress(done, len(asked))
        first, second = head(one), head(other)
        if first != second and _agree(looks, files[one], files[other], agree):
            leader[max(first, second)] = min(first, second)
    on_progress(1, 1)
    members: dict[int, list[StoredFile]] = {}
    for image_id, item in files.items():
        members.setdefault(head(image_id), []).append(item)
    return [_ranked(items) for items in members.values() if len(items) > 1]


def _agree(
    looks: Looks, one: StoredFile, other: StoredFile, agree: Callable[[Look, Look], bool]
) -> bool:
    first, second = looks.at(one), looks.at(other)
    return first is not None and second is not None and agree(first, second)


def _same(looks: Looks, one: StoredFile, other: StoredFile) -> bool:
    return one.file.content == other.file.content or _agree(looks, one, other, same_picture)


def _similar(files: dict[int, StoredFile], pairs: list[_Pair]) -> list[list[int]]:
    """Groups around their best copy, each member near to it: chains do not grow together."""
    near: dict[int, list[int]] = {}
    for pair in pairs:
        if pair.score >= SIMILAR and pair.one in files and pair.other in files:
            near.setdefault(pair.one, []).append(pair.other)
            near.setdefault(pair.other, []).append(pair.one)
    taken: set[int] = set()
    groups = []
    for image_id in _ranked(files[i] for i in near):
        if image_id in taken:
            continue
        free = [other for other in near[image_id] if other not in taken]
        if free:
            groups.append([image_id, *free])
            taken.update(groups[-1])
    return groups


def _images(store: Store, files: dict[int, StoredFile], ids: list[int]) -> list[Hit]:
    """The members as hits: the first, then the others by falling score to it."""
    vectors = store.vectors(ids)
    scores = vectors @ vectors[0]
    scores[0] = 1.0
    order = [0, *(1 + np.argsort(-scores[1:], kind="stable")).tolist()]
    return [hit_of(files[ids[place]], float(scores[place])) for place in order]
