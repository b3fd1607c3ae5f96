"""The command group, and the only place where errors become exit codes."""

import sys
from importlib import import_module

import click

from lookalike.errors import LookalikeError

_COMMANDS = (
    "index",
    "search",
    "duplicates",
    "label",
    "export",
    "serve",
    "status",
    "check",
    "backup",
    "restore",
    "copy",
    "train",
    "evaluate",
    "models",
    "encoder",
    "formats",
    "demo",
)


class _Commands(click.Group):
    """Imports a command's module when it is asked for, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"lookalike.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


def _show_versions(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from lookalike.cli.version import versions

        click.echo(versions())
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_versions,
    help="Show the versions of all that matters, and exit.",
)
def lookalike() -> None:
    """Find the pictures that look like this one, in your own folders, on your own machine."""


def main() -> None:
    """Run the command line and exit."""
    # Names on disk may hold bytes that no encoding knows; they must never stop an answer.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = lookalike.main(prog_name="lookalike", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else 1)
    except LookalikeError as error:
        from lookalike.present.text import display_path

        # A name in the message may hold anything; line breaks of our own stay.
        lines = [display_path(line) for line in str(error).splitlines()]
        click.echo("lookalike: " + "\n".join(lines), err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("lookalike: stopped; what was committed stays", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has gone, as with `| head`.
        sys.stderr.close()
        sys.exit(1)
