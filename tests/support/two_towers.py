"""A small real encoder with a text side: words for colours lie where pictures of them do.

The picture side gives a picture's mean colour. The text side looks up a colour for each token and
adds them up. One matrix takes both into the space of embeddings. The tokenizer is byte pair
encoding as CLIP has it, made by the library tokenizers.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from lookalike.encoders import EmbeddingSpec, InputSpec, ModelSpec, TextSpec, write_spec

Tongues: TypeAlias = Mapping[str, tuple[str, ...]]
"""By colour, its words."""

CONTEXT = 77
DIMENSION = 512
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
START, END = "<|startoftext|>", "<|endoftext|>"
COLOURS = {"red": (220, 30, 30), "green": (30, 160, 50), "blue": (30, 60, 210)}
_WORDS = (*COLOURS, "photo", "of", "a", "the", "house", "don", "'t", "it", "'s")


def write_two_towers(
    folder: Path,
    seed: int = 3,
    words: Tokenizer | None = None,
    tongues: Tongues | None = None,
    **text: Any,
) -> Path:
    """A model folder; keyword arguments change the record of the text side.

    Args:
        folder: where to.
        seed: of the space.
        words: a tokenizer of `tongues`; None is CLIP's.
        tongues: what stands for a colour; None is `TONGUES`.
        text: of the record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "model.onnx": picture_side(seed),
        "text.onnx": text_side(
            seed, table=None if words is None else tongue_table(words, tongues or TONGUES)
        ),
        "tokenizer.json": (words or tokenizer()).to_str().encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    record = {
        "file": "text.onnx",
        "sha256": digests["text.onnx"],
        "tokenizer_sha256": digests["tokenizer.json"],
        "context": CONTEXT,
        "pad": tokenizer().token_to_id(END),
    }
    spec = ModelSpec(
        name="two-towers",
        file="model.onnx",
        sha256=digests["model.onnx"],
        input=InputSpec(width=32, height=32, mean=MEAN, std=STD),
        embedding=EmbeddingSpec(dimension=DIMENSION),
        text=TextSpec(**{**record, **text}),
    )
    write_spec(spec, str(folder))
    return folder


def write_colours(folder: Path, each: int = 4) -> None:
    """Pictures of the three colours, `each` a colour, none like another."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(11)
    for name, colour in COLOURS.items():
        for number in range(each):
            noise = random.integers(-25, 26, (48, 64, 3)) + np.array(colour)
            pixels = np.clip(noise + random.integers(-20, 21, 3), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{name} {number}.png")


def alphabet() -> list[str]:
    """A letter for each byte, sorted."""
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def merges() -> list[tuple[str, str]]:
    """The pairs that become one, in their order: those that spell the known words."""
    found: list[tuple[str, str]] = []
    for word in _WORDS:
        *pieces, last = list(word)
        pieces.append(last + "</w>")
        for one, other in found:  # what earlier words have taught comes first
            for at in reversed(range(len(pieces) - 1)):
                if pieces[at : at + 2] == [one, other]:
                    pieces[at : at + 2] = [one + other]
        while len(pieces) > 1:
            found.append((pieces[0], pieces[1]))
            pieces[:2] = [pieces[0] + pieces[1]]
    return found


def tokenizer() -> Tokenizer:
    """CLIP's, with a small vocabulary."""
    letters = alphabet()
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += [one + other for one, other in merges()]
    vocabulary = {token: number for number, token in enumerate([*tokens, START, END])}
    made = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges(),
            unk_token=END,
            continuing_subword_prefix="",
            end_of_word_suffix="</w>",
        )
    )
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.post_processor = processors.RobertaProcessing(
        (END, vocabulary[END]),
        (START, vocabulary[START]),
        trim_offsets=False,
        add_prefix_space=False,
    )
    made.add_special_tokens([START, END])
    return made


TONGUES = {
    "red": ("red", "rotes", "rouge", "красный", "赤"),
    "green": ("green", "grünes", "vert", "зелёный", "緑"),
    "blue": ("blue", "blaues", "bleue", "синий", "青"),
}
"""Words for the colours in five languages."""

SCRIPTS = {
    "red": ("红色", "أحمر", "rötliches"),
    "green": ("绿色", "أخضر", "grünliches"),
    "blue": ("蓝色", "أزرق", "bläuliches"),
}
"""Words for the colours in Chinese, in Arabic, and with umlauts."""

HOUSES = ("一座{}的房子", "بيت {} صغير", "ein {} Häuschen")
"""A house of a colour in those; in Chinese there is no space between words."""

