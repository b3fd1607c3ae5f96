"""lookalike serve."""

from contextlib import ExitStack

import click

from lookalike.cli import options


@click.command()
@click.option(
    "-c",
    "--collection",
    "collections",
    metavar="FOLDER",
    multiple=True,
    help="A collection's folder. Repeatable: the page chooses among several. Default: one in "
    "your user-data folder.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
@options.model
@options.inference
def serve(
    collections: tuple[str, ...],
    host: str,
    port: int,
    open_browser: bool,
    model: str | None,
    runtime: str,
    precision: str,
) -> None:
    """Serve the web page and the HTTP API on this machine."""
    import lookalike
    from lookalike.cli.output import announce
    from lookalike.server import serve as run_server

    with ExitStack() as stack:
        opened = []
        for place in dict.fromkeys(collections) or (None,):
            photos = lookalike.open(place, model=model, runtime=runtime, precision=precision)
            stack.enter_context(photos)
            photos.status()  # a collection that is not there is told before the port is taken
            opened.append(photos)
        run_server(*opened, host=host, port=port, open_browser=open_browser, on_ready=announce)
