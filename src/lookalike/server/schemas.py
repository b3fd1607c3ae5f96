"""The JSON that goes in and out, the same shapes as the command line's `--json`."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from lookalike.encoders import ScoreCalibration
from lookalike.present.text import display_path
from lookalike.source import is_url
from lookalike.store.base import StoredFile
from lookalike.types import (
    DuplicateGroup,
    DuplicateKind,
    EncoderState,
    Explanation,
    Facet,
    Facets,
    Heat,
    Hit,
    Orientation,
    Status,
)

ImageId = Annotated[int, Field(ge=0, le=2**63 - 1, description="a picture of the collection")]


def _http_address(url: str) -> str:
    if not is_url(url) or not urlsplit(url).hostname:
        raise ValueError("give an address that starts with http:// or https://")
    return url


HttpAddress = Annotated[
    str,
    AfterValidator(_http_address),
    Field(max_length=8192, description="address of a picture; never one of a private network"),
]


class HitBody(BaseModel):
    """One neighbour: score is the cosine similarity, distance is 1 - score."""

    id: int
    path: str
    score: float
    distance: float
    width: int
    height: int
    format: str = Field(description="the codec, such as JPEG")
    bytes: int
    digest: str = Field(description="hash of the content, the same for identical files")
    modified: datetime = Field(description="time stamp of the file, UTC")
    taken: datetime | None = Field(description="when it was taken, by the camera's own clock")
    offline: bool = Field(description="whether its file is out of reach now")
    frame: float | None = Field(
        description="seconds into the film that it is a frame of; null where the file is "
        "one picture"
    )
    likeness: float | None = Field(
        description="probability that it shows what the query shows; null without a calibration"
    )

    duplicates: list[int] = Field(
        default=[], description="ids of hits that were folded into this one; only with group"
    )
    orientation: Orientation | None = Field(
        default=None, description="how it shows the query; only with any_orientation"
    )
    region: tuple[float, float, float, float] | None = Field(
        default=None,
        description="the part that fits best: left, top, width, height, as shares; only with "
        "regions, and not where it is the whole picture",
    )

    @classmethod
    def of(cls, hit: Hit) -> "HitBody":
        """The hit, with its path made safe to show."""
        body = cls(
            id=hit.id,
            path=display_path(hit.path),
            score=hit.score,
            distance=hit.distance,
            width=hit.width,
            height=hit.height,
            format=hit.format,
            bytes=hit.bytes,
            digest=hit.digest,
            modified=hit.modified,
            taken=hit.taken,
            offline=hit.offline,
            frame=hit.frame,
            likeness=hit.likeness,
        )
        if hit.duplicates is not None:
            body.duplicates = list(hit.duplicates)
        if hit.orientation is not None:
            body.orientation = hit.orientation
        if hit.region is not None:
            body.region = hit.region
        return body


class GroupBody(BaseModel):
    """Pictures that belong together, the best copy first; scores are similarities to it."""

    kind: DuplicateKind
    best: int = Field(description="id of the best copy")
    images: list[HitBody]

    @classmethod
    def of(cls, group: DuplicateGroup) -> "GroupBody":
        """The group, with its paths made safe to show."""
        images = [HitBody.of(image) for image in group.images]
        return cls(kind=group.kind, best=images[0].id, images=images)


class DuplicatesBody(BaseModel):
    """Groups of duplicates, and how many there are in all."""

    groups: list[GroupBody]
    total: int


class SearchBody(BaseModel):
    """The answer to a search, nearest first."""

    query: str = Field(description="the query as it was named: file name, address or path")
    hits: list[HitBody]
    offset: int = Field(description="how many nearer ones were passed over")
    total: int = Field(description="number of pictures that fit `where`")
    preview: str | None = Field(
        default=None, description="the query as a data URL, where asked for"
    )


class HeatBody(BaseModel):
    """Where in a picture a similarity comes from."""

    width: int = Field(description="pixels of the part that the heat covers")
    height: int
    part: tuple[float, float, float, float] = Field(
        description="that part: left, top, width, height, as shares of the upright picture"
    )
    heat: list[list[float]] = Field(
        description="rows from the top left, 0 to 1: how far the score falls without that place, "
        "as a share of `fall`"
    )
    fall: float = Field(description="the largest fall of the score")

    @classmethod
    def of(cls, heat: Heat) -> "HeatBody":
        """The heat, in steps of a thousandth."""
        return cls(
            width=heat.width,
            height=heat.height,
            part=heat.part,
            heat=[[round(share, 3) for share in row] for row in heat.shares.tolist()],
            fall=heat.fall,
        )


class ExplanationBody(BaseModel):
    """Why a picture is a hit: heat over the query's first picture, and over the picture."""

    score: float = Field(description="cosine similarity of the picture to the whole query")
    query: HeatBody | None = Field(description="null where the query has words only")
    image: HeatBody

    @classmethod
    def of(cls, explanation: Explanation) -> "ExplanationBody":
        """The explanation."""
        query = explanation.query
        return cls(
            score=explanation.score,
            query=None if query is None else HeatBody.of(query),
            image=HeatBody.of(explanation.image),
        )


class ImageBody(BaseModel):
    """One picture of the collection."""

    id: int
    path: str
    width: int
    height: int
    digest: str = Field(description="hash of the content, the same for identical files")
    frame: float | None = Field(description="seconds into the film that it is a frame of, or null")

    @classmethod
    def of(cls, stored: StoredFile) -> "ImageBody":
        """The picture, with its path made safe to show."""
        file = stored.file
        return cls(
            id=stored.id,
            path=display_path(file.path),
            width=file.width,
            height=file.height,
            digest=file.digest.hex(),
            frame=file.seconds,
        )


