"""Films: the moments that stand for one, and what one shows at a moment."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from lookalike import decode
from lookalike.decode import codecs, film
from lookalike.errors import DecodeError
from lookalike.source import FilmFile, container_of, read_media
from tests.support.films import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    SAND,
    Scene,
    nearest_colour,
    write_film,
)

CONTAINERS = [
    ("film.mp4", "libx264", None, "MP4"),
    ("film.mov", "libx264", None, "MOV"),
    ("film.mkv", "libx264", None, "MKV"),
    ("film.webm", "libvpx-vp9", None, "WEBM"),
    ("film.avi", "mpeg4", None, "AVI"),
    ("film.mts", "libx264", "mpegts", "MTS"),
    ("film.ogv", "libvpx", "ogg", "OGG"),
    ("film.wmv", "wmv2", None, "WMV"),
    ("film.flv", "flv", None, "FLV"),
    ("film.3gp", "libx264", None, "3GP"),
]


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A black second, then three scenes."""
    return write_film(tmp_path_factory.mktemp("films") / "short.mp4")


def found(path: Path, at_least: int = 32) -> list[tuple[int, tuple[int, int, int]]]:
    """The moments that are chosen, and what they show."""
    media = read_media(path)
    times = decode.scan(media).frames
    shown = decode.frames(media, times, at_least)
    return [(ms, nearest_colour(picture.image)) for ms, picture in shown]


@pytest.mark.parametrize(("name", "codec", "container", "kind"), CONTAINERS)
def test_each_scene_has_its_frame(
    tmp_path: Path, name: str, codec: str, container: str | None, kind: str
) -> None:
    path = write_film(tmp_path / name, codec=codec, container=container, fps=24)
    assert container_of(path.read_bytes()[:4096]) == kind
    moments = found(path)
    assert [colour for _, colour in moments] == [RED, GREEN, BLUE], "and none is black"
    for (ms, _), begins in zip(moments, (1000, 3000, 5000), strict=True):
        assert begins <= ms <= begins + 1000
    whole = decode.decode(read_media(path), at_least=None)
    assert (whole.width, whole.height, whole.format) == (96, 64, kind)
    assert nearest_colour(whole.image) == RED, "the first good frame"


def test_a_film_in_memory_is_as_one_on_disk(short: Path) -> None:
    data = short.read_bytes()
    assert decode.scan(data) == decode.scan(FilmFile(str(short)))
    for picture in (decode.decode(data, frame=3500), decode.decode(read_media(short), frame=3500)):
        assert nearest_colour(picture.image) == GREEN
        assert picture.image.size == (96, 64)


def test_any_moment_can_be_asked_for(short: Path) -> None:
    media = read_media(short)
    for ms, colour in ((0, BLACK), (1100, RED), (2900, RED), (3100, GREEN), (99_000, BLUE)):
        assert nearest_colour(decode.decode(media, frame=ms).image) == colour
    shown = decode.frames(media, [1500, 1800, 6500], 16)
    assert [nearest_colour(picture.image) for _, picture in shown] == [RED, RED, BLUE]


def test_a_frame_keeps_as_many_pixels_as_are_asked_for(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [(RED, 0.5)], size=(320, 160))
    assert decode.decode(read_media(path), at_least=40).image.size == (80, 40)
    assert decode.decode(read_media(path), at_least=400).image.size == (320, 160)
    assert len(decode.thumbnail(read_media(path), 64, 0)) > 100


@pytest.mark.parametrize("gop", [20, 100_000])
def test_a_long_film_by_its_keys_or_through_and_through(tmp_path: Path, gop: int) -> None:
    colours = [RED, GREEN, BLUE, SAND]
    scenes: list[Scene] = [(colours[number % 4], 20) for number in range(8)]
    path = write_film(tmp_path / "long.mp4", scenes, fps=2, gop=gop)
    moments = found(path)
    assert [colour for _, colour in moments] == [colour for colour, _ in scenes]
    for number, (ms, _) in enumerate(moments):
        assert number * 20_000 <= ms < (number + 1) * 20_000


def test_a_film_that_is_black_throughout_has_a_frame_all_the_same(tmp_path: Path) -> None:
    path = write_film(tmp_path / "night.mp4", [(BLACK, 2)])
    assert [colour for _, colour in found(path)] == [BLACK]


