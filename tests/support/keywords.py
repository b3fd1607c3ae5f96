"""XMP and IPTC as photo managers write them."""

import io
import struct
from collections.abc import Sequence

from PIL import Image

from tests.support.pictures import draw

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/" dc:title="not a keyword">
<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag>{subjects}</rdf:Bag></dc:subject>
<lr:hierarchicalSubject><rdf:Bag>{hierarchy}</rdf:Bag></lr:hierarchicalSubject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def xmp(*subjects: str, hierarchy: Sequence[str] = ()) -> bytes:
    """A packet with keywords."""

    def items(words: Sequence[str]) -> str:
        return "".join(f"<rdf:li>{word}</rdf:li>" for word in words)

    return _XMP.format(subjects=items(subjects), hierarchy=items(hierarchy)).encode()


def iptc(*words: bytes) -> bytes:
    """The APP13 segment of a JPEG with keywords."""
    records = b"".join(b"\x1c\x02\x19" + struct.pack(">H", len(word)) + word for word in words)
    block = (
        b"8BIM" + struct.pack(">H", 0x0404) + b"\0\0" + struct.pack(">I", len(records)) + records
    )
    body = b"Photoshop 3.0\0" + block + b"\0" * (len(records) % 2)
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def jpeg(number: int, packet: bytes = b"", segment: bytes = b"") -> bytes:
    """A picture with XMP, or with a further segment."""
    out = io.BytesIO()
    draw(number).save(out, "JPEG", quality=90, **({"xmp": packet} if packet else {}))
    data = out.getvalue()
    return data[:2] + segment + data[2:]


def other(number: int, codec: str, packet: bytes) -> bytes:
    """The same in a format other than JPEG."""
    out = io.BytesIO()
    image = draw(number)
    if codec == "PNG":
        from PIL import PngImagePlugin

        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        image.save(out, codec, pnginfo=info)
    elif codec == "TIFF":
        tags = Image.Exif()
        tags[700] = packet
        image.save(out, codec, exif=tags)
    else:
        image.save(out, codec, xmp=packet)
    return out.getvalue()
