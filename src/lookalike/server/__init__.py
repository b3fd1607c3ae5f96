"""Server: the HTTP API and its page. Parses, calls the collection, answers; holds no logic."""

from lookalike.server.app import create_app
from lookalike.server.policy import Policy
from lookalike.server.run import LOOPBACK_HOSTS, serve

__all__ = ["LOOPBACK_HOSTS", "Policy", "create_app", "serve"]
