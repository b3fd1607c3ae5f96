"""What an ONNX file says of itself, read before any runtime opens it.

A model folder comes from strangers. Its graph is walked here in the file's own encoding (protocol
buffers), without a copy and without a runtime: files outside the folder, loops without an end and
tensors that are not there are refused with a sentence.
"""

import math
import mmap
import os
from collections.abc import Iterator, Mapping

from lookalike.errors import ModelSpecError

MAX_NODES = 100_000
"""Most operations of a graph, those of its subgraphs and functions included."""

MAX_VALUES = 2**31
"""Most values of one tensor: eight gigabytes in float32."""

_MAX_DEPTH = 8
_ENDLESS = frozenset({b"Loop", b"Scan"})

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5

_Field = tuple[int, int | memoryview]


def check_graph(path: str, files: Mapping[str, str]) -> None:
    """Refuse an ONNX file that reaches out of its folder, or claims what it does not hold.

    Args:
        path: the ONNX file.
        files: the files of external data that its spec names, each checked against its sha256.

    Raises:
        ModelSpecError: it is no ONNX file, or is refused; the sentence says why.
    """
    try:
        with open(path, "rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        _Graph(os.path.dirname(os.path.abspath(path)), files).model(data)
    except OSError as error:
        raise ModelSpecError(f"cannot read the model file {path}: {error.strerror}") from error
    # From nothing: their frames would keep the file mapped for as long as anybody keeps the error.
    except _Refused as error:
        raise ModelSpecError(f"{path} is refused: {error}") from None
    except (ValueError, IndexError):  # not a protocol buffer, or an empty file
        raise ModelSpecError(f"{path} is no ONNX model") from None


class _Refused(Exception):  # noqa: N818  it is a verdict, and never leaves this file
    """Why a graph is refused."""


class _Graph:
    def __init__(self, folder: str, files: Mapping[str, str]) -> None:
        self._folder = folder
        self._files = files
        self._nodes = 0

    def model(self, data: memoryview) -> None:
        graphs = 0
        for number, value in _fields(data):
            if number == 7:  # graph
                graphs += 1
                self._graph(_part(value), 0)
            elif number == 20:  # training_info
                raise _Refused("it holds instructions for training; export it for inference")
            elif number == 25:  # functions
                for inner, node in _fields(_part(value)):
                    if inner == 7:
                        self._node(_part(node), 0)
        if graphs != 1:
            raise ValueError

    def _graph(self, data: memoryview, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _Refused(f"its graphs are nested more than {_MAX_DEPTH} deep")
        for number, value in _fields(data):
            if number == 1:  # node
                self._node(_part(value), depth)
            elif number == 5:  # initializer
                self._tensor(_part(value))
            elif number == 15:  # sparse_initializer
                raise _Refused("it has sparse tensors, whose size is not that of their file")

    def _node(self, data: memoryview, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _Refused(f"it has more than {MAX_NODES:,} operations")
        for number, value in _fields(data):
            if number == 4 and bytes(_part(value)[:16]) in _ENDLESS:  # op_type
                raise _Refused(f"it has a {str(_part(value), 'ascii')}, which may never end")
            if number == 5:  # attribute
                self._attribute(_part(value), depth)

    def _attribute(self, data: memoryview, depth: int) -> None:
        for number, value in _fields(data):
            if number in (5, 10):  # t, tensors
                self._tensor(_part(value))
            elif number in (6, 11):  # g, graphs
                self._graph(_part(value), depth + 1)
            elif number in (22, 23):  # sparse_tensor, sparse_tensors
                raise _Refused("it has sparse tensors, whose size is not that of their file")

    def _tensor(self, data: memoryview) -> None:
        dims: list[int] = []
        name, held, external, outside = "?", 0, {}, False
        for number, value in _fields(data):
            if number == 1:  # dims
                dims += [value] if isinstance(value, int) else _varints(value)
            elif number == 8:  # name
                name = str(_part(value)[:200], "utf-8", "replace")
            elif number == 13:  # external_data
                key, content = _entry(_part(value))
                external[key] = content
            elif number == 14:  # data_location
                outside = value == 1
            elif number in (4, 5, 6, 7, 9, 10, 11):  # the values, in one of several forms
                held += 8 if isinstance(value, int) else len(value)
        if any(dim >= 2**63 for dim in dims) or math.prod(dims) > MAX_VALUES:
            shown = " x ".join(str(dim) for dim in dims[:8])
            raise _Refused(f"its tensor {name!r} has an absurd shape: {shown}")
        if outside or external:
            held = self._outside(name, external)
        # Two values a byte are the most that any type packs.
        if math.prod(dims) > 2 * held:
            raise _Refused(f"its tensor {name!r} holds fewer values than its shape says")

    def _outside(self, name: str, entry: Mapping[str, str]) -> int:
        """Bytes of a tensor that is kept in another file, which the spec has to name."""
        place = entry.get("location", "")
        if place not in self._files:
            raise _Refused(
                f"its tensor {name!r} is kept in {place!r}, which the spec does not name "
                "in external_data"
            )
        size = os.path.getsize(os.path.join(self._folder, place))
        offset, length = (_whole(entry.get(key, "0")) for key in ("offset", "length"))
        length = length if "length" in entry else size - offset
        if max(offset, offset + length) > size:
            raise _Refused(f"its tensor {name!r} reaches beyond the end of {place!r}")
        return max(0, length)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise _Refused(f"{text[:20]!r} is no place in a file")
    return int(text)


def _entry(data: memoryview) -> tuple[str, str]:
    key = value = ""
    for number, content in _fields(data):
        if number == 1:
            key = str(_part(content), "utf-8")
        elif number == 2:
            value = str(_part(content), "utf-8")
    return key, value


def _part(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a message should be")  # noqa: TRY004
    return value


def _fields(data: memoryview) -> Iterator[_Field]:
    """The fields of one message: their numbers, and a number or a part of the file each."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            number, at = _varint(data, at)
            yield tag >> 3, number
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise ValueError("no such kind of field")
        if at + size > end:
            raise ValueError("a field that ends after its message")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number that does not end")


def _varints(data: memoryview) -> list[int]:
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found
