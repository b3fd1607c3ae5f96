"""The docs are run: help texts are the program's own, the README's Python works as it stands."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_help_texts_in_the_docs_are_what_the_commands_print() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert load_script("update_help").updated(page) == page, "run: python scripts/update_help.py"


def test_the_python_of_the_readme_works(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pictures: Path,
    tiny_model: Path,
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "Pictures").symlink_to(pictures)
    (tmp_path / "path" / "to").mkdir(parents=True)
    (tmp_path / "path" / "to" / "model-folder").symlink_to(tiny_model)
    query = min(p for p in pictures.rglob("*") if p.suffix in (".jpg", ".png"))
    (tmp_path / "holiday.jpg").symlink_to(query)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    exec(compile(code, "README.md", "exec"), {})

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    path, score, distance = lines[0].rsplit(" ", 2)
    assert Path(path).resolve() == query.resolve()
    assert float(score) == pytest.approx(1, abs=1e-3)
    assert float(distance) == pytest.approx(0, abs=1e-3)


def test_the_notebook_runs_from_top_to_bottom(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pictures: Path,
) -> None:
    pytest.importorskip("pyarrow")
    notebook = json.loads((ROOT / "docs" / "embeddings.ipynb").read_text(encoding="utf-8"))
    (tmp_path / "Pictures").symlink_to(pictures)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == [], "cells are kept without what they printed"
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "embeddings.ipynb", "exec"), names)

    assert getattr(names["embeddings"], "shape", None) == (40, 384)
    assert "'embedding'" in capsys.readouterr().out
    files = {"photos.npz", "photos.parquet", "hits.csv", "duplicates.parquet"}
    assert files <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("marker", ["run", "test"])
def test_the_readme_names_its_two_commands(marker: str) -> None:
    found = re.search(
        rf"<!-- {marker} -->\n```sh\n(.+)\n```", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    assert found is not None
    assert "\n" not in found[1], "one line, so that it can be copied whole"


def test_links_between_the_docs_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
