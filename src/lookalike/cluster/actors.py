"""Ray actors as the workers of a crew."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from lookalike.cluster.model import ModelFiles
from lookalike.cluster.share import shares
from lookalike.crew import READERS, Share, Worker, WorkerDied
from lookalike.crew.staff import Answer, Handle, Ticket
from lookalike.encoders import Encoder
from lookalike.errors import ClusterError, LookalikeError


class Actors:
    """Workers on the cluster that this process is connected to; see `Staff`.

    Args:
        encoder: every worker gets its files.
        worker_cpus: see `shares`.
    """

    name = "Ray worker"
    where_to_look = (
        "see with `ray status` whether the cluster has free processors; Lookalike has to be "
        "installed on every node"
    )
    unseen_film = "the Ray workers cannot see this film: mount its folder there, too"

    def __init__(self, encoder: Encoder, worker_cpus: int | None = None) -> None:
        self._encoder = encoder
        self._cpus = worker_cpus
        self._model: Any = None

    def __enter__(self) -> "Actors":
        self._model = ray.put(ModelFiles.of(self._encoder))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._model = None

    def shares(self) -> list[Share]:
        """See `Staff`."""
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return shares([node["Resources"] for node in nodes if node["Alive"]], self._cpus)

    def hire(self, share: Share) -> Handle:
        """See `Staff`."""
        options: dict[str, Any] = {
            "num_cpus": share.cpus,
            "num_gpus": share.gpus,
            "concurrency_groups": {"reading": 1, "encoding": 1},
        }
        as_actor: Any = ray.remote(**options)  # its types do not know the groups
        return as_actor(Worker).remote(share.cpus)

    def begin(self, worker: Handle, share: Share) -> Ticket:
        """See `Staff`."""
        return self.ask(worker, "set_up", self._model, READERS, share.gpus > 0)

    def ask(self, worker: Handle, method: str, *given: object) -> Ticket:
        """See `Staff`."""
        # Files of one parcel are read while another one is encoded.
        group = "reading" if method == "read" else "encoding"
        return getattr(worker, method).options(concurrency_group=group).remote(*given)

    def answered(self, tickets: Sequence[Ticket], patience_s: float) -> list[Ticket]:
        """See `Staff`."""
        if not tickets:
            return []
        done: list[Ticket] = ray.wait(list(tickets), num_returns=1, timeout=patience_s)[0]
        return done

    def answer(self, ticket: Ticket) -> Answer:
        """See `Staff`."""
        try:
            return ray.get(ticket)
        except RayTaskError as error:
            raise _cause(error) from error
        except RayError as error:
            raise WorkerDied(_first_line(error)) from error

    def dismiss(self, worker: Handle) -> None:
        """See `Staff`."""
        with suppress(RayError):
            ray.kill(worker)


def _cause(error: RayTaskError) -> BaseException:
    """What a worker raised, if it is ours."""
    cause = error.cause
    if isinstance(cause, LookalikeError):
        return cause
    return ClusterError(f"a Ray worker failed: {_first_line(cause or error)}")


def _first_line(error: BaseException) -> str:
    lines: Iterator[str] = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