_FILLING = (
    "a",
    "Haus",
    "une",
    "maison",
    "дом",
    "い",
    "家",
    *" ".join(HOUSES).replace("{}", " ").split(),
)


def word_pieces() -> Tokenizer:
    """WordPiece with case, as multilingual BERT has it."""
    known = [*(word for words in TONGUES.values() for word in words), *_FILLING]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *known, "##s"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    made = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return made


def unigrams(tongues: Tongues = TONGUES) -> Tokenizer:
    """SentencePiece's unigrams, as XLM-RoBERTa has them: spaces belong to the words after them."""
    known = [*(word for words in tongues.values() for word in words), *_FILLING]
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(mark + word, -2.0) for word in known for mark in ("\u2581", "")]
    letters = sorted({letter for word in known for letter in word} | {"\u2581"})
    pieces += [(letter, -9.0) for letter in letters if (letter, -2.0) not in pieces]
    made = Tokenizer(models.Unigram(pieces, unk_id=3))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    made.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return made


def tongue_table(words: Tokenizer, tongues: Tongues = TONGUES) -> NDArray[np.float32]:
    """As `colour_table`, for a tokenizer of several languages."""
    table = np.zeros((words.get_vocab_size(), 3), np.float32)
    for name, colour in COLOURS.items():
        for word in tongues[name]:
            for token in (word, "\u2581" + word):
                number = words.token_to_id(token)
                if number is not None:
                    table[number] = (np.array(colour) / 255 - MEAN) / STD
    return table


def colour_table() -> NDArray[np.float32]:
    """(tokens, 3): the colour that each token stands for, as the picture side sees it, or 0."""
    words = tokenizer()
    table = np.zeros((words.get_vocab_size(), 3), np.float32)
    for name, colour in COLOURS.items():
        table[words.token_to_id(name + "</w>")] = (np.array(colour) / 255 - MEAN) / STD
    return table


def projection(seed: int) -> NDArray[np.float32]:
    """(3, DIMENSION), rows at right angles and of length 1."""
    random = np.random.default_rng(seed).normal(size=(DIMENSION, 3))
    return np.ascontiguousarray(np.linalg.qr(random)[0].T, dtype=np.float32)


def picture_side(seed: int = 3) -> bytes:
    """Pixels to their mean, to the space."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["colour"]),
        helper.make_node("MatMul", ["colour", "projection"], ["image_embeds"]),
    ]
    pixels = helper.make_tensor_value_info(
        "pixel_values", TensorProto.FLOAT, ["n", 3, "height", "width"]
    )
    return _model(nodes, [pixels], "image_embeds", {"projection": projection(seed)})


def text_side(
    seed: int = 3,
    *,
    mask: bool = True,
    ids: int = TensorProto.INT64,
    extra: bool = False,
    table: NDArray[np.float32] | None = None,
) -> bytes:
    """Ids to colours, to their sum, to the space.

    Args:
        seed: of the space.
        mask: whether filling is told by an input; else by adding up to nothing.
        ids: the type of ids.
        extra: whether it also wants the pictures.
        table: the colour of each token; None is `colour_table`.
    """
    nodes = [helper.make_node("Gather", ["colours", "index"], ["looked_up"])]
    nodes.append(helper.make_node("Cast", ["input_ids"], ["index"], to=TensorProto.INT64))
    nodes.reverse()
    inputs = [helper.make_tensor_value_info("input_ids", ids, ["n", "tokens"])]
    summed = "looked_up"
    if mask:
        inputs.insert(
            0, helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["n", "tokens"])
        )
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["shares"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["shares", "axis"], ["column"]),
            helper.make_node("Mul", ["looked_up", "column"], ["counted"]),
        ]
        summed = "counted"
    if extra:
        inputs.append(helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n"]))
        nodes.append(helper.make_node("Identity", ["pixel_values"], ["unused"]))
    nodes += [
        helper.make_node("ReduceSum", [summed, "tokens"], ["colour"], keepdims=0),
        helper.make_node("Add", ["colour", "grey"], ["shifted"]),
        helper.make_node("MatMul", ["shifted", "projection"], ["text_embeds"]),
    ]
    values: dict[str, NDArray[Any]] = {
        "colours": colour_table() if table is None else table,
        "tokens": np.array([1], np.int64),
        "grey": np.array([0.01, 0.01, 0.01], np.float32),
        "projection": projection(seed),
    }
    if mask:
        values["axis"] = np.array([2], np.int64)
    return _model(nodes, inputs, "text_embeds", values)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    output: str,
    values: dict[str, NDArray[Any]],
) -> bytes:
    made = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", DIMENSION])
    tensors = [numpy_helper.from_array(value, name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "tower", inputs, [made], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
