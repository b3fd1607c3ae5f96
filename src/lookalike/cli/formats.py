"""lookalike formats."""

from dataclasses import asdict

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json, show


@click.command()
@options.as_json
def formats(as_json: bool) -> None:
    """Show which formats of pictures this install reads, and how to add the others."""
    from lookalike import decode
    from lookalike.present.terminal import formats_table

    known = decode.formats()
    if as_json:
        echo_json({"formats": [asdict(each) for each in known]})
    else:
        show(formats_table(known))
