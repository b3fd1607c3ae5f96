"""Keywords in files, as they are read."""

import pytest

from lookalike.decode import decode, details_of, isolated, keywords_of_xmp, tidied
from tests.support.keywords import iptc, jpeg, other, xmp


def test_xmp_and_iptc_of_a_jpeg() -> None:
    packet = xmp("Sea", "Ada &amp; Bob", hierarchy=["Places|France|Nice", "sea"])
    data = jpeg(1, packet, iptc("Été".encode(), b"Nice", b"caf\xe9"))
    expected = ("Sea", "Ada & Bob", "Nice", "Été", "café")
    assert details_of(data).keywords == expected
    assert decode(data, at_least=8).details.keywords == expected
    with isolated():
        assert details_of(data).keywords == decode(data).details.keywords == expected
    assert details_of(jpeg(1)).keywords == ()


@pytest.mark.parametrize("codec", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_xmp_of_other_formats(codec: str) -> None:
    data = other(1, codec, xmp("sea", "dunes"))
    assert details_of(data).keywords == ("sea", "dunes")
    assert decode(data).details.keywords == ("sea", "dunes")


def test_what_declares_entities_is_refused_whole() -> None:
    bomb = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>"""
    assert keywords_of_xmp(bomb + xmp("&b;").split(b"?>", 1)[1]) == []
    outside = b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>"""
    assert keywords_of_xmp(outside + xmp("&f;").split(b"?>", 1)[1]) == []


@pytest.mark.parametrize(
    "packet",
    [b"", b"no xml", xmp("sea")[:200], b"\xff\xfe" + xmp("sea"), xmp("sea") + b"x" * (1 << 20)],
)
def test_what_is_no_xmp_says_nothing(packet: bytes) -> None:
    assert keywords_of_xmp(packet) == []


def test_filling_around_a_packet() -> None:
    assert keywords_of_xmp(b"\n" + xmp("sea") + b" " * 2000 + b"\0") == ["sea"]


def test_keywords_are_tidied() -> None:
    assert tidied(["Sea", "sea ", " a\nb ", "", "x" * 101, "\u202e"]) == ("Sea", "a b")
    assert len(tidied(map(str, range(1000)))) == 64
