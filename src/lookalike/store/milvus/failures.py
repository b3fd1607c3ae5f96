"""What Milvus and its client say of what went wrong, as errors of ours."""

from lookalike.errors import StoreError, StoreUnavailableError

_AWAY = {2, 400, 401, *range(500, 505), 601, 602, *range(901, 907)}
"""Milvus's codes for what is not there for now: the service, replicas, channels, nodes."""

_BUSY = {4, 8, 11, 12}
"""Its codes for more requests than it takes: their number, rate, delay, resources."""

_NOT_LOADED = {101, 103, 106, 201, 202}
"""Its codes for a collection, or a part of one, that it does not hold in memory."""

_VAGUE = {0, 1, 5, 65535}
"""Codes that say nothing: its own for whatever is unexpected, and those of its client."""

_LOST = (
    "unavailable",
    "connect",
    "deadline",
    "retry",
    "timeout",
    "not ready",
    "channel",
    "no available",
)
"""What errors with a vague code, or none, say of a server that is away."""


def away(shown: str) -> str:
    """One sentence for a server that does not answer; `shown` is the collection's address."""
    return (
        f"the Milvus server of {shown} does not answer: is it running, and can it be reached from "
        "here?"
    )


def as_ours(error: Exception, shown: str) -> StoreError:
    """An error of its client, or of the network below it, as one of ours.

    Source of the codes: Milvus's pkg/util/merr/errors.go.

    Args:
        error: what was raised.
        shown: the collection's address, without what is secret.

    Returns:
        A `StoreUnavailableError` where the same may work later, or a `StoreError`.
    """
    text = " ".join(str(error).split())
    code = getattr(error, "code", None)
    # Names of collections are in the text too, so it counts only where no code says more.
    said = text.lower() if not isinstance(code, int) or code in _VAGUE else ""
    if code in _NOT_LOADED or "not loaded" in said:
        return StoreUnavailableError(
            f"the Milvus server of {shown} has not loaded the collection: it does so after a "
            "start; where somebody has released it, it has to be told to"
        )
    if code in _BUSY:
        return StoreUnavailableError(
            f"the Milvus server of {shown} takes no more for now: {text[:500]}"
        )
    if code in _AWAY or any(word in said for word in _LOST):
        return StoreUnavailableError(away(shown))
    return StoreError(f"the Milvus server of {shown} refuses: {text[:500]}")
