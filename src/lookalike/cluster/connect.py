"""To a Ray cluster and back, without a word from Ray on the terminal, or to its makers."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lookalike.crew import Crew
from lookalike.encoders import Encoder, cores
from lookalike.errors import ClusterError
from lookalike.indexer import OpenWorkshop, Presence, Workshop
from lookalike.store import Store

LOCAL = "local"
"""In place of an address: a cluster of this machine, for this run."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

_STORE_BYTES = 512 * 2**20
"""Of a cluster of this machine: the model, and a few parcels of embeddings."""


@contextmanager
def on_ray(address: str, worker_cpus: int | None = None) -> Iterator[OpenWorkshop]:
    """A workshop on a Ray cluster, for `index`.

    Where this process is connected to a cluster already, that one is used, and stays.

    Args:
        address: of the cluster (host:port, ray://host:port, auto), or `local`.
        worker_cpus: processor cores a worker; None is one, or more on a node of more than 8. A
            node's GPUs get a worker each, with their share of its cores.

    Raises:
        ClusterError: Ray is not installed, or no cluster answers.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            'Ray is not installed: install it with: pip install "lookalike[ray]"'
        ) from error
    from lookalike.cluster.actors import Actors

    ours = not ray.is_initialized()
    if ours:
        _connect(address)

    def workshop(store: Store, encoder: Encoder, presence: Presence) -> Workshop:
        return Crew(store, presence, Actors(encoder, worker_cpus))

    try:
        yield workshop
    finally:
        if ours:
            ray.shutdown()


def _connect(address: str) -> None:
    import ray

    on_end = signal.getsignal(signal.SIGTERM)
    try:
        if address == LOCAL:
            ray.init(
                address=LOCAL,
                num_cpus=cores(),
                object_store_memory=_STORE_BYTES,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
            )
        else:
            ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:  # its exception classes for this share no base
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ClusterError(
            f"no Ray cluster can be used at {address}: {reason} (this machine has to be a node of "
            f"it: ray start --address={address}; or give --ray local)"
        ) from error
    if on_end is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_end)  # with Ray's own, who is ended prints a stack