class DetailsBody(ImageBody):
    """All that is known of a picture."""

    folder: str
    format: str = Field(description="the codec, such as JPEG")
    bytes: int
    modified: datetime = Field(description="time stamp of the file, UTC")
    taken: datetime | None = Field(description="when it was taken, by the camera's own clock")
    camera: str | None = Field(description="maker and model")
    labels: list[str]

    @classmethod
    def of(cls, stored: StoredFile, labels: Sequence[str] = ()) -> "DetailsBody":
        """The picture, with its paths made safe to show."""
        file = stored.file
        return cls(
            **ImageBody.of(stored).model_dump(),
            folder=display_path(os.path.dirname(file.path)),
            format=file.format,
            bytes=file.size,
            modified=file.modified_at,
            taken=file.taken_at,
            camera=file.camera,
            labels=list(labels),
        )


class ImagesBody(BaseModel):
    """Some pictures of the collection, and how many there are in all."""

    images: list[ImageBody]
    total: int


class FacetBody(BaseModel):
    """One value to filter by, and how many pictures it would leave."""

    name: str
    count: int


class MonthBody(BaseModel):
    """A month, and how many pictures are of it."""

    month: str = Field(description="YYYY-MM")
    count: int


class FacetsBody(BaseModel):
    """What there is to filter by; each list counts what fits the rest of the filter."""

    folders: list[FacetBody] = Field(description="each with what is under it")
    formats: list[FacetBody]
    labels: list[FacetBody]
    cameras: list[FacetBody]
    dates: list[MonthBody]
    total: int = Field(description="number of pictures that fit")

    @classmethod
    def of(cls, facets: Facets) -> "FacetsBody":
        """The facets. Names are as they are, since filters take them; show them as text only."""

        def bodies(values: tuple[Facet, ...]) -> list[FacetBody]:
            return [FacetBody(name=value.name, count=value.count) for value in values]

        return cls(
            folders=bodies(facets.folders),
            formats=bodies(facets.formats),
            labels=bodies(facets.labels),
            cameras=bodies(facets.cameras),
            dates=[MonthBody(month=value.name, count=value.count) for value in facets.months],
            total=facets.total,
        )


class ModelBody(BaseModel):
    """The encoder of the collection."""

    name: str
    sha256: str
    dimension: int


class EncoderBody(BaseModel):
    """One of the encoders of a collection."""

    number: int
    name: str
    sha256: str
    dimension: int
    answers: bool = Field(description="whether searches go to it")
    lacking: int = Field(description="pictures that it has not embedded yet, or not their regions")
    regions: bool = Field(description="whether it embeds regions of pictures as well")

    @classmethod
    def of(cls, state: EncoderState) -> "EncoderBody":
        """The encoder, with its name made safe to show."""
        return cls(
            number=state.number,
            name=display_path(state.name),
            sha256=state.sha256,
            dimension=state.dimension,
            answers=state.answers,
            lacking=state.lacking,
            regions=state.regions,
        )


class SkippedBody(BaseModel):
    """A file that is not in the collection, and why."""

    path: str
    reason: str


class CalibrationBody(BaseModel):
    """What a score means: a curve from scores to probabilities, linear between its points."""

    scores: list[float]
    probabilities: list[float] = Field(description="that two pictures are of one kind")
    threshold: float = Field(description="the score that is recommended as `min_score`")

    @classmethod
    def of(cls, calibration: ScoreCalibration) -> "CalibrationBody":
        """The calibration."""
        return cls(
            scores=calibration.scores,
            probabilities=calibration.probabilities,
            threshold=calibration.threshold,
        )


class StatusBody(BaseModel):
    """What the collection holds."""

    collection: str
    model: ModelBody
    dimension: int
    images: int
    skipped: int
    bytes: int
    roots: list[str] = Field(description="the folders that were indexed")
    offline: list[str] = Field(description="those of them that are missing or empty now")
    skipped_files: list[SkippedBody]
    text: bool = Field(description="whether words can be searched by")
    calibrated: bool = Field(description="whether hits carry a likeness")
    calibration: CalibrationBody | None = Field(description="null where scores have none")
    encoders: list[EncoderBody] = Field(description="those that it has embeddings of")

    @classmethod
    def of(cls, status: Status, calibration: ScoreCalibration | None) -> "StatusBody":
        """The status, with its paths made safe to show."""
        model = status.model
        return cls(
            collection=display_path(status.collection),
            model=ModelBody(name=model.name, sha256=model.sha256, dimension=model.dimension),
            dimension=status.dimension,
            images=status.images,
            skipped=status.skipped,
            bytes=status.bytes,
            roots=[display_path(root) for root in status.roots],
            offline=[display_path(root) for root in status.offline],
            skipped_files=[
                SkippedBody(path=display_path(file.path), reason=display_path(file.reason))
                for file in status.skipped_files
            ],
            text=status.text,
            calibrated=status.calibrated,
            calibration=None if calibration is None else CalibrationBody.of(calibration),
            encoders=[EncoderBody.of(each) for each in status.encoders],
        )


class HealthBody(BaseModel):
    """The server is up."""

    status: str = "ok"


class ReadyBody(BaseModel):
    """Searches can be answered."""

    status: str = "ready"


class ErrorBody(BaseModel):
    """What went wrong, and what to do, in one sentence."""

    error: str
