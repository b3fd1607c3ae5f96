"""lookalike encoder."""

from typing import TYPE_CHECKING

import click

from lookalike.cli import options
from lookalike.cli.output import counting, echo_json, show

if TYPE_CHECKING:
    from lookalike import Collection

_name = click.argument("name", metavar="NAME|NUMBER")


@click.group(invoke_without_command=True)
@click.pass_context
def encoder(context: click.Context) -> None:
    """Change a collection's encoder without losing search.

    The new one is added and filled while the earlier one answers, then takes over in one step.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_encoders)


@encoder.command("list")
@options.collection
@options.as_json
def list_encoders(collection: str | None = None, as_json: bool = False) -> None:
    """List the encoders of a collection: which one answers, and what the others lack."""
    import lookalike

    with lookalike.open(collection) as photos:
        _report(photos, as_json)


@encoder.command()
@click.argument("model", metavar="NAME|FOLDER|FILE.onnx")
@options.collection
@options.inference
@click.option("--later", is_flag=True, help="Leave the filling to fill, or the next index.")
@options.as_json
def add(
    model: str,
    collection: str | None,
    runtime: str,
    precision: str,
    later: bool,
    as_json: bool,
) -> None:
    """Add an encoder beside the one that answers, and embed all pictures with it.

    It may be stopped at any moment: fill, and every index, goes on there.
    """
    import lookalike

    with lookalike.open(collection, runtime=runtime, precision=precision) as photos:
        photos.encoders.add(model)
        if not later:
            _fill(photos)
        _report(photos, as_json)


@encoder.command()
@options.collection
@options.inference
@options.as_json
def fill(collection: str | None, runtime: str, precision: str, as_json: bool) -> None:
    """Embed what any encoder of the collection lacks."""
    import lookalike

    with lookalike.open(collection, runtime=runtime, precision=precision) as photos:
        _fill(photos)
        _report(photos, as_json)


@encoder.command()
@_name
@options.collection
@click.option(
    "--sample",
    default=200,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many pictures to ask by.",
)
@options.as_json
def compare(name: str, collection: str | None, sample: int, as_json: bool) -> None:
    """Hold another encoder against the one that answers, on the collection's own pictures.

    Without any labels: how many of a picture's ten nearest both agree on, and how often a changed
    copy of a picture (cropped, compressed, in other light) finds it again. With labelled folders,
    `lookalike evaluate` tells more.
    """
    from dataclasses import asdict

    import lookalike

    with lookalike.open(collection) as photos, counting("comparing") as listener:
        found = photos.encoders.compare(name, sample, listener)
    if as_json:
        echo_json(asdict(found))
        return
    click.echo(f"{found.sample} pictures asked by")
    click.echo(f"the same among the ten nearest: {found.overlap:.0%}")
    for each, share in found.found_again.items():
        click.echo(f"a changed copy finds its original: {share:.1%} with {each}")


@encoder.command()
@_name
@options.collection
@click.option(
    "--incomplete",
    is_flag=True,
    help="Also where it lacks pictures, as while a drive is away. They stay in the collection, and "
    "are found again once they are back and indexed.",
)
@options.as_json
def switch(name: str, collection: str | None, incomplete: bool, as_json: bool) -> None:
    """Have another encoder answer from now on; the earlier one is kept until it is dropped."""
    import lookalike

    with lookalike.open(collection) as photos:
        photos.encoders.switch(name, incomplete=incomplete)
        _report(photos, as_json)


@encoder.command()
@_name
@options.collection
@options.as_json
def drop(name: str, collection: str | None, as_json: bool) -> None:
    """Forget an encoder that does not answer, and all its embeddings."""
    import lookalike

    with lookalike.open(collection) as photos:
        photos.encoders.drop(name)
        _report(photos, as_json)


def _fill(photos: "Collection") -> None:
    from lookalike.present.text import display_path

    with counting("filling") as listener:
        warnings = photos.encoders.fill(listener)
    for warning in warnings:
        click.echo(display_path(warning), err=True)


def _report(photos: "Collection", as_json: bool) -> None:
    from lookalike.present.json import encoders_json
    from lookalike.present.terminal import encoders_table

    known = photos.encoders.all()
    if as_json:
        echo_json({"encoders": encoders_json(known)})
    else:
        show(encoders_table(known))
