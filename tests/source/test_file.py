"""One file: read within limits, or the reason why not."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from lookalike import source
from lookalike.errors import SourceError
from lookalike.source import content_digest, read_file


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    data = os.urandom(100_000)
    (tmp_path / "a").write_bytes(data)
    assert read_file(tmp_path / "a") == data
    assert source.read(str(tmp_path / "a")) == data
    assert read_file(tmp_path / "a", max_bytes=100_000) == data


@pytest.mark.parametrize("name", [b"line\nbreak", b"\xff\xfe", "雪".encode()])
def test_any_name_is_read(tmp_path: Path, name: bytes) -> None:
    path = os.path.join(str(tmp_path), os.fsdecode(name))
    Path(path).write_bytes(b"x")
    assert read_file(path) == b"x"


def test_what_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * (3 << 20))
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    reasons = {
        "nothing": "there is no such file",
        "empty": "the file is empty",
        "large": "its 3 MiB are over the limit of 1 MiB",
        "broken": "it is a link to nothing",
        "loop": "it cannot be opened: too many levels of symbolic links",
        "pipe": "it is not a regular file",
        ".": "it is not a regular file",
        "empty/below": "it cannot be opened: not a directory",
        "nul\0byte": "no file can have that name: embedded null byte",
    }
    for name, reason in reasons.items():
        with pytest.raises(SourceError) as error:
            read_file(f"{tmp_path}/{name}", max_bytes=1 << 20)
        assert str(error.value) == reason


def test_a_socket_is_not_read() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        with pytest.raises(SourceError, match="cannot be opened"):
            read_file(f"{folder}/s")


def test_refusals_leave_no_open_file(tmp_path: Path) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no /proc to count descriptors in")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("empty", "pipe", "."):
        for _ in range(5):
            with pytest.raises(SourceError):
                read_file(tmp_path / name)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    real = os.fstat

    def grow(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        path.write_bytes(b"x" * 200)
        return status

    monkeypatch.setattr(os, "fstat", grow)
    with pytest.raises(SourceError, match="grew past the limit"):
        read_file(path, max_bytes=100)


def test_the_digest_tells_contents_apart() -> None:
    assert content_digest(b"a") == content_digest(b"a")
    assert content_digest(b"a") != content_digest(b"b")
    assert len(content_digest(b"")) == 16
