"""What a server allows: one record, given to the application when it is made."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""What the Host header may always name, with any port."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may ask, how often, and how long it may take.

    Attributes:
        token: what a client has to show; None on a machine's own address, where nobody else is.
        names: host names under which the server is reached, besides `LOOPBACK_NAMES`.
        addresses: whether the Host header may also be a bare address of any network.
        proxies: addresses and networks of proxies in front of the server: a client is then who they
            say it is (X-Forwarded-For), and comes by HTTPS where they say so.
        fetches: whether searches may name pictures by web address.
        rate: requests a second that one client may make, those that only read left out; None is
            no limit.
        burst: how many may come at once before the rate counts.
        turns: searches and other costly requests that are worked on at the same time.
        waiting: how many may wait for their turn; the next one is told to come again.
        body_s: seconds in which the whole request has to arrive.
        silence_s: seconds within which its next part has to arrive.
        answer_s: seconds after which an answer that has not begun is given up.
    """

    token: str | None = None
    names: frozenset[str] = frozenset()
    addresses: bool = False
    proxies: tuple[str, ...] = ()
    fetches: bool = True
    rate: float | None = None
    burst: int = 60
    turns: int = 16
    waiting: int = 128
    body_s: float = 120.0
    silence_s: float = 15.0
    answer_s: float = 120.0

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this server.

        A bare address cannot be pointed here by somebody else's name service, a name can.
        """
        name = _name(host)
        if name in LOOPBACK_NAMES or name in self.names:
            return True
        return self.addresses and _is_address(name)


def refuse_addresses(request: Request, urls: Iterable[str | None]) -> None:
    """Refuse a request that names web addresses, where the server fetches none.

    Raises:
        HTTPException: 403, it does.
    """
    policy: Policy = request.app.state.policy
    if not policy.fetches and any(url is not None for url in urls):
        raise HTTPException(403, "this server fetches no addresses: send the picture itself")


def is_own_page(origin: str, host: str) -> bool:
    """Whether an Origin header is that of the page under this Host header."""
    return urlsplit(origin).netloc.lower() == host.lower()


def _name(host: str) -> str:
    """The name in a Host header, without a port of digits; anything else stays and is refused."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and (port.isdecimal() or not port) else host.lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
