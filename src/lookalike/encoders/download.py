"""Fetch a catalogue model through huggingface_hub: progress, resume, cache, offline mode, mirrors.

`HF_ENDPOINT`, `HF_HUB_OFFLINE` and `HF_HOME` are honoured as everywhere else.
"""

import os

from lookalike.encoders.catalogue import CatalogueEntry, HubFile
from lookalike.encoders.spec import file_sha256
from lookalike.errors import DownloadError


def cached(entry: CatalogueEntry) -> bool:
    """Whether all of the entry's files were downloaded before."""
    return all(_cached(file) is not None for file in entry.files)


def download(entry: CatalogueEntry) -> list[tuple[str, str]]:
    """The path of each of the entry's `files` on this machine, and its sha256.

    What is in the cache is used without asking the network.

    Raises:
        DownloadError: one cannot be fetched, or its sha256 is not the pinned one.
    """
    return [_download(entry, file) for file in entry.files]


def _download(entry: CatalogueEntry, file: HubFile) -> tuple[str, str]:
    path = _cached(file) or _fetch(entry, file)
    sha256 = file_sha256(path)
    if file.sha256 is not None and sha256 != file.sha256:
        # Out of the cache with it, or every later start would trip over the same file.
        os.unlink(os.path.realpath(path))
        raise DownloadError(
            f"the file that arrived for {entry.name} is not the one that is expected (sha256 "
            f"{sha256}, not {file.sha256}); it was deleted, try again or use another mirror"
        )
    return path, sha256


def _cached(file: HubFile) -> str | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(file.repo, file.file, revision=file.revision)
    return found if isinstance(found, str) else None


def _fetch(entry: CatalogueEntry, file: HubFile) -> str:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    try:
        # Asked once on its own: without a network the download would try for half a minute.
        get_hf_file_metadata(hf_hub_url(file.repo, file.file, revision=file.revision))
        return hf_hub_download(file.repo, file.file, revision=file.revision)
    except Exception as error:  # the hub's client raises its HTTP library's errors as well
        raise DownloadError(
            f"cannot download {entry.name} ({file.repo}, {entry.megabytes} MB): {_why(error)}. "
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
