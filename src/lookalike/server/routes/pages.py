"""The page, its files, and the documentation of the API. All of it comes from the package."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from lookalike.server.conditional import has_it

# Fixed here: what the platform believes of a suffix can be wrong (.js as text on some Windows).
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    data: bytes
    type: str
    tag: str


def router(app: FastAPI) -> APIRouter:
    """The routes that people open in a browser; `/docs` describes the routes of `app`."""
    routes = APIRouter(include_in_schema=False)
    # Read once: what is served can be nothing but these files, whatever the address says.
    assets = {
        name: _asset(name, entry.read_bytes())
        for name, entry in _files(files("lookalike.server").joinpath("static"))
    }

    # Each view of the page has an address of its own; its script tells them apart.
    @routes.get("/")
    @routes.get("/map")
    @routes.get("/duplicates")
    @routes.get("/collection")
    @routes.get("/picture/{id:int}")
    async def page(request: Request) -> Response:
        return _send(assets["index.html"], request)

    @routes.get("/static/{name:path}")
    async def static(name: str, request: Request) -> Response:
        if name not in assets:
            raise HTTPException(404)
        return _send(assets[name], request)

    @routes.get("/docs")
    def docs() -> HTMLResponse:
        return HTMLResponse(_render_docs(app.openapi()))

    return routes


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    """The files of a kind that is served, by their path below the folder."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in _TYPES:
            yield prefix + entry.name, entry


def _asset(name: str, data: bytes) -> _Asset:
    tag = f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'
    return _Asset(data, _TYPES[name.rpartition(".")[2]], tag)


def _send(asset: _Asset, request: Request) -> Response:
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache", "Content-Type": asset.type}
    if has_it(request, asset.tag):
        return Response(status_code=304, headers=headers)
    return Response(asset.data, headers=headers)


def _render_docs(schema: dict[str, Any]) -> str:
    """The OpenAPI schema as a page of plain HTML, without scripts and without a network."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lookalike.server"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("docs.html").render(
        info=schema["info"],
        operations=[
            {"path": path, "method": method.upper(), **operation}
            for path, methods in schema["paths"].items()
            for method, operation in methods.items()
        ],
        schemas=schema.get("components", {}).get("schemas", {}),
    )
