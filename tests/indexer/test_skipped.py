"""Bad files: each is listed with its reason, and none stops the run."""

import itertools
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike import source
from lookalike.decode import Picture
from lookalike.errors import EncoderError, ModelSpecError
from lookalike.indexer import batches, candidates, index, prepare
from lookalike.store import LocalStore
from lookalike.types import Embeddings, Pixels
from tests.indexer.conftest import Library
from tests.support.encoder import CountingEncoder
from tests.support.pictures import encoded, write_gallery, write_picture


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


def make_broken_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere.jpg"))


def make_link_loop(path: Path) -> None:
    path.symlink_to(path)


def write_bytes(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe.jpg": (make_fifo, "not a regular file"),
    "socket.jpg": (make_socket, "not a regular file"),
    "broken.jpg": (make_broken_link, "a link to nothing"),
    "loop.jpg": (make_link_loop, "symbolic links"),
    "empty.jpg": (write_bytes(b""), "empty"),
    "text.jpg": (write_bytes(b"hello, I am no picture"), "not a picture"),
    "cut.jpg": (write_bytes(encoded(1, width=400, height=300)[:900]), "damaged"),
    "cut.png": (write_bytes(encoded(1, "PNG")[:200]), "damaged"),
    "photo.heic": (write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1"), "damaged"),
}


@pytest.fixture
def bad(library: Library) -> Library:
    """Every kind of bad file among good ones."""
    write_gallery(library.root, 6)
    for name, (make, _) in BAD.items():
        make(library.root / name)
    return library


def test_every_bad_file_is_listed_with_its_reason(bad: Library) -> None:
    for _ in range(3):
        summary = bad.index()
        assert bad.store.count() == 6
        reasons = {os.path.basename(s.path): s.reason for s in summary.skipped}
        assert reasons.keys() == BAD.keys()
        for name, (_, expected) in BAD.items():
            assert expected in reasons[name]
        assert {os.path.basename(path): reason for path, reason in bad.reasons().items()} == reasons


def test_refused_content_is_not_tried_again_until_it_changes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.root / "a.jpg"
    path.write_bytes(b"bad")
    library.index()
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "read_media", lambda _: pytest.fail("it was read again"))
        assert len(library.index().skipped) == 1
    os.utime(path, ns=(7, 7))
    library.index()
    assert library.store.skipped()[0].mtime_ns == 7


def test_another_decoder_tries_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    (library.root / "a.jpg").write_bytes(b"bad")
    library.index()
    read: list[str] = []
    real = source.read_media

    def remember(path: str) -> source.Media:
        read.append(path)
        return real(path)

    monkeypatch.setattr(prepare, "read_media", remember)
    for module in (candidates, prepare):
        monkeypatch.setattr(module, "READER", "pillow 99 with everything")
    library.index()
    library.index()
    assert len(read) == 1
    assert library.store.skipped()[0].reader == "pillow 99 with everything"


def test_a_bad_file_replaced_by_a_good_one_is_picked_up(bad: Library) -> None:
    assert len(bad.index().skipped) == len(BAD)
    for seed, name in enumerate(BAD):
        path = bad.root / name
        path.unlink()
        write_picture(path, 500 + seed, "PNG" if path.suffix == ".png" else "JPEG")
    summary = bad.index()
    assert (summary.added, summary.unchanged, summary.skipped) == (len(BAD), 6, [])
    assert bad.reasons() == {}


def test_a_good_file_replaced_by_a_bad_one_is_skipped(library: Library) -> None:
    path = library.root / "a.jpg"
    write_picture(path, 1)
    library.index()
    path.write_bytes(b"bad")
    summary = library.index()
    assert [skipped.path for skipped in summary.skipped] == [str(path)]
    assert library.store.count() == 0


def test_a_bad_file_that_is_deleted_is_forgotten(bad: Library) -> None:
    bad.index()
    for name in BAD:
        (bad.root / name).unlink()
    summary = bad.index()
    assert (summary.unchanged, summary.removed, summary.skipped) == (6, 0, [])


def test_skipped_files_are_told_of_the_roots_asked_for_only(bad: Library, tmp_path: Path) -> None:
    bad.index()
    other = tmp_path / "other"
    write_picture(other / "a.jpg", 1)
    assert bad.index(other).skipped == []


