"""Which state the vectors of a database are in, so that a cache can tell what it knows of it.

A state is a writing session, named at random, and the number of its commits so far. The database
lists the sessions that led to its own state. A cache of a listed state lacks only what came
after; any other comes from another life of the database, such as one that was restored from an
older copy, where the same ids may have been given to other vectors.
"""

import json
import secrets
import sqlite3
from typing import NamedTuple

_STATE = "vector_state"
_SESSIONS = "vector_sessions"
_UNSTAMPED = "unstamped"
_REMEMBERED = 1000
"""Sessions listed; a cache that is older than all of them is rebuilt."""


class State(NamedTuple):
    """One state of the vectors of one database."""

    session: str
    commits: int

    @property
    def certain(self) -> bool:
        """Whether no other state can be mistaken for it.

        A database that an early version wrote, and none since, is in a state that can.
        """
        return not self.session.startswith(_UNSTAMPED)


class Session:
    """A writer's session, which stamps each of its commits."""

    def __init__(self) -> None:
        self._name = secrets.token_hex(6)
        self._commits = 0

    def stamp(self, connection: sqlite3.Connection) -> None:
        """Name the state that the caller's open transaction leads to."""
        sessions = _sessions(connection)
        sessions[self._name] = self._commits = self._commits + 1
        kept = list(sessions.items())[-_REMEMBERED:]
        connection.executemany(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
            [
                (_STATE, json.dumps([self._name, self._commits])),
                (_SESSIONS, json.dumps(dict(kept))),
            ],
        )


def current(connection: sqlite3.Connection) -> State:
    """The state that `connection` sees.

    A database that no session has stamped yet is told apart by its count and highest id alone.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_STATE,)).fetchone()
    if row is not None:
        return State(*json.loads(row[0]))
    count, highest = connection.execute(
        "SELECT count(*), coalesce(max(id), 0) FROM vectors"
    ).fetchone()
    return State(f"{_UNSTAMPED} {highest}", count)


def descends_from(connection: sqlite3.Connection, earlier: State) -> bool:
    """Whether what `connection` sees came out of the state `earlier`, or is that state."""
    return earlier == current(connection) or (
        earlier.commits <= _sessions(connection).get(earlier.session, -1)
    )


def _sessions(connection: sqlite3.Connection) -> dict[str, int]:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_SESSIONS,)).fetchone()
    found: dict[str, int] = json.loads(row[0]) if row is not None else {}
    return found
