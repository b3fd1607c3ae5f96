"""Words that pictures give themselves: keywords in XMP, in the file or beside it, and in IPTC."""

from collections.abc import Iterable
from xml.parsers import expat

from PIL import Image, IptcImagePlugin

MOST = 64
"""As many keywords of one file are taken."""

LONGEST = 100
"""Letters of one; a longer one is no keyword."""

XMP_BYTES = 1 << 20
"""A larger packet of XMP, or file of it, is not read."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SUBJECT = "http://purl.org/dc/elements/1.1/ subject"
_HIERARCHY = "http://ns.adobe.com/lightroom/1.0/ hierarchicalSubject"
_ITEM = f"{_RDF} li"
_XMP_TAG, _IPTC_KEYWORDS, _IPTC_CHARSET = 700, (2, 25), (1, 90)
_UTF8 = b"\x1b%G"


def keywords_of(image: Image.Image, exif: Image.Exif) -> tuple[str, ...]:
    """The keywords of an open picture, in their order; what is unreadable counts as not said."""
    found: list[str] = []
    for packet in (
        image.info.get("xmp"),
        image.info.get("XML:com.adobe.xmp"),
        exif.get(_XMP_TAG),
    ):
        if isinstance(packet, bytes | str):
            found += keywords_of_xmp(packet)
    return tidied([*found, *_iptc(image)])


def keywords_of_xmp(packet: bytes | str) -> list[str]:
    """The keywords of a packet or file of XMP: its subjects, and the ends of its hierarchies.

    Nothing but elements is read of the XML: a file that declares entities is refused whole.
    """
    data = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
    data = data.strip(b"\0 \r\n\t")
    if not data or len(data) > XMP_BYTES:
        return []
    reader = _Reader()
    try:
        reader.read(data)
    except (expat.ExpatError, ValueError):
        return []
    return reader.found


def tidied(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever its case, on one line, and no more than `MOST`."""
    kept: dict[str, str] = {}
    for word in words:
        clean = " ".join("".join(c if c.isprintable() else " " for c in word).split())
        if clean and len(clean) <= LONGEST:
            kept.setdefault(clean.casefold(), clean)
    return tuple(kept.values())[:MOST]


class _Reader:
    """Gathers the items of the lists that hold keywords."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._open: list[str] = []
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, data: bytes) -> None:
        """Read all of a file.

        Raises:
            ExpatError: it is no XML.
            ValueError: it declares a document type, which XMP has no use for.
        """
        self._parser.Parse(data, True)

    def _doctype(self, *_: object) -> None:
        raise ValueError("a document type is declared")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._open.append(name)
        if name == _ITEM and self._list():
            self._text = []

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if name == _ITEM and self._text is not None:
            word = "".join(self._text)
            self._text = None
            # Places|Europe|Paris: a picture of Paris is meant.
            self.found.append(word.rsplit("|", 1)[-1] if self._list() == _HIERARCHY else word)
        self._open.pop()

    def _list(self) -> str | None:
        """Which list of keywords the element that is open lies in."""
        return next((name for name in self._open[-4:] if name in (_SUBJECT, _HIERARCHY)), None)


def _iptc(image: Image.Image) -> list[str]:
    try:
        told = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]
        values = told.get(_IPTC_KEYWORDS, [])
        is_utf8 = told.get(_IPTC_CHARSET) == _UTF8
        listed = values if isinstance(values, list) else [values]
        return [_decoded(value, is_utf8) for value in listed if isinstance(value, bytes)]
    except Exception:  # noqa: BLE001  unreadable IPTC says nothing about the picture itself
        return []


def _decoded(value: bytes, is_utf8: bool) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8" if is_utf8 else "latin-1", "replace")
