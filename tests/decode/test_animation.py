"""Pictures that move."""

from pathlib import Path

import pytest
from PIL import Image

from lookalike import decode
from lookalike.errors import DecodeError
from lookalike.source import read_media
from tests.support.films import (
    BLACK,
    GREEN,
    RED,
    SAND,
    nearest_colour,
    painted,
    write_animation,
)

CODECS = [("a.gif", "GIF"), ("a.webp", "WEBP"), ("a.png", "PNG"), ("a.avif", "AVIF")]
SCENES = ((BLACK, 1), (RED, 1), (GREEN, 1), (SAND, 1))


@pytest.mark.parametrize(("name", "codec"), CODECS)
def test_each_scene_has_its_frame(tmp_path: Path, name: str, codec: str) -> None:
    media = read_media(write_animation(tmp_path / name, SCENES, codec))
    found = list(decode.frames(media, decode.scan(media).frames))
    assert [nearest_colour(picture.image) for _, picture in found] == [RED, GREEN, SAND]
    assert [ms // 1000 for ms, _ in found] == [1, 2, 3]
    assert {picture.format for _, picture in found} == {codec}
    assert nearest_colour(decode.decode(media, frame=2500).image) == GREEN
    assert nearest_colour(decode.decode(media, frame=99_000).image) == SAND
    assert nearest_colour(decode.decode(media).image) == BLACK, "as it is, its first frame"
    with decode.isolated():
        assert decode.scan(media).frames == tuple(ms for ms, _ in found)
        assert [ms for ms, _ in decode.frames(media, [1500, 2500], 16)] == [1500, 2500]


@pytest.mark.parametrize(("name", "codec"), CODECS)
def test_one_scene_is_a_picture(tmp_path: Path, name: str, codec: str) -> None:
    media = read_media(write_animation(tmp_path / name, ((RED, 2),), codec))
    assert decode.scan(media).frames == ()


@pytest.mark.parametrize("codec", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_that_does_not_move(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "still"
    Image.fromarray(painted(RED)).save(path, codec)
    media = read_media(path)
    assert decode.scan(media).frames == ()
    assert decode.decode(media, frame=0).format == codec
    with pytest.raises(DecodeError, match="no other moments"):
        decode.decode(media, frame=10)


def test_frames_for_no_time_count_as_in_a_browser(tmp_path: Path) -> None:
    path = tmp_path / "quick.gif"
    frames = [Image.fromarray(painted(colour)) for colour in (RED, GREEN) for _ in range(10)]
    for number, frame in enumerate(frames):
        frame.putpixel((number, 1), (0, 0, 0))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=0)
    times = decode.scan(read_media(path)).frames
    assert [ms // 1000 for ms in times] == [0, 1]


def test_damage_ends_a_picture_early(tmp_path: Path) -> None:
    data = write_animation(tmp_path / "a.gif", SCENES, "GIF").read_bytes()
    times = decode.scan(data[: len(data) * 3 // 4]).frames
    assert times
    assert max(times) < 3000
