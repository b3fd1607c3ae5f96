"""Imports run one way, and what is heavy stays where it belongs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lookalike

PACKAGE = Path(lookalike.__file__).parent

ROOMS = [
    "errors",
    "types",
    "source",
    "decode",
    "layout",
    "encoders",
    "store",
    "indexer",
    "crew",
    "cluster",
    "search",
    "tables",
    "tidy",
    "thumbnails",
    "layers",
    "opened",
    "collection",
    "lookalike",  # the public names
    "jobs",
    "atlas",
    "present",
    "demo",
    "server",
    "cli",
]
"""A room may import those before it."""

APART = ["training", "evaluation"]
"""Rooms that nothing imports, except the command line, inside the functions that need them."""


def modules() -> list[tuple[str, Path]]:
    """Every module with the room that it belongs to."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = Path(path.relative_to(PACKAGE).parts[0]).stem
        found.append(({"__init__": "lookalike", "__main__": "cli"}.get(name, name), path))
    return found


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Full names that a module imports, anywhere in it, with the line and whether at the top."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno, id(node) in top


def room_of(name: str) -> str | None:
    """The room of an imported name; None where it is not ours."""
    parts = name.split(".")
    if parts[0] != "lookalike":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in (*ROOMS, *APART) else "lookalike"


def ids(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_module_is_in_a_known_room() -> None:
    assert {room for room, _ in modules()} <= {*ROOMS, *APART}
    assert len(modules()) > 40


@pytest.mark.parametrize(("room", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_imports_run_one_way(room: str, path: Path) -> None:
    for name, line, at_top in imports(path):
        imported = room_of(name)
        if imported is None or imported == room:
            continue
        where = f"{ids(path)}:{line} imports {name}"
        if imported in APART:
            assert room in ("cli", *APART), where
            assert room in APART or not at_top, f"{where} at its top"
        elif room in ROOMS and room != "lookalike":
            assert ROOMS.index(imported) < ROOMS.index(room), where


@pytest.mark.parametrize(("room", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_heavy_libraries_stay_in_their_rooms(room: str, path: Path) -> None:
    owners = {
        "torch": APART,
        "torchvision": APART,
        "timm": APART,
        "onnx": ["encoders", *APART],  # in encoders, by the command that makes int8 versions
        "onnxscript": APART,
        "openvino": ["encoders"],
        "tokenizers": ["encoders"],
        "onnxruntime": ["encoders", *APART],
        "faiss": ["store", "layout", "search"],
        "sqlite3": ["store"],
        "pyarrow": ["tables"],
        "watchfiles": ["jobs"],
        "ray": ["cluster"],
        "fsspec": ["source"],
        "rawpy": ["decode"],
        "av": ["decode"],
        "pi_heif": ["decode"],
        "imagecodecs": ["decode"],
        "httpx2": ["source", "encoders"],
        "fastapi": ["server"],
        "uvicorn": ["server"],
        "click": ["cli"],
        "rich": ["present", "cli"],
    }
    for name, line, _ in imports(path):
        owner = owners.get(name.partition(".")[0])
        assert owner is None or room in owner, f"{ids(path)}:{line} imports {name}"


@pytest.mark.parametrize(("room", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_only_the_command_line_exits_and_prints(room: str, path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and room != "cli":
            called = ast.unparse(node.func)
            assert called not in ("sys.exit", "exit", "quit", "os._exit", "print"), (
                f"{ids(path)}:{node.lineno} calls {called}"
            )


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        ids(path)
        for _, path in modules()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
