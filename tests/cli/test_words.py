"""lookalike search --text, in scripts that are not Latin."""

import unicodedata
from pathlib import Path

import pytest

import lookalike
from tests.support.process import run, run_json
from tests.support.two_towers import HOUSES, SCRIPTS, unigrams, write_colours, write_two_towers

LANGUAGES = ("chinese", "arabic", "german")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of three colours, and an encoder with SentencePiece's unigrams."""
    folder = tmp_path_factory.mktemp("words")
    write_colours(folder / "pictures", 2)
    words = unigrams(SCRIPTS)
    # What such a file says of lengths is its makers' own; the model's record counts.
    words.enable_truncation(3)
    words.enable_padding(pad_id=3, length=200)
    model = write_two_towers(folder / "model", words=words, tongues=SCRIPTS, context=128, pad=1)
    with lookalike.open(folder / "c", model=model) as photos:
        photos.index(folder / "pictures")
    return folder / "c"


def found(collection: Path, text: str) -> set[str]:
    """The colours of the two nearest."""
    answer = run_json("search", "--text", text, "-c", collection, "-k", 2)
    assert answer["query"] == f"“{text}”"
    return {Path(hit["path"]).stem.partition(" ")[0] for hit in answer["hits"]}


@pytest.mark.parametrize("language", range(len(LANGUAGES)), ids=LANGUAGES)
@pytest.mark.parametrize("colour", SCRIPTS)
def test_words_find_their_colour(collection: Path, colour: str, language: int) -> None:
    text = HOUSES[language].format(SCRIPTS[colour][language])
    assert found(collection, text) == {colour}


def test_letters_and_marks_apart_are_the_same_words(collection: Path) -> None:
    text = unicodedata.normalize("NFD", HOUSES[2].format(SCRIPTS["green"][2]))
    assert len(text) > len(unicodedata.normalize("NFC", text))
    assert found(collection, text) == {"green"}


def test_where_the_environment_names_no_language(collection: Path) -> None:
    """As in a container, or a job that is run at night."""
    text = HOUSES[0].format(SCRIPTS["red"][0])
    words = ("search", "--text", text, "-c", collection, "-k", 1)
    done = run(*words, "--json", environment={"LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    assert b"red" in done.stdout
