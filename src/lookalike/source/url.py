"""Fetch a picture from an address, within limits.

The address that is checked is the address that is connected to: the check sits where the socket
is opened, so that neither a redirect nor a changing DNS answer leads anywhere else.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx2

from lookalike.errors import SourceError
from lookalike.source.address import is_url

MAX_BYTES = 64 * 1024 * 1024
TIMEOUT_S = 20.0
MAX_REDIRECTS = 5

_HEADERS = {"User-Agent": "lookalike", "Accept": "image/*", "Accept-Encoding": "identity"}

_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # the platform's own services, in Azure
        "192.0.0.0/24",  # special purposes; one cloud's metadata among them
        "192.88.99.0/24",  # once relays from IPv4 to IPv6
        "3fff::/20",  # documentation
    )
)
"""What Python's tables call public, and is not for us."""

_UNTYPED = frozenset({"application/octet-stream", "binary/octet-stream"})

_IPV6_IN_USE = ipaddress.ip_network("2000::/3")


def fetch(
    url: str,
    *,
    allow_private: bool = False,
    max_bytes: int = MAX_BYTES,
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """The body of an http(s) address.

    Args:
        url: the address; at most five redirects are followed.
        allow_private: whether addresses of this machine and its network may be reached.
        max_bytes: size limit of the body.
        timeout_s: limit on the whole transfer, seconds.

    Raises:
        SourceError: it cannot be fetched within the limits, or is not allowed.
    """
    if not is_url(url) or not _host(url):
        raise SourceError(f"{url} is not an http(s) address")
    late = f"{url} took too long to arrive; save the picture and search by file"
    try:
        with (
            _Deadline(timeout_s) as deadline,
            httpx2.Client(
                transport=None if allow_private else _PublicTransport(httpx2.HTTPTransport()),
                trust_env=allow_private,
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                timeout=timeout_s,
                headers=_HEADERS,
            ) as client,
            client.stream("GET", url, extensions={"trace": deadline.trace}) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise SourceError(f"{url} answered with status {response.status_code}")
            _check_type(url, response.headers)
            body = _body(response.iter_bytes(), url, max_bytes)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
        if isinstance(error, httpx2.TimeoutException) or deadline.passed:
            raise SourceError(late) from error
        raise SourceError(f"cannot fetch {url}: {error or type(error).__name__}") from error
    if deadline.passed:
        raise SourceError(late)
    if not body:
        raise SourceError(f"{url} has no content")
    return body


def _check_type(url: str, headers: Mapping[str, str]) -> None:
    """Pictures go by `image/...`, and by the two names of bytes that nobody has looked at.

    What is called a picture and is none, is refused by the decoder.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not kind.startswith("image/") and kind not in _UNTYPED:
        raise SourceError(f"{url} is {kind[:60]}, not a picture: give the picture's own address")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        # Asked not to; and a few kilobytes, compressed several times, unfold to gigabytes.
        raise SourceError(f"{url} arrives compressed; save the picture and search by file")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # such as brackets that do not close
        return None


class _PublicTransport(httpx2.BaseTransport):
    """Connects to the public address that it has checked; asked again for every redirect."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        return self._inner.handle_request(
            httpx2.Request(
                request.method,
                request.url.copy_with(host=_public_address(host, port)),
                headers=request.headers,
                stream=request.stream,
                # The certificate is checked against the name, not against the number.
                extensions={**request.extensions, "sni_hostname": host},
            )
        )

    def close(self) -> None:
        self._inner.close()


def _public_address(host: str, port: int) -> str:
    found = [
        str(entry[4][0]).partition("%")[0]
        for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    if not found or not all(_is_public(ipaddress.ip_address(address)) for address in found):
        raise SourceError(f"{host} is not a public address; save the picture and search by file")
    return found[0]  # the system lists first what it can reach best


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        # An IPv4 address in IPv6 clothes is judged as what it is.
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address not in _IPV6_IN_USE:
            return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class _Deadline:
    """Cuts the connections of one transfer when its time is up.

    Timeouts of a socket do not do it: they begin anew with every byte that a slow server sends.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Called by the HTTP client at every step: the steps that open a socket matter here."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        self.passed = True
        with self._lock:
            for opened in self._sockets:
                # Plainly, also under TLS: nobody waits for a polite end. It may be over already.
                with suppress(OSError):
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)


def _body(chunks: Iterable[bytes], url: str, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise SourceError(f"{url} is larger than the limit of {max_bytes / 2**20:.0f} MiB")
    return bytes(body)
