"""Addresses, without any storage but memory."""

import sys
from datetime import UTC, datetime

import pytest

from lookalike.errors import SourceError
from lookalike.source import has_object, list_objects, normal_address, objects, read_file
from lookalike.types import Where, is_address

fsspec = pytest.importorskip("fsspec")


@pytest.mark.parametrize("path", ["s3://b/k", "GS://b", "memory://x", "abfs://c@a/b"])
def test_an_address_is_told_from_a_path(path: str) -> None:
    assert is_address(path)


@pytest.mark.parametrize("path", ["/a/b", "C://x", "a/b://c", "://", "photos", "/s3://b"])
def test_a_path_is_told_from_an_address(path: str) -> None:
    assert not is_address(path)


def test_an_address_has_one_spelling() -> None:
    assert normal_address("S3://Bucket/a/") == "s3://Bucket/a"
    assert Where(folder="s3://bucket/a/").folder == "s3://bucket/a"


def test_what_is_there_is_listed_and_read() -> None:
    fsspec.filesystem("memory").pipe({"/lookalike/a.jpg": b"abc", "/lookalike/b/c.jpg": b"d"})
    first, second = list_objects("memory://lookalike")
    assert (first.name, first.is_folder, first.size) == ("a.jpg", False, 3)
    assert (second.name, second.is_folder) == ("b", True)
    assert read_file("memory://lookalike/a.jpg") == b"abc"
    assert has_object("memory://lookalike/b")
    assert not has_object("memory://lookalike/c")
    assert list_objects("memory://lookalike/c") == []
    with pytest.raises(SourceError, match="over the limit"):
        read_file("memory://lookalike/a.jpg", 2)


def test_another_version_has_another_stamp_within_the_second() -> None:
    written = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    one, other = (objects._stamp({"LastModified": written, "ETag": tag}) for tag in ("a", "b"))
    assert one != other
    assert one // 10**9 == other // 10**9 == int(written.timestamp())
    assert objects._stamp({"mtime": 1.5}) == 1_500_000_000
    assert objects._stamp({}) == 0


def test_an_unknown_storage_is_named() -> None:
    with pytest.raises(SourceError, match="no storage"):
        read_file("nonsense://a/b")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    objects._file_system.cache_clear()
    with pytest.raises(SourceError, match=r'pip install "lookalike\[s3\]"'):
        read_file("s3://a/b")


def test_reasons_are_our_own_words() -> None:
    with pytest.raises(SourceError) as raised:
        objects._asking(lambda: 1 / 0 and "key=secret", "s3://a/b")
    assert str(raised.value) == "its storage cannot be used (ZeroDivisionError)"
