"""Run the server until it is told to stop."""

import socket
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from lookalike.errors import ServerError
from lookalike.server.policy import Policy

if TYPE_CHECKING:
    from lookalike.collection import Collection

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
"""The hosts that only this machine can reach: they need no token."""

MIN_TOKEN = 16
"""Fewest characters of a token."""

_GRACE_S = 10


def serve(
    *collections: "Collection",
    host: str = "127.0.0.1",
    port: int = 8765,
    open_browser: bool = False,
    on_ready: Callable[[str], None] | None = None,
    policy: Policy | None = None,
    watch: bool = False,
) -> None:
    """Serve collections until interrupted; requests under way are finished.

    Args:
        collections: stay open, and are the caller's to close; the first is the default.
        host: where to listen; any but `LOOPBACK_HOSTS` needs a policy with a token.
        port: 0 takes any that is free.
        open_browser: open the page in the user's browser once it can be loaded.
        on_ready: called with the page's address once requests are answered.
        policy: who may ask, and how much; the default where None.
        watch: whether to keep the collections up to date with their folders.

    Raises:
        ServerError: others could reach the host and there is no token, or the port cannot be had.
    """
    policy = policy or Policy()
    _check_reach(host, policy)
    import uvicorn

    from lookalike.server.app import create_app
    from lookalike.server.deadlines import ImpatientProtocol

    listener = _listen(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"

    def ready() -> None:
        if on_ready is not None:
            on_ready(address)
        if open_browser:
            # Some browsers are waited for; requests must be answered meanwhile.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Before it waits for its connections: a stream of events ends only when it is told.
            app.state.served.begin_close()
            await super().shutdown(sockets)

    app = create_app(*collections, policy=policy, watch=watch)
    config = uvicorn.Config(
        app,
        log_config=None,  # warnings and errors go where the caller's logging sends them
        access_log=False,
        server_header=False,
        proxy_headers=bool(policy.proxies),
        forwarded_allow_ips=list(policy.proxies),
        http=ImpatientProtocol,
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
    )
    try:
        Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass  # the usual way to stop; uvicorn raises it again after it has shut down
    finally:
        listener.close()


def _check_reach(host: str, policy: Policy) -> None:
    if policy.token is not None and len(policy.token) < MIN_TOKEN:
        raise ServerError(
            f"the token is too short: give at least {MIN_TOKEN} characters, such as those of: "
            'python -c "import secrets; print(secrets.token_urlsafe())"'
        )
    if policy.token is None and host not in LOOPBACK_HOSTS:
        raise ServerError(
            f"others could reach the server on {host or 'every address'}, so it needs a token: put "
            f"one into LOOKALIKE_TOKEN, or use --host {LOOPBACK_HOSTS[0]}"
        )


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ServerError(f"there is no port {port}: choose one up to 65535 with --port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ServerError(
            f"port {port} on {host} cannot be had ({error}): choose another one with --port"
        ) from error
    # Connections inherit it. asyncio sees to it only on sockets that were made by protocol number,
    # and without it the body of an answer waits 40 ms for the client to confirm its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
