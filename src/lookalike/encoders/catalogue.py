"""The encoders that are known by name: those that come with the program, and those of the hub.

Preprocessing is each model's published preprocessor configuration. A file is checked by sha256
where one is pinned here; without a pin the sha256 of what arrived is recorded with the collection,
which from then on opens with that file only.
"""

import os
from dataclasses import dataclass, replace

from lookalike.encoders.spec import InputSpec

DEFAULT_MODEL = "compact"

BUNDLED = {"compact": os.path.join(os.path.dirname(__file__), "bundled", "compact")}
"""Model folders that come with the program, by name: they work without a network."""

_RESNET50_INPUT = InputSpec(
    width=224,
    height=224,
    resize="crop",
    crop_fraction=0.875,
    interpolation="bicubic",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)
_CLIP_INPUT = InputSpec(
    width=224,
    height=224,
    resize="crop",
    interpolation="bicubic",
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """A file on the hub; the fields are those of `CatalogueEntry`."""

    repo: str
    file: str
    revision: str
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueText:
    """The text side of a model on the hub; the fields are those of `CatalogueEntry` and `TextSpec`.

    The graph's inputs are called input_ids and attention_mask, and its first output is the
    embedding.
    """

    repo: str
    context: int
    pad: int
    file: str = "model.onnx"
    tokenizer: str = "tokenizer.json"
    revision: str = "main"
    sha256: str | None = None
    tokenizer_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A model on the hub: where its file is, and how it is fed.

    Attributes:
        repo: the hub's repository, "owner/name".
        file: path of the ONNX file in it.
        revision: branch, tag or commit.
        sha256: hex digest of the file, or None where no digest is pinned.
        megabytes: size of the download as fastembed's catalogue states it, 10^6 bytes, for people.
        text: its text side, where it has one.
        dimension: length of an embedding.
    """

    name: str
    description: str
    repo: str
    input: InputSpec
    dimension: int
    megabytes: int
    license: str
    file: str = "model.onnx"
    revision: str = "main"
    sha256: str | None = None
    text: CatalogueText | None = None

    @property
    def files(self) -> tuple[HubFile, ...]:
        """All that is downloaded: the picture side's graph, the text side's, its tokenizer."""
        graph = HubFile(repo=self.repo, file=self.file, revision=self.revision, sha256=self.sha256)
        text = self.text
        if text is None:
            return (graph,)
        words = HubFile(repo=text.repo, file=text.file, revision=text.revision, sha256=text.sha256)
        return graph, words, replace(words, file=text.tokenizer, sha256=text.tokenizer_sha256)


CATALOGUE: dict[str, CatalogueEntry] = {
    entry.name: entry
    for entry in (
        CatalogueEntry(
            name="resnet50",
            description="ResNet50, ImageNet-1k, global average pool: the published method",
            repo="Qdrant/resnet50-onnx",
            dimension=2048,
            megabytes=100,
            license="Apache-2.0",
            input=_RESNET50_INPUT,
        ),
        CatalogueEntry(
            name="clip-vit-b32",
            description="CLIP ViT-B/32: general photos and concepts, and words in English",
            repo="Qdrant/clip-ViT-B-32-vision",
            dimension=512,
            megabytes=590,
            license="MIT",
            input=_CLIP_INPUT,
            # Filled up as the published tokenizer does it, with the token that ends a text.
            text=CatalogueText(repo="Qdrant/clip-ViT-B-32-text", context=77, pad=49407),
        ),
        CatalogueEntry(
            name="unicom-vit-b16",
            description="Unicom ViT-B/16: fine detail, products and instances",
            repo="Qdrant/Unicom-ViT-B-16",
            dimension=768,
            megabytes=820,
            license="Apache-2.0",
            input=_CLIP_INPUT,
        ),
    )
}
