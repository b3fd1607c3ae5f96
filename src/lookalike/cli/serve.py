"""lookalike serve."""

import click

from lookalike.cli import options


@click.command()
@options.collection
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
@options.model
@options.inference
def serve(
    collection: str | None,
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

    photos = lookalike.open(collection, model=model, runtime=runtime, precision=precision)
    photos.status()  # a collection that is not there is told before the port is taken
    run_server(photos, host, port, open_browser=open_browser, on_ready=announce)
