"""The vocabulary that every room shares: arrays and the records that users see."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]
"""RGB pixels, uint8: one picture (height, width, 3) or a batch (n, height, width, 3)."""

Embeddings: TypeAlias = NDArray[np.float32]
"""L2-normalised embeddings, float32, (n, dimension)."""

Ids: TypeAlias = NDArray[np.int64]
"""Image ids of a store, int64."""


def is_address(path: str) -> bool:
    """Whether a path is an address, such as s3://bucket/key, and names no file of this machine."""
    scheme, mark, _ = path.partition("://")
    return bool(mark) and len(scheme) > 1 and scheme.isalnum()


_CODECS = {"JPG": "JPEG", "TIF": "TIFF"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which pictures count: those that fit every field that is given.

    Attributes:
        folder: those in this folder and under it, an absolute path.
        format: those of any of these codecs, such as "JPEG"; case does not matter.
        label: those with any of these labels; case does not matter.
        after: those of this day and later. A picture's time is when it was taken, by its camera's
            own clock, and where no camera says so, when the file was last changed, local time.
        before: those of days before this one.
        min_width: pixels, upright.
        min_height: pixels, upright.
        min_bytes: size of the file, at least.
        max_bytes: size of the file, at most.
        camera: those of the camera with this name; the case of A to Z does not matter.
    """

    folder: str | None = None
    format: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    min_width: int | None = None
    min_height: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    camera: str | None = None

    def __post_init__(self) -> None:
        """Bring names to the one spelling that stores compare."""
        if self.folder is not None:
            folder = self.folder
            if is_address(folder):
                folder = folder.rstrip("/")
            else:
                folder = os.path.normpath(os.path.expanduser(folder))
            object.__setattr__(self, "folder", folder)
        codecs = (name.upper().removeprefix(".") for name in self.format)
        object.__setattr__(self, "format", tuple(_CODECS.get(name, name) for name in codecs))
        object.__setattr__(self, "label", tuple(self.label))


@dataclass(frozen=True, slots=True)
class Facet:
    """One value to filter by, and how many pictures it would leave."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What there is to filter by.

    Each list counts the pictures that fit the rest of the filter, whatever it says of the list's
    own field: what a count says is what choosing that value would leave. A list has at most 1,000
    values, those with the most pictures.

    Attributes:
        folders: by path; each counts what is in it and under it.
        formats: by name.
        labels: by name; a picture counts for each of its labels.
        cameras: by name.
        months: as "YYYY-MM", by time, of the moment that `Where.after` goes by.
        total: number of pictures that fit all of the filter.
    """

    folders: tuple[Facet, ...]
    formats: tuple[Facet, ...]
    labels: tuple[Facet, ...]
    cameras: tuple[Facet, ...]
    months: tuple[Facet, ...]
    total: int


Links: TypeAlias = Literal["files", "all", "none"]
"""Symbolic links that are followed: those to files, those to folders as well, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which files under a folder are indexed.

    Patterns are in the syntax of gitignore, relative to the folder: `*.gif` and `private/` match
    at any depth, `/2019` and `raw/*.jpg` from the top, and `!` before one takes back an earlier.

    Attributes:
        include: only files that match; empty takes all.
        exclude: files and folders that are left out.
        links: which symbolic links are followed.
        hidden: whether names that begin with a dot count.
        min_bytes: the least size of a file.
        keywords: whether keywords of the files, and of XMP beside them, become labels.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    links: Links = "files"
    hidden: bool = False
    min_bytes: int = 0
    keywords: bool = True

    def __post_init__(self) -> None:
        """Take any sequence of patterns."""
        object.__setattr__(self, "include", tuple(self.include))
        object.__setattr__(self, "exclude", tuple(self.exclude))


Asked: TypeAlias = "int | str | os.PathLike[str] | bytes | Image.Image"
"""A picture to search by: an id of the collection, a path or http(s) address, the bytes of an
encoded picture, or a Pillow image. A film goes by its first good frame, unless `Example.at` says
which."""

Crop: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height of a part of an upright picture: whole numbers (int) are pixels,
others are shares of its width and height, 0..1."""


Orientation: TypeAlias = Literal[
    "upright",
    "mirrored",
    "upside-down",
    "turned-180",
    "turned-90",
    "turned-270",
    "transposed",
    "transversed",
]
"""How a picture is turned against another: mirrored exchanges left and right, upside-down top and
bottom; turned is by degrees clockwise; transposed mirrors at the diagonal from the top left,
transversed at the other one."""


@dataclass(frozen=True, slots=True)
class Example:
    """One picture of a query.

    Attributes:
        picture: what it is.
        weight: how much it counts beside the others, above 0.
        crop: the part of it that counts; None is all.
        at: which moment of a film, in seconds from its beginning; None is its first good frame,
            or the frame that an id stands for.
    """

    picture: Asked
    weight: float = 1.0
    crop: Crop | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for.

    Attributes:
        positives: pictures that the hits should look like.
        negatives: pictures that they should not look like.
        text: words for what the hits should show; only where the encoder understands words.
        text_weight: how much the words count beside the pictures, above 0.
        where: which pictures to search among.
        min_score: the least score of a hit, -1..1; None takes all.
        exclude: leave out the query's own pictures, also other files with their content.
        group: fold hits that are one picture, changed, into the nearest of them.
        any_orientation: look for the pictures of the query mirrored and turned by quarters as
            well; a hit's best score counts.
        regions: look for what the query shows in parts of pictures as well, where the collection
            keeps regions; a hit's best score counts.
    """

    positives: tuple[Example, ...] = ()
    negatives: tuple[Example, ...] = ()
    text: str | None = None
    text_weight: float = 1.0
    where: Where | None = None
    min_score: float | None = None
    exclude: bool = False
    group: bool = False
    any_orientation: bool = False
    regions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One neighbour of a query.

    Attributes:
        id: the image's id in its collection.
        path: where the picture lies; undecodable bytes of a name are kept as surrogates.
        score: cosine similarity to the query, in -1..1; 1 is the same direction.
        width: pixels, upright.
        height: pixels, upright.
        format: the codec, such as "JPEG".
        bytes: size of the file.
        modified: when the file was last changed, UTC, whole seconds.
        digest: hash of the file's content as hex, the same for identical files.
        taken: when the picture was taken, by its camera's clock, without a time zone; None where
            the file does not say.
        offline: whether its file is out of reach: on a drive that is away, or gone since it was
            indexed.
        frame: seconds from the beginning of the film that it is a frame of; None where the file is
            one picture.
        likeness: probability that the picture shows what the query shows, 0..1; None where the
            encoder has no calibration, or the query is more than one picture.
        duplicates: ids of near-identical hits that were folded into this one; None where no
            grouping was asked for.
        orientation: how it shows what the query shows; None where any orientation was not asked
            for.
        region: the part of it that fits best: left, top, width and height, as shares; None where it
            is the whole picture, or regions were not asked for.
    """

    id: int
    path: str
    score: float
    width: int
    height: int
    format: str
    bytes: int
    modified: datetime
    digest: str
    taken: datetime | None = None
    offline: bool = False
    frame: float | None = None
    likeness: float | None = None
    duplicates: tuple[int, ...] | None = None
    orientation: Orientation | None = None
    region: tuple[float, float, float, float] | None = None

    @property
    def distance(self) -> float:
        """Cosine distance, 1 - score, in 0..2."""
        return 1.0 - self.score


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    Attributes:
        query: the query as it was named.
        hits: nearest first.
        offset: how many nearer ones were passed over.
        total: number of pictures that were searched among.
    """

    query: str
    hits: list[Hit]
    offset: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label that a picture may deserve.

    Attributes:
        label: as it is written.
        score: its share of the similarity to the nearest pictures, 0..1.
        evidence: ids of the pictures that have it, nearest first.
    """

    label: str
    score: float
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Where in a picture a similarity comes from.

    Attributes:
        shares: (rows, columns) float32, 0..1, from the top left: how far the score falls when that
            place is hidden, as a share of the largest fall.
        part: what the rows and columns cover: left, top, width and height, as shares of the upright
            picture.
        width: pixels of that part.
        height: pixels of that part.
        fall: the largest fall of the score, at least 0.
    """

    shares: NDArray[np.float32]
    part: tuple[float, float, float, float]
    width: int
    height: int
    fall: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a picture is a hit.

    Attributes:
        score: cosine similarity of the picture to the whole query.
        query: over the first picture of the query; None where it has words only.
        image: over the picture that was found.
    """

    score: float
    query: Heat | None
    image: Heat


DuplicateKind: TypeAlias = Literal["identical", "near", "similar"]
"""identical: the same bytes; near: one picture, changed (compressed, resized, cropped, mirrored,
turned, recoloured); similar: pictures that look alike, but are not one."""


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Pictures that belong together.

    Attributes:
        kind: how.
        images: the best copy first, then by falling score; each one's score is its similarity to
            the best. The best has the most pixels, then the most bytes, then is the oldest, then
            has the shortest path.
    """

    kind: DuplicateKind
    images: list[Hit]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not in the collection, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What one run of the indexer did, in files: a film counts once.

    Attributes:
        added: pictures that are new to the collection.
        updated: pictures whose content changed, or that moved to another path.
        unchanged: pictures that cost a look at their size and time stamp only.
        removed: pictures that are gone from disk, or are excluded now.
        skipped: files that cannot be used, each with its reason, also those of earlier runs
            under the same folders.
        warnings: sentences about what was left alone, such as a folder that is not mounted.
        seconds: wall-clock time of the run.
    """

    added: int
    updated: int
    unchanged: int
    removed: int
    skipped: list[Skipped]
    warnings: list[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The encoder of a collection, as `status` shows it."""

    name: str
    sha256: str
    dimension: int


@dataclass(frozen=True, slots=True)
class EncoderState:
    """One of the encoders of a collection.

    Attributes:
        number: names it in its collection; never given again.
        name: of the model.
        sha256: of its file.
        dimension: length of an embedding.
        answers: whether searches go to it.
        lacking: pictures that it has not embedded yet, or not their regions.
        regions: whether it embeds regions of pictures as well.
    """

    number: int
    name: str
    sha256: str
    dimension: int
    answers: bool
    lacking: int
    regions: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What a collection holds.

    Attributes:
        collection: its place, as a path or address.
        model: the encoder that made its embeddings.
        dimension: length of an embedding.
        images: number of pictures.
        skipped: number of files that could not be used; `skipped_files` lists them.
        bytes: size on disk, search caches and thumbnails included.
        roots: the folders that were indexed.
        offline: those of them that are missing or empty, as where a drive is not mounted.
        rules: which files of a root are indexed, by root.
        skipped_files: every skipped file with its reason.
        text: whether words can be searched by.
        encoders: those that it has embeddings of; one of them answers.
        calibrated: whether the encoder says what its scores mean, so that hits carry a likeness.
    """

    collection: str
    model: ModelInfo
    dimension: int
    images: int
    skipped: int
    bytes: int
    roots: list[str] = field(default_factory=list)
    offline: list[str] = field(default_factory=list)
    rules: dict[str, Rules] = field(default_factory=dict)
    skipped_files: list[Skipped] = field(default_factory=list)
    calibrated: bool = False
    text: bool = False
    encoders: list[EncoderState] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """A snapshot of a running indexer.

    Attributes:
        stage: "indexing" while files are handled, "finishing" while the end is written; then
            "filling" while another encoder, or regions, are filled in: `done` and `total` count
            pictures of one of them then.
        done: files dealt with so far, unchanged and skipped ones included.
        total: files found so far; grows until `total_final`.
        total_final: whether `total` will grow no more.
        encoded: pictures run through the encoder so far.
        skipped: files skipped so far.
        news: the files that this run skipped since the snapshot before.
        waiting: what the run waits for, in a sentence, as a store's server that is away; None where
            it goes on.
    """

    stage: Literal["indexing", "finishing", "filling"]
    done: int
    total: int
    total_final: bool
    encoded: int
    skipped: int
    news: tuple[Skipped, ...] = ()
    waiting: str | None = None


ProgressListener: TypeAlias = Callable[[IndexProgress], None]
"""Called from the indexing thread, at once and then a few times a second at most. That the run
waits, and waits no more, is told by the thread that waits, but never by two at a time. What it
raises ends the run as an interruption does: what is encoded is committed; the caller gets it."""
