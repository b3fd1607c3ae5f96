"""lookalike serve."""

import ipaddress
import logging
import os
import sys
from contextlib import ExitStack

import click

from lookalike.cli import options


def _networks(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(value, strict=False)) for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


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
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen. Others than this machine need a token: put it into LOOKALIKE_TOKEN.",
)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
@click.option(
    "--name",
    "names",
    metavar="HOST",
    multiple=True,
    help="A host name under which the server is reached, besides its address. Repeatable.",
)
@click.option(
    "--proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    callback=_networks,
    help="The address, or network (10.0.0.0/8), of a reverse proxy in front: clients are told "
    "apart by what it says of them. Repeatable.",
)
@click.option("--no-fetch", is_flag=True, help="Refuse searches that name a web address.")
@click.option(
    "--rate",
    metavar="N",
    type=click.FloatRange(min=0, min_open=True),
    help="Searches a second that one client may make. Default: no limit on this machine, 10 where "
    "there is a token.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Keep the collections up to date: index what comes, changes, moves and goes, within "
    "seconds.",
)
@click.option("--log", is_flag=True, help="One line of JSON on stderr for each request.")
@options.model
@options.inference
@options.isolate
@options.recall
def serve(
    collections: tuple[str, ...],
    host: str,
    port: int,
    open_browser: bool,
    names: tuple[str, ...],
    proxies: tuple[str, ...],
    no_fetch: bool,
    rate: float | None,
    watch: bool,
    log: bool,
    model: str | None,
    runtime: str,
    precision: str,
    isolate: bool,
    recall: float,
) -> None:
    """Serve the web page and the HTTP API.

    A collection that does not exist yet is made, empty: folders can be added from the page.
    """
    import lookalike
    from lookalike import decode
    from lookalike.cli.output import announce
    from lookalike.server import Policy
    from lookalike.server import serve as run_server

    if log:
        _log_requests()
    token = os.environ.get("LOOKALIKE_TOKEN") or None
    policy = Policy(
        token=token,
        names=frozenset(name.lower() for name in names),
        addresses=token is not None,
        proxies=proxies,
        fetches=not no_fetch,
        rate=rate if rate is not None or token is None else 10.0,
    )

    with ExitStack() as stack:
        if isolate:
            stack.enter_context(decode.isolated())
        opened = []
        for place in dict.fromkeys(collections) or (None,):
            photos = lookalike.open(
                place, model=model, runtime=runtime, precision=precision, recall=recall
            )
            stack.enter_context(photos)
            if photos.create():
                click.echo(
                    f"{photos.location} is new and empty: open the page to add a folder", err=True
                )
            opened.append(photos)
        run_server(
            *opened,
            host=host,
            port=port,
            open_browser=open_browser,
            on_ready=announce,
            policy=policy,
            watch=watch,
        )


def _log_requests() -> None:
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("lookalike.requests")
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    logger.propagate = False
