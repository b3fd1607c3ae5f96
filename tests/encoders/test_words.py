"""The text side of an encoder, held against CLIP's tokenisation as its paper's code does it."""

import hashlib
import unicodedata
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto
from PIL import Image
from tokenizers import Tokenizer

import lookalike
from lookalike.decode import from_image
from lookalike.encoders import CATALOGUE, identity, load, locate, read_spec, write_spec
from lookalike.encoders.preprocess import to_pixels
from lookalike.encoders.words import open_tokenizer
from lookalike.errors import EncoderError, ModelSpecError
from tests.support.two_towers import (
    COLOURS,
    CONTEXT,
    END,
    START,
    TONGUES,
    colour_table,
    merges,
    projection,
    text_side,
    tokenizer,
    unigrams,
    word_pieces,
    write_colours,
    write_two_towers,
)

TEXTS = [
    "red",
    "a photo of the RED house",
    "  a\tphoto\n\nof   blue ",
    "don't: it's 2024!!",
    "“Grün” — façade, 東京, 🏠🏠",
    "O'Neill'd we'll they've I'm you're",
    "",
    "redgreenblue re d",
    "x" * 300,
    "green " * 100,
    "a, b. c; " * 40,
]


def bytes_to_letters() -> dict[int, str]:
    """A printable letter for each byte: itself, or the next one from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    return letters | {byte: chr(256 + place) for place, byte in enumerate(others)}


def kind(letter: str) -> str:
    if letter.isspace():
        return "space"
    first = unicodedata.category(letter)[0]
    return first if first in "LN" else "other"


def words_of(text: str) -> list[str]:
    """Contractions, runs of letters, single digits, runs of anything else."""
    words, at = [], 0
    while at < len(text):
        contraction = next(
            (c for c in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d") if text.startswith(c, at)),
            None,
        )
        end = at + 1
        if contraction:
            end = at + len(contraction)
        elif kind(text[at]) in ("L", "other"):
            while end < len(text) and kind(text[end]) == kind(text[at]):
                end += 1
        if kind(text[at]) != "space":
            words.append(text[at:end])
        at = end
    return words


def pieces_of(word: str) -> list[str]:
    """Byte pair encoding: the pair that was learned first becomes one, until none is left."""
    ranks = {pair: rank for rank, pair in enumerate(merges())}
    *pieces, last = [bytes_to_letters()[byte] for byte in word.encode()]
    pieces.append(last + "</w>")
    while True:
        pairs = set(pairwise(pieces)) & set(ranks)
        if not pairs:
            return pieces
        first = min(pairs, key=lambda pair: ranks[pair])
        merged: list[str] = []
        at = 0
        while at < len(pieces):
            if tuple(pieces[at : at + 2]) == first:
                merged.append("".join(first))
                at += 2
            else:
                merged.append(pieces[at])
                at += 1
        pieces = merged


def reference(text: str) -> tuple[list[int], list[int]]:
    """Ids and mask: cut to the context with the last one still the end, filled up with the end."""
    vocabulary = tokenizer().get_vocab()
    clean = " ".join(unicodedata.normalize("NFC", text).split()).lower()
    pieces = [piece for word in words_of(clean) for piece in pieces_of(word)]
    ids = [vocabulary[START], *(vocabulary[piece] for piece in pieces), vocabulary[END]]
    if len(ids) > CONTEXT:
        ids = [*ids[: CONTEXT - 1], vocabulary[END]]
    filling = CONTEXT - len(ids)
    return ids + [vocabulary[END]] * filling, [1] * len(ids) + [0] * filling


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_towers(tmp_path_factory.mktemp("towers"))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_tokens_are_those_of_the_reference(towers: Path, text: str) -> None:
    spec = read_spec(str(towers / "model.json"))
    assert spec.text is not None
    encoded = open_tokenizer(str(towers / "tokenizer.json"), spec.text).encode(text)
    assert (encoded.ids, encoded.attention_mask) == reference(text)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_embeddings_are_those_of_numpy(towers: Path, runtime: str) -> None:
    pytest.importorskip(runtime)
    found = load(towers, runtime=runtime).embed_text(TEXTS)
    tokens = [reference(text) for text in TEXTS]
    ids, mask = (np.array(part) for part in zip(*tokens, strict=True))
    raw = ((colour_table()[ids] * mask[..., None]).sum(axis=1) + 0.01) @ projection(3)
    np.testing.assert_allclose(
        found, raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=1e-5, rtol=0
    )
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), 512)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_graph_without_a_mask_and_with_narrow_ids(tmp_path: Path, runtime: str) -> None:
    pytest.importorskip(runtime)
    both = [write_two_towers(tmp_path / name) for name in ("plain", "narrow")]
    change(both[1], text_side(mask=False, ids=TensorProto.INT32))
    plain, narrow = (load(each, runtime=runtime).embed_text(["a blue house"]) for each in both)
    np.testing.assert_allclose(plain, narrow, atol=1e-6)


def test_words_lie_where_their_pictures_do(towers: Path) -> None:
    encoder = load(towers)
    pictures = np.stack([np.full((32, 32, 3), colour, np.uint8) for colour in COLOURS.values()])
    words = encoder.embed_text([f"a photo of {name}" for name in COLOURS])
    scores = words @ encoder.embed(pictures).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("words", "pad"), [(word_pieces(), 0), (unigrams(), 1)])
def test_words_of_several_languages(tmp_path: Path, words: Tokenizer, pad: int) -> None:
    """A text side of several languages needs nothing but its own tokenizer's file."""
    write_colours(tmp_path / "pictures", 2)
    folder = write_two_towers(tmp_path / "towers", words=words, context=128, pad=pad)
    with lookalike.open(tmp_path / "c", model=folder) as photos:
        photos.index(tmp_path / "pictures")
        for name, tongues in TONGUES.items():
            for word in tongues:
                hits = photos.search(text=f"ein {word} Haus", k=2)
                assert {Path(hit.path).name for hit in hits} == {f"{name} {n}.png" for n in (0, 1)}


