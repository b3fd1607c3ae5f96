"""lookalike models."""

import click

from lookalike.cli import options
from lookalike.cli.output import echo_json


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """Show the encoders that are known by name, and fetch them ahead of time."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models.command("list")
@options.as_json
def list_models(as_json: bool = False) -> None:
    """List the catalogue."""
    from lookalike.encoders import BUNDLED, CATALOGUE, locate
    from lookalike.encoders.download import cached

    specs = [locate(name).spec for name in BUNDLED]
    rows = [
        {
            "name": spec.name,
            "dimension": spec.embedding.dimension,
            "megabytes": 0,
            "license": spec.license,
            "downloaded": True,
            "description": spec.description,
        }
        for spec in specs
    ] + [
        {
            "name": entry.name,
            "dimension": entry.dimension,
            "megabytes": entry.megabytes,
            "license": entry.license,
            "downloaded": cached(entry),
            "description": entry.description,
        }
        for entry in CATALOGUE.values()
    ]
    if as_json:
        echo_json({"models": rows})
        return
    for row in rows:
        if row["name"] in BUNDLED:
            here = "comes with the program"
        else:
            here = "downloaded" if row["downloaded"] else f"{row['megabytes']} MB to download"
        click.echo(f"{row['name']:<16} {row['dimension']:>5}-d  {here}")
        click.echo(f"{'':<16} {row['description']} ({row['license']})")


@models.command()
@click.argument("name", metavar="NAME|FOLDER|FILE.onnx")
@options.as_json
def info(name: str, as_json: bool) -> None:
    """Show the record of a model: its file, preprocessing, outputs, licence and origin."""
    from dataclasses import asdict

    from lookalike.encoders import CATALOGUE, locate
    from lookalike.encoders.runtimes import available

    # A catalogue name is described without fetching it.
    entry = CATALOGUE.get(name)
    record = asdict(entry) if entry is not None else asdict(locate(name).spec)
    record["runtimes"] = available()
    if as_json:
        echo_json(record)
        return
    for key, value in record.items():
        parts = value.items() if isinstance(value, dict) else ()
        text = ", ".join(f"{name} {part}" for name, part in parts) if parts else value
        click.echo(f"{key:<14} {text}")


@models.command()
@click.argument("name")
def pull(name: str) -> None:
    """Fetch a catalogue model, so that it works without a network from then on."""
    from lookalike.encoders import BUNDLED, CATALOGUE
    from lookalike.encoders.download import download

    if name in BUNDLED:
        click.echo(f"{name} comes with the program, at {BUNDLED[name]}")
        return
    if name not in CATALOGUE:
        raise click.UsageError(f"no model {name!r} in the catalogue: {', '.join(CATALOGUE)}")
    for path, sha256 in download(CATALOGUE[name]):
        click.echo(f"{name} is at {path} (sha256 {sha256})")


@models.command()
@click.argument("name", metavar="NAME|FOLDER|FILE.onnx")
@click.option(
    "--samples",
    metavar="FOLDER",
    required=True,
    help="Some hundred of your own pictures, to choose the scales by and to measure with.",
)
@click.option("--out", metavar="FOLDER", help="For the new model. Default: NAME-int8 right here.")
@options.as_json
def optimize(name: str, samples: str, out: str | None, as_json: bool) -> None:
    """Make an int8 version of a model: several times faster, if your pictures allow it.

    It is an encoder of its own: index into a new collection with it.
    """
    from dataclasses import asdict

    from lookalike.encoders import load, locate
    from lookalike.encoders.optimize import optimize as run
    from lookalike.encoders.samples import prepared_samples

    located = locate(name)
    folder = out or f"{located.spec.name}-int8"
    pictures = prepared_samples(load(located), samples)
    done = run(located, pictures, folder)
    if as_json:
        echo_json({"folder": done.folder, **asdict(done.record)})
        return
    click.echo(
        f"{done.folder}: cosine with the original {done.record.mean_cosine:.4f} on average, "
        f"{done.record.minimum_cosine:.4f} at worst, on {done.record.measured_with} pictures"
    )