def test_a_phone_held_upright(tmp_path: Path) -> None:
    """The turn is in the file's head, where it is written into a film that has none."""
    import av

    plain = write_film(tmp_path / "plain.mp4", [(RED, 1)])
    turned = tmp_path / "turned.mp4"
    data = bytearray(plain.read_bytes())
    # The track header's matrix, which follows its fixed fields: by a quarter to the right.
    place = data.index(b"tkhd") + 4 + 40
    matrix = [0, 0x10000, 0, -0x10000 & 0xFFFFFFFF, 0, 0, 0, 0, 0x40000000]
    data[place : place + 36] = b"".join(value.to_bytes(4, "big") for value in matrix)
    turned.write_bytes(bytes(data))
    with av.open(str(turned)) as container:
        assert next(container.decode(video=0)).rotation in (-90, 90, 270)
    picture = decode.decode(read_media(turned))
    assert (picture.width, picture.height) == picture.image.size == (64, 96)


def test_when_it_was_taken(tmp_path: Path) -> None:
    told = {"creation_time": "2024-05-31T18:03:09.000000Z"}
    path = write_film(tmp_path / "dated.mp4", [(RED, 0.5)], metadata=told)
    assert decode.details_of(read_media(path)).taken == 1717178589
    assert decode.scan(read_media(path)).details == decode.details_of(read_media(path))


def test_damage(short: Path, tmp_path: Path) -> None:
    data = short.read_bytes()
    for cut in (20, len(data) // 3):
        with pytest.raises(DecodeError, match="damaged"):
            decode.scan(data[:cut])
    noise = bytearray(data)
    random = np.random.default_rng(3)
    middle = data.index(b"mdat") + 4
    noise[middle : middle + 3000] = random.bytes(3000)
    with suppress(DecodeError):  # whatever a codec makes of it, it is a picture or a reason
        decode.scan(bytes(noise))


def test_a_film_of_sound_alone(tmp_path: Path) -> None:
    import av

    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=44_100)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(DecodeError, match="no moving picture"):
        decode.decode(read_media(path))


@pytest.mark.parametrize(
    "text",
    [
        b"#EXTM3U\n#EXTINF:1,\nsecret.mp4\n",
        b"ffconcat version 1.0\nfile secret.mp4\n",
    ],
)
def test_a_file_that_names_others_is_no_film(tmp_path: Path, text: bytes, short: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(short.read_bytes())
    path = tmp_path / "list.mp4"
    path.write_bytes(text)
    with pytest.raises(DecodeError, match="not a picture"):
        decode.decode(read_media(path))


def test_pixels_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: Path) -> None:
    monkeypatch.setattr(film, "BYTES_PER_PIXEL", 10**6)
    with pytest.raises(DecodeError, match="over the limit"):
        decode.scan(read_media(short))


def test_an_install_without_the_extra_says_so(monkeypatch: pytest.MonkeyPatch, short: Path) -> None:
    monkeypatch.setattr(codecs, "installed", lambda _: None)
    with pytest.raises(DecodeError, match=r"a film: to read it, pip install 'lookalike\[video\]'"):
        decode.scan(read_media(short))
    [video] = [each for each in decode.formats() if each.name == "Video"]
    assert (video.reads, video.extra) == (False, "video")


@pytest.fixture
def workers() -> Iterator[None]:
    with decode.isolated():
        yield


def test_workers_give_the_same_frames(short: Path, workers: None) -> None:
    media = read_media(short)
    assert [colour for _, colour in found(short)] == [RED, GREEN, BLUE]
    assert nearest_colour(decode.decode(media, frame=5500, at_least=16).image) == BLUE
    with pytest.raises(DecodeError, match="damaged"):
        decode.scan(short.read_bytes()[:200])
    # One that is left in the middle costs its worker and nothing else.
    shown = decode.frames(media, [1500, 3500, 5500], 16)
    assert nearest_colour(next(shown)[1].image) == RED
    shown.close()  # type: ignore[attr-defined]
    assert nearest_colour(decode.decode(media).image) == RED


_FRAGILE = """
import ctypes, time
from lookalike.decode import worker
def fragile(media):
    ctypes.string_at(0)
worker.scan = fragile
worker.work()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are told on POSIX")
def test_a_codec_that_crashes_costs_one_film(short: Path) -> None:
    with decode.isolated((sys.executable, "-c", _FRAGILE)):
        with pytest.raises(DecodeError, match="crashed"):
            decode.scan(read_media(short))
        assert nearest_colour(decode.decode(read_media(short)).image) == RED