@pytest.mark.parametrize(
    "name", [b"line\nbreak.jpg", b"\xff\xfe.jpg", "雪.jpg".encode(), b" .jpg", b"-k.jpg"]
)
def test_any_name_is_indexed(library: Library, name: bytes) -> None:
    folder = os.fsencode(library.root) + b"/" + name
    write_picture(folder + b"/" + name, 1)
    with open(folder + b"/bad" + name, "wb"):
        pass
    for expected in ((1, 0), (0, 1)):
        summary = library.index()
        assert (summary.added, summary.unchanged) == expected
        assert [os.fsencode(s.path) for s in summary.skipped] == [folder + b"/bad" + name]
    assert [os.fsencode(path) for path in library.ids()] == [folder + b"/" + name]
    os.rename(folder + b"/" + name, folder + b"/new" + name)
    assert library.index().updated == 1
    assert library.encoder.seen == 0


def test_what_is_not_looked_for(library: Library, tmp_path: Path) -> None:
    root = library.root
    write_picture(root / "seen.jpg", 1)
    write_picture(root / ".hidden.jpg", 2)
    write_picture(root / ".hidden" / "a.jpg", 3)
    write_picture(root / "@eaDir" / "a.jpg", 4)
    write_picture(root / "notes.txt", 5)
    write_picture(tmp_path / "elsewhere" / "linked.jpg", 6)
    (root / "link-to-folder").symlink_to(tmp_path / "elsewhere")
    (root / "link-to-folder.jpg").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    (root / "folder.jpg").mkdir()
    summary = library.index()
    assert (summary.added, summary.skipped) == (1, [])
    assert library.names() == {"seen.jpg"}


def test_a_link_to_a_file_is_followed(library: Library, tmp_path: Path) -> None:
    write_picture(tmp_path / "elsewhere" / "a.jpg", 6)
    (library.root / "link.jpg").symlink_to(tmp_path / "elsewhere" / "a.jpg")
    assert library.index().added == 1
    assert library.names() == {"link.jpg"}


def test_a_collection_inside_the_root_is_not_indexed(library: Library) -> None:
    write_picture(library.root / "a.jpg", 1)
    inside = LocalStore.create(str(library.root / "c"), library.encoder.identity, "")
    write_picture(library.root / "c" / "cache" / "thumbnails" / "b.jpg", 2)
    index(inside, CountingEncoder(), [str(library.root)])
    assert [item.file.path for item in inside.page(0, 10)] == [str(library.root / "a.jpg")]
    inside.close()


def test_a_picture_that_the_encoder_refuses_costs_one_picture(library: Library) -> None:
    from PIL import Image

    write_gallery(library.root, 40)
    Image.new("RGB", (40, 40), (255, 255, 255)).save(library.root / "white.png")
    library.encoder = CountingEncoder(refuses=(254, 256))
    summary = library.index()
    assert summary.added == 40
    assert [s.reason for s in summary.skipped] == [
        "the encoder gave an embedding without a direction"
    ]
    library.encoder = CountingEncoder()
    assert library.index().added == 1, "it is tried again"


def test_a_picture_that_cannot_be_resized_costs_one_picture(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_gallery(library.root, 3)
    encoder = CountingEncoder()
    prepare = encoder.prepare
    calls = itertools.count()

    def fails_once(picture: Picture) -> Pixels:
        if next(calls) == 0:
            raise MemoryError("no room")
        return prepare(picture)

    monkeypatch.setattr(encoder, "prepare", fails_once)
    library.encoder = encoder
    summary = library.index()
    assert summary.added == 2
    assert [s.reason for s in summary.skipped] == ["it cannot be resized: no room"]
    assert library.index().added == 1, "it is tried again"


class BrokenEncoder(CountingEncoder):
    error: type[EncoderError] = EncoderError

    def embed(self, batch: Pixels) -> Embeddings:
        raise self.error("it does not work at all")


@pytest.mark.parametrize("error", [EncoderError, ModelSpecError])
def test_an_encoder_that_does_not_work_at_all_is_an_error(
    library: Library, error: type[EncoderError]
) -> None:
    write_gallery(library.root, 40)
    (library.root / "bad.jpg").write_bytes(b"bad")
    library.encoder = BrokenEncoder()
    library.encoder.error = error
    with pytest.raises(error, match="not work at all"):
        library.index()
    assert library.store.count() == 0
    library.encoder = CountingEncoder()
    assert library.index().added == 40


def test_a_last_batch_that_is_not_full_is_encoded(library: Library) -> None:
    from lookalike.indexer.threads import BATCH

    write_gallery(library.root, BATCH + 1)
    assert library.index().added == BATCH + 1
    assert library.encoder.seen == BATCH + 1
    assert batches.Encoding(library.encoder, BATCH).drain() == []
