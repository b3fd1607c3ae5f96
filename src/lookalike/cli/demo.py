"""lookalike demo."""

import os

import click

from lookalike.cli import options


@click.command()
@click.option(
    "--folder", metavar="FOLDER", help="Where to draw. Default: in your user-data folder."
)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@options.model
@options.inference
def demo(
    folder: str | None,
    port: int,
    no_open: bool,
    model: str | None,
    runtime: str,
    precision: str,
) -> None:
    """Draw a small gallery, index it, and open the page.

    Its pictures come in several kinds, with crops, flips and recolourings, so that right answers
    exist.
    """
    import platformdirs

    import lookalike
    from lookalike.cli.output import announce, counting, progress
    from lookalike.demo import draw_gallery
    from lookalike.server import serve as run_server

    place = folder or os.path.join(platformdirs.user_data_dir("lookalike", appauthor=False), "demo")
    pictures = os.path.join(place, "pictures")
    photos = lookalike.open(
        os.path.join(place, "collection"), model=model, runtime=runtime, precision=precision
    )
    photos.encoder  # noqa: B018  an encoder that cannot be had is told before anything is drawn
    with counting("drawing") as listener:
        draw_gallery(pictures, on_progress=listener)
    with progress() as listener:
        summary = photos.index(pictures, on_progress=listener)
    click.echo(
        f"{summary.added + summary.updated + summary.unchanged} pictures in {place}", err=True
    )
    run_server(photos, port=port, open_browser=not no_open, on_ready=announce)
