"""What a client asks for, as JSON: pictures for and against, words, filters."""

from datetime import date
from typing import Annotated

from fastapi import HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lookalike.server.errors import sentence_of
from lookalike.server.schemas import HttpAddress, ImageId
from lookalike.types import Where

MAX_HITS = 1000
_MAX_EXAMPLES = 32
_MAX_OFFSET = 10_000_000
_HOW = "name a picture by one of id, url and upload"

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, le=1000, description="how much it counts beside the others")]
CropBody = Annotated[
    tuple[Share, Share, Share, Share],
    Field(description="left, top, width, height of the part that counts, as shares of the picture"),
]
Moment = Annotated[
    float,
    Field(
        ge=0,
        lt=10**7,
        description="which moment of a film, in seconds from its beginning; null is its first good "
        "frame, or the frame that an id stands for",
    ),
]
Token = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="what POST /api/uploads gave")]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class WhereBody(BaseModel):
    """Which pictures to search among: those that fit every field that is given."""

    model_config = ConfigDict(extra="forbid")

    folder: str | None = Field(
        default=None, max_length=4096, description="in this folder and under it"
    )
    format: list[Word] = Field(default=[], max_length=32, description="of any of these codecs")
    label: list[Word] = Field(default=[], max_length=256, description="with any of these labels")
    after: date | None = Field(default=None, description="of this day and later")
    before: date | None = Field(default=None, description="of days before this one")
    min_width: Count | None = Field(default=None, description="pixels")
    min_height: Count | None = Field(default=None, description="pixels")
    min_bytes: Count | None = None
    max_bytes: Count | None = None
    camera: str | None = Field(default=None, max_length=200, description="maker and model")

    def where(self) -> Where:
        """The filter."""
        return Where(
            **{
                **self.model_dump(),
                "format": tuple(self.format),
                "label": tuple(self.label),
            }
        )


class NamedPicture(BaseModel):
    """A picture by its id in the collection, its address, or the token of an upload."""

    model_config = ConfigDict(extra="forbid")

    id: ImageId | None = None
    url: HttpAddress | None = None
    upload: Token | None = None
    crop: CropBody | None = None
    at: Moment | None = None

    @property
    def names(self) -> int:
        """In how many ways the picture is named."""
        return sum(name is not None for name in (self.id, self.url, self.upload))


class ExampleBody(NamedPicture):
    """One of several pictures of a query."""

    weight: Weight = 1.0

    @model_validator(mode="after")
    def _one_picture(self) -> "ExampleBody":
        if self.names != 1:
            raise ValueError(_HOW)
        return self


class QueryRequest(NamedPicture):
    """What is asked by. The picture at the top is short for one alone in `positives`."""

    positives: list[ExampleBody] = Field(
        default=[], max_length=_MAX_EXAMPLES, description="what the hits should look like"
    )
    negatives: list[ExampleBody] = Field(
        default=[], max_length=_MAX_EXAMPLES, description="what they should not look like"
    )
    text: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None,
        description="words for what they should show, where the encoder understands any",
    )
    text_weight: Weight = 1.0

    @model_validator(mode="after")
    def _something_to_look_for(self) -> "QueryRequest":
        if self.names > 1:
            raise ValueError(_HOW)
        if self.crop is not None and not self.names:
            raise ValueError("crop needs the picture that it is a part of: id, url or upload")
        if self.at is not None and not self.names:
            raise ValueError("at needs the film that it is a moment of: id, url or upload")
        if not (self.names or self.positives or self.text):
            raise ValueError("give a picture as id, url or upload, or positives, or text")
        return self

    @property
    def urls(self) -> list[str | None]:
        """The addresses that pictures are named by."""
        return [named.url for named in (self, *self.positives, *self.negatives)]


class SearchRequest(QueryRequest):
    """A search."""

    where: WhereBody = WhereBody()
    min_score: float | None = Field(
        default=None, ge=-1, le=1, description="the least score of a hit"
    )
    k: int = Field(default=10, ge=1, le=MAX_HITS, description="how many hits to give")
    offset: int = Field(
        default=0, ge=0, le=_MAX_OFFSET, description="how many nearer ones to pass over"
    )
    exclude: bool = Field(default=False, description="leave out the query's own pictures")
    group: bool = Field(
        default=False, description="fold hits that are one picture, changed, into the nearest one"
    )
    any_orientation: bool = Field(
        default=False, description="also find what is mirrored or turned by quarters"
    )
    regions: bool = Field(
        default=False,
        description="also find pictures that contain the query as a part, where regions are kept",
    )
    preview: bool = Field(
        default=False, description="also give a small JPEG of the query, as a data URL"
    )


class ExplainRequest(QueryRequest):
    """A picture to explain, and what it was found by."""

    image: ImageId


def asked_where(
    where: Annotated[
        str | None,
        Query(description="JSON, as `where` of POST /api/search", max_length=16_384),
    ] = None,
) -> Where | None:
    """`?where=` of routes that are asked with GET.

    Raises:
        HTTPException: 422, with a sentence.
    """
    if where is None:
        return None
    try:
        return WhereBody.model_validate_json(where).where()
    except ValidationError as error:
        raise HTTPException(
            422, f"where: {sentence_of(error.errors(include_url=False))}"
        ) from error
