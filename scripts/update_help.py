"""Write the help texts of all commands into docs/command-line.md; a test keeps them true.

python scripts/update_help.py
"""

import re
from pathlib import Path

import click
from click.testing import CliRunner

from lookalike.cli.main import lookalike

PAGE = Path(__file__).parent.parent / "docs" / "command-line.md"


def commands(group: click.Group, prefix: str) -> list[str]:
    """Every command line that has a help text, such as "lookalike models pull"."""
    found = [prefix]
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
        else:
            found.append(f"{prefix} {name}")
    return found


def help_text(command: str) -> str:
    """What `command --help` prints."""
    result = CliRunner().invoke(
        lookalike, [*command.split()[1:], "--help"], prog_name="lookalike", terminal_width=88
    )
    if result.exit_code != 0:
        raise SystemExit(result.output)
    return result.output.rstrip()


def updated(page: str) -> str:
    """The page with every fenced block after `<!-- help: COMMAND -->` written anew."""
    for command in commands(lookalike, "lookalike"):
        marker = f"<!-- help: {command} -->"
        if marker not in page:
            raise SystemExit(f"{PAGE.name} lacks {marker}: document the command")
        block = f"{marker}\n```text\n{help_text(command)}\n```"
        found = re.search(re.escape(marker) + r"(\n```text\n.*?\n```)?", page, flags=re.DOTALL)
        if found:
            page = page[: found.start()] + block + page[found.end() :]
    return page


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
