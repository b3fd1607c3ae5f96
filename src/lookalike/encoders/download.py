"""Fetch a catalogue model through huggingface_hub: progress, resume, cache, offline mode, mirrors.

`HF_ENDPOINT`, `HF_HUB_OFFLINE` and `HF_HOME` are honoured as everywhere else.
"""

import os

from lookalike.encoders.catalogue import CatalogueEntry
from lookalike.encoders.spec import file_sha256
from lookalike.errors import DownloadError


def cached(entry: CatalogueEntry) -> str | None:
    """The path of the entry's file if it was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(entry.repo, entry.file, revision=entry.revision)
    return found if isinstance(found, str) else None


def download(entry: CatalogueEntry) -> tuple[str, str]:
    """The path of the entry's ONNX file on this machine, and its sha256.

    What is in the cache is used without asking the network.

    Raises:
        DownloadError: it cannot be fetched, or its sha256 is not the pinned one.
    """
    path = cached(entry) or _fetch(entry)
    sha256 = file_sha256(path)
    if entry.sha256 is not None and sha256 != entry.sha256:
        # Out of the cache with it, or every later start would trip over the same file.
        os.unlink(os.path.realpath(path))
        raise DownloadError(
            f"the file that arrived for {entry.name} is not the one that is expected (sha256 "
            f"{sha256}, not {entry.sha256}); it was deleted, try again or use another mirror"
        )
    return path, sha256


def _fetch(entry: CatalogueEntry) -> str:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    try:
        # Asked once on its own: without a network the download would try for half a minute.
        get_hf_file_metadata(hf_hub_url(entry.repo, entry.file, revision=entry.revision))
        return hf_hub_download(entry.repo, entry.file, revision=entry.revision)
    except Exception as error:  # the hub's client raises its HTTP library's errors as well
        raise DownloadError(
            f"cannot download {entry.name} ({entry.repo}, {entry.megabytes} MB): {_why(error)}. "
            "Where there is no network, give a model by path: --model FOLDER, with model.onnx and "
            "model.json in it, or fetch it elsewhere with 'lookalike models pull "
            f"{entry.name}' and copy the hub's cache folder"
        ) from error


def _why(error: Exception) -> str:
    from httpx2 import TransportError
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "offline mode is on (HF_HUB_OFFLINE)"
    if isinstance(error, TransportError):
        return f"the hub cannot be reached ({error})"
    if isinstance(error, LocalEntryNotFoundError):
        return "the hub cannot be reached, and the file is not in the cache"
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
