"""Labelled folders, good and bad."""

import os
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import EvaluationError
from lookalike.evaluation.labelled import list_labelled
from tests.evaluation.folders import write_labelled
from tests.support.pictures import write_picture


def test_lists_classes_and_pictures_at_any_depth(labelled: Path) -> None:
    write_picture(labelled / "moss" / "deep" / "er" / "one.png", 5, "PNG")
    found = list_labelled(labelled)
    assert found.classes == ("moss", "rust", "slate")
    assert np.bincount(found.labels).tolist() == [9, 8, 8]
    assert str(labelled / "moss" / "deep" / "er" / "one.png") in found.paths
    assert found.skipped == []


def test_passes_over_hidden_folders_collections_and_other_files(labelled: Path) -> None:
    write_picture(labelled / ".cache" / "one.png", 5, "PNG")
    write_picture(labelled / "photos.lookalike" / "one.png", 5, "PNG")
    (labelled / "photos.lookalike" / "collection.sqlite").touch()
    (labelled / "moss" / "notes.txt").write_text("green")
    found = list_labelled(labelled)
    assert found.classes == ("moss", "rust", "slate")
    assert len(found.paths) == 24


def test_a_picture_outside_all_classes_is_listed(labelled: Path) -> None:
    write_picture(labelled / "stray.png", 5, "PNG")
    [skipped] = list_labelled(labelled).skipped
    assert skipped.path == str(labelled / "stray.png")
    assert "no class" in skipped.reason


def test_names_of_any_bytes(labelled: Path) -> None:
    write_picture(os.fsencode(labelled) + b"/moss/\xff.png", 5, "PNG")
    assert str(labelled / "moss" / "\udcff.png") in list_labelled(labelled).paths


class TestRefused:
    def refused(self, folder: Path) -> str:
        with pytest.raises(EvaluationError) as refusal:
            list_labelled(folder)
        message = str(refusal.value)
        assert "\n" not in message
        return message

    def test_no_folder(self, tmp_path: Path) -> None:
        assert "is not a folder" in self.refused(tmp_path / "nowhere")

    def test_nothing_in_it(self, tmp_path: Path) -> None:
        assert "has no pictures in sub-folders" in self.refused(tmp_path)

    def test_pictures_but_no_classes(self, tmp_path: Path) -> None:
        write_picture(tmp_path / "one.png", 5, "PNG")
        assert "it lies in no class's sub-folder" in self.refused(tmp_path)

    def test_one_class(self, tmp_path: Path) -> None:
        write_labelled(tmp_path, 3, ("moss",))
        assert "only one class, 'moss'" in self.refused(tmp_path)

    def test_empty_class(self, labelled: Path) -> None:
        (labelled / "empty").mkdir()
        assert "the class 'empty'" in self.refused(labelled)
        assert "has no picture" in self.refused(labelled)

    def test_class_of_one_picture(self, labelled: Path) -> None:
        write_picture(labelled / "lonely" / "one.png", 5, "PNG")
        assert "the class 'lonely'" in self.refused(labelled)
        assert "only one picture" in self.refused(labelled)
