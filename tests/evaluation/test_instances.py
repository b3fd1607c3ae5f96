"""The six changes, and whether a changed copy finds its original."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from lookalike.errors import EvaluationError
from lookalike.evaluation.instances import CHANGES, embed_changed, found_again, sample
from tests.support.encoder import CountingEncoder
from tests.support.pictures import draw, write_gallery
from tests.support.records import units


def change(name: str, image: Image.Image, seed: int = 0) -> Image.Image:
    before = image.copy()
    changed = CHANGES[name](image, np.random.default_rng(seed))
    assert image == before, "the original is left as it is"
    assert changed.mode == "RGB"
    return changed


def test_the_six_changes_are_the_published_ones() -> None:
    assert list(CHANGES) == ["crop", "mirror", "jpeg", "colour", "rotate", "shrink"]


def test_crop_takes_a_part_of_the_size_asked_for() -> None:
    image = draw(1, 200, 100)
    sizes = [change("crop", image, seed).size for seed in range(40)]
    assert all(120 <= width <= 160 and 60 <= height <= 80 for width, height in sizes)
    assert len(set(sizes)) > 20
    assert change("crop", Image.new("RGB", (1, 1))).size == (1, 1)


def test_mirror_is_undone_by_another() -> None:
    image = draw(2)
    assert change("mirror", image) != image
    assert change("mirror", change("mirror", image)) == image


def test_jpeg_is_near_but_not_the_same() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    difference = np.asarray(ImageChops.difference(noise, change("jpeg", noise)))
    assert 5 < difference.mean() < 80


def test_colour_fades_and_brightens() -> None:
    plain = Image.new("RGB", (8, 8), (150, 100, 50))
    grey = 150 * 0.299 + 100 * 0.587 + 50 * 0.114
    expected = [(grey + 0.4 * (value - grey)) * 1.3 for value in (150, 100, 50)]
    assert np.asarray(change("colour", plain))[4, 4] == pytest.approx(expected, abs=2)


def test_rotate_keeps_the_frame_and_blackens_the_corners() -> None:
    turned = change("rotate", Image.new("RGB", (100, 80), "white"))
    assert turned.size == (100, 80)
    assert turned.getpixel((0, 0)) == (0, 0, 0)
    assert turned.getpixel((50, 40)) == (255, 255, 255)


def test_shrink_keeps_proportions_and_never_enlarges() -> None:
    assert change("shrink", draw(3, 320, 160)).size == (64, 32)
    assert change("shrink", draw(3, 40, 30)).size == (40, 30)


def test_sample_is_seeded_and_without_repeats() -> None:
    assert sample(1000, 50, 3).tolist() == sample(1000, 50, 3).tolist()
    assert sample(1000, 50, 3).tolist() != sample(1000, 50, 4).tolist()
    assert len(set(sample(60, 50, 0).tolist())) == 50
    assert sample(5, 50, 0).tolist() == [0, 1, 2, 3, 4]


class TestFoundAgain:
    def test_the_nearest_has_to_be_the_original(self) -> None:
        gallery = units(*range(30))
        queries = gallery[[3, 8]] + 0.05 * units(100, 101)
        contents = np.arange(30)
        assert found_again(queries, gallery, np.array([3, 8]), contents).tolist() == [True, True]
        assert found_again(queries, gallery, np.array([3, 9]), contents).tolist() == [True, False]

    def test_a_copy_of_the_original_counts_as_it(self) -> None:
        gallery = units(1, 2, 1)
        assert found_again(units(1), gallery, np.array([0]), np.array([0, 1, 0])).tolist() == [True]

    def test_a_tie_with_another_picture_is_a_miss(self) -> None:
        gallery = units(1, 1, 2)
        assert found_again(units(1), gallery, np.array([0]), np.arange(3)).tolist() == [False]

    def test_a_copy_without_an_embedding_is_a_miss(self) -> None:
        nothing = np.zeros((1, 24), np.float32)
        assert not found_again(nothing, units(1, 2), np.array([0]), np.arange(2)).any()


class TestEmbedChanged:
    def test_every_encoder_gets_the_same_copies_whatever_else_is_drawn(
        self, tmp_path: Path
    ) -> None:
        paths = list(map(str, write_gallery(tmp_path, 11)))
        counted: list[int] = []
        two = [CountingEncoder(), CountingEncoder()]
        first, second = embed_changed(paths, two, 5, counted.append)
        assert sum(counted) == 2 * 11 * 6
        [alone] = embed_changed(paths[:3], [CountingEncoder()], 5, counted.append)
        for name in CHANGES:
            assert first[name] == pytest.approx(second[name])
            assert first[name][:3] == pytest.approx(alone[name])

    def test_a_copy_that_is_refused_is_zero(self, tmp_path: Path) -> None:
        Image.new("RGB", (64, 64), "white").save(tmp_path / "white.png")
        # Turned, it has black corners and is no longer all white.
        path = str(tmp_path / "white.png")
        [found] = embed_changed([path], [CountingEncoder(refuses=(255, 255))], 0, lambda _: None)
        assert not found["mirror"].any()
        assert found["rotate"].any()

    def test_a_file_that_has_gone_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(EvaluationError, match="cannot be read any more"):
            embed_changed([str(tmp_path / "gone.jpg")], [CountingEncoder()], 0, lambda _: None)
