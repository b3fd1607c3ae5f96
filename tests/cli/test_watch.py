"""lookalike index --watch, and the services that run it."""

import configparser
import json
import plistlib
import re
import signal
import sys
import threading
from pathlib import Path

import pytest

from tests.support.pictures import write_gallery, write_picture
from tests.support.process import start

PAGE = Path(__file__).parents[2] / "docs" / "watching.md"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C goes to the whole console there")
def test_index_goes_on_until_ctrl_c(tmp_path: Path, tiny_model: Path) -> None:
    write_gallery(tmp_path / "pictures", 3)
    made = ("-c", tmp_path / "c", "--model", tiny_model)
    watching = start(["index", tmp_path / "pictures", *made, "--watch", "--json"])
    assert watching.stdout is not None
    late = threading.Timer(300, watching.kill)
    late.start()
    try:
        assert json.loads(watching.stdout.readline())["added"] == 3
        # Whether it watches already or is about to compare, it is found.
        write_picture(tmp_path / "pictures" / "new.jpg", 50)
        assert json.loads(watching.stdout.readline())["added"] == 1
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate()
    finally:
        late.cancel()
        watching.kill()
        watching.communicate()
    assert watching.returncode == 130
    assert errors.strip() == b"lookalike: stopped; what was committed stays"


def test_the_service_files_are_well_formed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (unit,) = re.findall(r"```ini\n(.*?)```", text, re.DOTALL)
    parser = configparser.RawConfigParser()
    parser.read_string(unit)
    assert parser["Service"]["ExecStart"].split()[1:] == ["index", "%h/Pictures", "--watch"]
    (plist,) = re.findall(r"```xml\n(.*?)```", text, re.DOTALL)
    assert plistlib.loads(plist.encode())["ProgramArguments"][1:] == [
        "index",
        "/Users/ada/Pictures",
        "--watch",
    ]
