"""Where a collection on a Milvus server is, and how it is kept there."""

import os
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from lookalike.errors import StoreError

Kind = Literal["auto", "hnsw", "ivf", "diskann", "flat"]
Consistency = Literal["own", "strong", "bounded", "eventual"]

SCHEMES = ("milvus", "milvus+tls")
TOKEN_VARIABLE = "LOOKALIKE_MILVUS_TOKEN"  # noqa: S105  the name of a variable
_PORT = 19530
_BOUNDS = {"links": (2, 2048), "effort": (8, 512), "lists": (1, 65_536), "shards": (1, 16)}
"""Options that are numbers, with the least and the most that Milvus takes."""

_OF_KIND = {"links": ("auto", "hnsw"), "effort": ("auto", "hnsw"), "lists": ("ivf",)}
"""Options that mean something for some kinds of index alone."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


@dataclass(frozen=True, slots=True)
class Address:
    """What `milvus://host:port/name?index=...` says.

    Attributes:
        uri: of the server, as its client takes it.
        name: of the collection.
        database: of the server's databases; empty is its default one.
        index: how vectors are found; "auto" is HNSW. It counts when the collection is made.
        consistency: what a reader sees. "own": everything that this process has written, and of
            others what is a few seconds old; "strong": everything, always, at the price of about
            0.2 s a read; "bounded" and "eventual": as the server has it.
        links: of HNSW: links of a picture in each layer but the lowest, which has twice as many.
        effort: of HNSW: pictures that are looked at to find a new one's links.
        lists: of IVF: how many lists the pictures are spread over.
        shards: how many parts writes are spread over. It counts when the collection is made, as all
            of the index does.
        token: "user:password", or an API key; from the environment, so that no command line shows
            it.
    """

    uri: str
    name: str
    database: str = ""
    index: Kind = "auto"
    consistency: Consistency = "own"
    links: int = 32
    effort: int = 200
    lists: int = 1024
    shards: int = 1
    token: str = ""

    @property
    def shown(self) -> str:
        """The address without options and secrets."""
        scheme = "milvus+tls" if self.uri.startswith("https") else "milvus"
        place = f"{self.database}/{self.name}" if self.database else self.name
        return f"{scheme}://{urlsplit(self.uri).netloc}/{place}"


def is_address(text: str) -> bool:
    """Whether a collection's place is on a Milvus server."""
    return text.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def parse_address(text: str) -> Address:
    """Read `milvus[+tls]://host[:port]/[database/]name[?index=KIND&consistency=LEVEL&...]`.

    Raises:
        StoreError: it is none, with what is wrong.
    """
    parts = urlsplit(text)
    try:
        port = parts.port or _PORT
    except ValueError as error:
        raise StoreError(f"{text}: {error}") from error
    if not parts.hostname:
        raise StoreError(f"{_plain(text)} names no host: write milvus://host:port/name")
    if parts.username is not None:
        raise StoreError(
            "a user and a password do not belong into an address: put them into the variable "
            f"{TOKEN_VARIABLE}, as user:password"
        )
    *database, name = [unquote(part) for part in parts.path.strip("/").split("/")]
    if not _NAME.fullmatch(name) or len(database) > 1:
        raise StoreError(
            f"{_plain(text)} names no collection: write milvus://host:port/name, the name of "
            "letters, digits and _"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    index: Any = options.pop("index", "auto")
    consistency: Any = options.pop("consistency", "own")
    numbers = {each: _number(each, options.pop(each)) for each in _BOUNDS if each in options}
    if options:
        known = ", ".join(("index", "consistency", *_BOUNDS))
        raise StoreError(f"{next(iter(options))} is no option of a Milvus address, but: {known}")
    for option in numbers.keys() & _OF_KIND.keys():
        if index not in _OF_KIND[option]:
            raise StoreError(f"{option} is for the index {_OF_KIND[option][-1]}, not for {index}")
    if index not in get_args(Kind):
        raise StoreError(f"there is no index {index}, but: {', '.join(get_args(Kind))}")
    if consistency not in get_args(Consistency):
        known = ", ".join(get_args(Consistency))
        raise StoreError(f"there is no consistency {consistency}, but: {known}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(
        uri=f"{'https' if parts.scheme == 'milvus+tls' else 'http'}://{host}:{port}",
        name=name,
        database=database[0] if database else "",
        index=index,
        consistency=consistency,
        **numbers,
        token=os.environ.get(TOKEN_VARIABLE, ""),
    )


def _number(name: str, text: str) -> int:
    least, most = _BOUNDS[name]
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise StoreError(f"{name}={text}: it has to be a whole number from {least} to {most}")
    return int(text)


def _plain(text: str) -> str:
    """The address without what may be a password."""
    return re.sub(r"//[^/@]*@", "//", text)
