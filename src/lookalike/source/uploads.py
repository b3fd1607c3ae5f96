"""Pictures that people sent, kept for a while: a bounded folder of files named by their content.

A search by a picture that was sent can thus be an address: it works again after a reload, in
another window, and after the server was started anew, until newer pictures have taken the room.
"""

import json
import os
import re
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from lookalike.errors import SourceError, StoreError
from lookalike.source.file import content_digest

MAX_KEPT_BYTES = 512 * 1024 * 1024

_TOKEN = re.compile(r"[0-9a-f]{32}")
_WRITTEN_WITHIN_SECONDS = 3600
_GONE = "this picture is not kept any more: send it again"


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that was sent: its token, the name that it came with, the encoded file."""

    token: str
    name: str
    data: bytes


class Uploads:
    """A folder that keeps what was used last, up to `max_bytes`. Safe to use from several threads.

    Each file is one line of JSON, `{"name": ...}`, and then the picture's bytes.
    """

    def __init__(self, folder: str, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def keep(self, name: str, data: bytes) -> Upload:
        """Keep a picture; the same content has the same token, and its latest name.

        Raises:
            StoreError: the disk refused it.
        """
        upload = Upload(content_digest(data).hex(), name, data)
        head = json.dumps({"name": name}).encode("ascii") + b"\n"
        try:
            os.makedirs(self._folder, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as scratch:
                try:
                    scratch.write(head + data)
                    scratch.close()
                    os.replace(scratch.name, self._path(upload.token))
                except BaseException:
                    scratch.close()
                    os.unlink(scratch.name)
                    raise
        except OSError as error:
            raise StoreError(
                f"the picture cannot be kept in {self._folder}: {error.strerror}"
            ) from error
        self._let_go_of_the_oldest(but=upload.token)
        return upload

    def get(self, token: str) -> Upload:
        """The picture behind a token, which counts as used now.

        Raises:
            SourceError: the token is none, or its picture is not kept any more.
        """
        if not _TOKEN.fullmatch(token):
            raise SourceError(_GONE)
        path = self._path(token)
        try:
            with open(path, "rb") as file:
                head, data = file.readline(), file.read()
            with suppress(OSError):  # read-only: it is as good, and only looks older than it is
                os.utime(path)
            name = json.loads(head)["name"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(_GONE) from error
        if content_digest(data).hex() != token:
            raise SourceError(_GONE)
        return Upload(token, str(name), data)

    def _path(self, token: str) -> str:
        return os.path.join(self._folder, token)

    def _let_go_of_the_oldest(self, but: str) -> None:
        with self._lock:
            known = self._kept()
            known.sort(key=lambda each: (each[0] == but, each[2].st_mtime_ns))
            kept = sum(status.st_size for _, _, status in known)
            for name, path, status in known:
                if kept <= self._max_bytes or name == but:
                    break
                with suppress(OSError):  # another process was faster, or is reading it (Windows)
                    os.unlink(path)
                kept -= status.st_size

    def _kept(self) -> list[tuple[str, str, os.stat_result]]:
        """Name, path and status of each kept file, and of what a killed process left half written.

        A file that is being written now, by another thread or process, is not among them.
        """
        found = []
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):  # gone meanwhile
                    status = entry.stat()
                    left = time.time() - status.st_mtime > _WRITTEN_WITHIN_SECONDS
                    if _TOKEN.fullmatch(entry.name) or left:
                        found.append((entry.name, entry.path, status))
        return found
