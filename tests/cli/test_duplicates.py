"""lookalike duplicates --move, --hard-link and --undo."""

import shutil
from pathlib import Path

from tests.support.pictures import write_gallery
from tests.support.process import run, run_json


def test_copies_are_put_aside_and_come_back(tmp_path: Path, tiny_model: Path) -> None:
    pictures = write_gallery(tmp_path / "pictures", 4)
    again = tmp_path / "pictures" / "one" / "0000 again.jpg"
    shutil.copy(pictures[0], again)
    made = ("-c", tmp_path / "c")
    run_json("index", tmp_path / "pictures", *made, "--model", tiny_model)
    ask = ("duplicates", *made, "--kind", "identical")
    aside = tmp_path / "aside"

    planned = run_json(*ask, "--move", aside)
    assert planned["journal"] is None
    assert again.exists(), "nothing is done unless it is said"

    answer = run_json(*ask, "--move", aside, "--yes")
    (step,) = answer["steps"]
    assert (step["action"], step["reason"]) == ("move", None)
    assert not Path(step["path"]).exists()
    assert len(list(aside.rglob("*.jpg"))) == 1

    undone = run_json("duplicates", "--undo", answer["journal"])
    assert [step["reason"] for step in undone["steps"]] == [None]
    assert again.read_bytes() == pictures[0].read_bytes()

    done = run(*ask, "--hard-link", "--yes")
    assert b"1 done, 0 left alone" in done.stdout
    assert again.samefile(pictures[0])
    assert run(*ask, "--hard-link", "--move", aside).returncode == 2
