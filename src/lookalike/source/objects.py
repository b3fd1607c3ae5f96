"""Object storage, and whatever else fsspec knows: listings and bytes by address.

Credentials and endpoints come from where each storage's own tools look for them (environment,
configuration files). Reasons of errors are our own words: what a storage says may quote a request.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

from lookalike.errors import SourceError

T = TypeVar("T")

_SECOND_NS = 10**9

_EXTRAS = {"s3": "s3", "s3a": "s3"}
"""Extras that bring what a scheme needs."""

_REASONS = (
    (FileNotFoundError, "there is nothing at that address"),
    (PermissionError, "access is denied: see whether the credentials are those of its storage"),
    (TimeoutError, "its storage does not answer"),
    (ConnectionError, "its storage does not answer"),
)


class Entry(NamedTuple):
    """What lies directly under an address.

    Attributes:
        name: as it follows the address and a "/"; empty where the address itself is the object,
            and for a folder whose name is an empty part.
        is_folder: whether there is something under it.
        size: bytes.
        mtime_ns: whole seconds are when it was last written; where the storage names the version
            of an object, what is beyond them stands for that name, so that a new one shows.
    """

    name: str
    is_folder: bool
    size: int
    mtime_ns: int


def normal_address(address: str) -> str:
    """The one spelling of an address: scheme in small letters, no "/" at its end."""
    scheme, _, rest = address.partition("://")
    return f"{scheme.lower()}://{rest.rstrip('/')}"


def list_objects(address: str) -> list[Entry]:
    """What lies directly under an address, by name; empty where there is nothing.

    Raises:
        SourceError: it cannot be listed.
    """
    files, path = _opened(address)
    found = _asking(lambda: files.ls(path, detail=True), address, missing=[])
    entries = {}
    for entry in found:
        rest = str(entry["name"]).removeprefix(path)
        is_folder = entry["type"] == "directory"
        # A folder may list itself, and its placeholder.
        if rest if is_folder else not rest.endswith("/"):
            name, size = rest.removeprefix("/"), int(entry.get("size") or 0)
            entries[name, is_folder] = Entry(name, is_folder, size, _stamp(entry))
    return [entries[key] for key in sorted(entries)]


def has_object(address: str) -> bool:
    """Whether there is an object, or something under the address.

    Raises:
        SourceError: it cannot be asked for.
    """
    files, path = _opened(address)
    return bool(_asking(lambda: files.info(path), address, missing=None))


def read_object(address: str, max_bytes: int) -> bytes:
    """The whole content of an object.

    Raises:
        SourceError: it is missing, cannot be read, is empty, or is larger than `max_bytes`.
    """
    files, path = _opened(address)
    # One more than allowed tells that there are more, and no more is fetched.
    data = _asking(lambda: files.cat_file(path, start=0, end=max_bytes + 1), address)
    if len(data) > max_bytes:
        raise SourceError(f"it is over the limit of {max_bytes / 2**20:.0f} MiB")
    if not data:
        raise SourceError("the file is empty")
    return bytes(data)


_NEEDED = object()


def _asking(ask: Callable[[], T], address: str, missing: Any = _NEEDED) -> T:  # noqa: ANN401
    """What a storage answers; `missing` where it is given and there is nothing.

    Raises:
        SourceError: with the reason.
    """
    try:
        return ask()
    except Exception as error:  # storages raise what they like
        if isinstance(error, FileNotFoundError) and missing is not _NEEDED:
            return missing  # type: ignore[no-any-return]
        raise SourceError(_reason(error, address)) from error


def _reason(error: Exception, address: str) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    name = type(error).__name__
    if "Credentials" in name:
        return "no credentials for its storage were found in the environment or configuration"
    if "Connect" in name or "Timeout" in name:
        return f"the storage of {address.partition('://')[0]} does not answer"
    return f"its storage cannot be used ({name})"


def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the address as that names it.

    Raises:
        SourceError: a package is missing for it.
    """
    scheme, _, rest = address.partition("://")
    try:
        files = _file_system(f"{scheme}://{rest.partition('/')[0]}")
    except ImportError as error:
        extra = _EXTRAS.get(scheme)
        hint = f'"lookalike[{extra}]"' if extra else f"fsspec and its package for {scheme}"
        raise SourceError(f"{scheme}:// needs more packages: pip install {hint}") from error
    except ValueError as error:
        raise SourceError(f"{scheme}:// is no storage that fsspec knows") from error
    return files, str(files._strip_protocol(address)).rstrip("/")


@lru_cache(maxsize=64)
def _file_system(place: str) -> Any:  # noqa: ANN401  fsspec is not typed
    """One for all threads: each would make a client of its own."""
    import fsspec

    return fsspec.core.url_to_fs(place, use_listings_cache=False, skip_instance_cache=True)[0]


def _stamp(entry: dict[str, Any]) -> int:
    names = ("LastModified", "last_modified", "mtime", "updated", "created")
    written = next((entry[name] for name in names if entry.get(name)), 0)
    if isinstance(written, str):
        written = datetime.fromisoformat(written)
    if isinstance(written, datetime):
        written = written.replace(tzinfo=written.tzinfo or UTC).timestamp()
    stamp = int(written * _SECOND_NS)
    tags = ("ETag", "etag", "md5Hash", "content_md5")
    tag = next((str(entry[name]) for name in tags if entry.get(name)), None)
    if tag is None:
        return stamp
    version = int.from_bytes(blake2b(tag.encode(), digest_size=8).digest())
    return stamp // _SECOND_NS * _SECOND_NS + version % _SECOND_NS
