"""Pictures that were sent: kept by content, bounded, safe from what stands in the folder."""

import os
import threading
from pathlib import Path

import pytest

from lookalike.errors import SourceError, StoreError
from lookalike.source import Uploads, content_digest


def age(folder: Path, *tokens: str) -> None:
    """Let uploads look as if they were used long ago, the first one longest."""
    for place, token in enumerate(tokens):
        os.utime(folder / token, ns=(place * 10**9, place * 10**9))


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    uploads = Uploads(str(tmp_path / "new" / "uploads"))
    kept = uploads.keep("beach \udcff\n.jpg", b"\xff\xd8 bytes\nof a picture\n")
    assert kept.token == content_digest(kept.data).hex()
    assert uploads.get(kept.token) == kept
    assert Uploads(str(tmp_path / "new" / "uploads")).get(kept.token) == kept, "after a restart"


def test_the_same_content_has_one_token_and_its_latest_name(tmp_path: Path) -> None:
    uploads = Uploads(str(tmp_path))
    first, second = uploads.keep("a.jpg", b"same"), uploads.keep("b.jpg", b"same")
    assert first.token == second.token
    assert uploads.get(first.token).name == "b.jpg"
    assert len(os.listdir(tmp_path)) == 1


def test_the_least_recently_used_makes_room(tmp_path: Path) -> None:
    uploads = Uploads(str(tmp_path), max_bytes=1000)
    first, second, third = (uploads.keep("x", bytes([n]) * 300).token for n in range(3))
    age(tmp_path, first, second, third)
    uploads.get(first)
    fourth = uploads.keep("x", bytes([9]) * 300).token
    assert set(os.listdir(tmp_path)) == {first, third, fourth}
    with pytest.raises(SourceError, match="send it again"):
        uploads.get(second)


def test_one_that_is_larger_than_the_room_is_kept_alone(tmp_path: Path) -> None:
    uploads = Uploads(str(tmp_path), max_bytes=100)
    uploads.keep("x", b"small")
    large = uploads.keep("x", b"large" * 100)
    assert os.listdir(tmp_path) == [large.token]


@pytest.mark.parametrize("token", ["", "..", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 32])
def test_what_is_no_token_of_ours(tmp_path: Path, token: str) -> None:
    with pytest.raises(SourceError, match="send it again"):
        Uploads(str(tmp_path / "none")).get(token)


@pytest.mark.parametrize(
    "content", [b"", b"no json\nbytes", b"[]\nbytes", b'{"name": "x"}\nother bytes', b"\xff\n"]
)
def test_a_file_that_was_altered_is_not_given(tmp_path: Path, content: bytes) -> None:
    uploads = Uploads(str(tmp_path))
    token = uploads.keep("x", b"bytes").token
    (tmp_path / token).write_bytes(content)
    with pytest.raises(SourceError, match="send it again"):
        uploads.get(token)


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be kept"):
        Uploads(str(tmp_path / "file" / "uploads")).keep("x", b"bytes")


def test_several_threads_at_once(tmp_path: Path) -> None:
    uploads = Uploads(str(tmp_path), max_bytes=5000)
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 20):
                uploads.keep("x", b"%d" % (number % 25) * 200)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 5000


def test_what_a_killed_process_left_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    for name in ("tmpleft", "tmpnow"):
        (tmp_path / name).write_bytes(b"x" * 300)
    os.utime(tmp_path / "tmpleft", (0, 0))
    Uploads(str(tmp_path), max_bytes=200).keep("x", b"y" * 100)
    assert not (tmp_path / "tmpleft").exists()
    assert (tmp_path / "tmpnow").exists()