def test_half_a_pair_of_utf_16_is_no_error(towers: Path) -> None:
    np.testing.assert_array_equal(*load(towers).embed_text(["red \ud800", "red ?"]))


def change(folder: Path, graph: bytes) -> None:
    """Another text side, described as it is."""
    (folder / "text.onnx").write_bytes(graph)
    spec = read_spec(str(folder / "model.json"))
    assert spec.text is not None
    text = replace(spec.text, sha256=hashlib.sha256(graph).hexdigest())
    write_spec(replace(spec, text=text), str(folder))


@pytest.mark.parametrize("name", ["text.onnx", "tokenizer.json"])
def test_another_file_than_the_spec_says_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_two_towers(tmp_path / "towers")
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelSpecError, match=rf"{name} is not the file that"):
        locate(folder)


def test_the_graph_of_the_text_side_is_looked_through(tmp_path: Path) -> None:
    folder = write_two_towers(tmp_path / "towers")
    change(folder, b"no graph")
    with pytest.raises(ModelSpecError, match=r"text\.onnx is no ONNX model"):
        locate(folder)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(
    ("graph", "says"),
    [
        (text_side(extra=True), "its text side needs more: pixel_values"),
        (text_side(ids=TensorProto.FLOAT), "not whole numbers"),
    ],
    ids=["more", "floats"],
)
def test_a_graph_that_takes_something_else(
    tmp_path: Path, runtime: str, graph: bytes, says: str
) -> None:
    pytest.importorskip(runtime)
    folder = write_two_towers(tmp_path / "towers")
    change(folder, graph)
    with pytest.raises(ModelSpecError, match=says):
        load(folder, runtime=runtime).embed_text(["red"])


def test_no_tokenizer(tmp_path: Path) -> None:
    data = b'{"model": 7}'
    folder = write_two_towers(
        tmp_path / "towers", tokenizer_sha256=hashlib.sha256(data).hexdigest()
    )
    (folder / "tokenizer.json").write_bytes(data)
    with pytest.raises(ModelSpecError, match="is no tokenizer"):
        load(folder).embed_text(["red"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"context": 0}, "context"),
        ({"context": 10**6}, "context"),
        ({"pad": -1}, "pad"),
        ({"file": "../text.onnx"}, "plain name"),
        ({"tokenizer": "/etc/passwd"}, "plain name"),
        ({"sha256": "x"}, "hex digits"),
    ],
)
def test_absurd_records(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelSpecError, match=says):
        write_two_towers(tmp_path / "towers", **change)


def test_without_a_text_side(tiny_model: Path) -> None:
    with pytest.raises(EncoderError, match="understands no words"):
        load(tiny_model).embed_text(["red"])


def test_the_identity_covers_the_text_side(towers: Path) -> None:
    spec = read_spec(str(towers / "model.json"))
    text = spec.text
    assert text is not None
    ours = identity(spec)
    assert ours.same_embeddings(identity(replace(spec, text=None)))
    assert ours == identity(replace(spec, text=replace(text, file="elsewhere.onnx")))
    for other in (
        replace(text, sha256="0" * 64),
        replace(text, tokenizer_sha256="0" * 64),
        replace(text, context=76),
        replace(text, pad=0),
        replace(text, output="text_embeds"),
    ):
        assert not ours.same_embeddings(identity(replace(spec, text=other)))


def test_clip_is_fed_as_its_paper_says() -> None:
    """Bicubic to the shortest side with antialiasing, the centre, in plain NumPy."""
    random = np.random.default_rng(5)
    for width, height in ((400, 300), (310, 450), (224, 224), (100, 130)):
        small = random.integers(0, 256, (height // 10, width // 10, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR)
        pixels = to_pixels(from_image(image), CATALOGUE["clip-vit-b32"].input)
        scale = 224 / min(width, height)
        size = (224, int(scale * height)) if width <= height else (int(scale * width), 224)
        resized = _bicubic(_bicubic(np.asarray(image), size[0], 1), size[1], 0)
        left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
        expected = resized[top : top + 224, left : left + 224]
        # Pillow rounds between its two passes, and its weights to 22 bits.
        apart = np.abs(pixels.astype(int) - expected)
        assert apart.max() <= 2
        assert apart.mean() < 0.01


def _bicubic(pixels: NDArray[np.uint8], size: int, axis: int) -> NDArray[np.uint8]:
    """Keys' kernel with a = -0.5, widened where it makes smaller."""
    length = pixels.shape[axis]
    wide = max(1.0, length / size)
    centres = (np.arange(size)[:, None] + 0.5) * length / size
    x = np.abs(np.arange(length)[None] + 0.5 - centres) / wide
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = np.where(x < 1, near, np.where(x < 2, far, 0))
    weights /= weights.sum(axis=1, keepdims=True)
    moved = np.moveaxis(pixels, axis, 0).astype(np.float64)
    made = np.moveaxis(np.tensordot(weights, moved, axes=1), 0, axis)
    return np.clip(np.floor(made + 0.5), 0, 255).astype(np.uint8)
