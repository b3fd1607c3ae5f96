"""All that a collection on a server knows besides pictures: by keys, in a collection of its own."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from lookalike.encoders.spec import EncoderIdentity
from lookalike.errors import StoreError
from lookalike.store.base import NO_DEVICE, SkippedFile
from lookalike.store.milvus import schema
from lookalike.store.milvus.entities import Entity
from lookalike.store.milvus.filters import labelled
from lookalike.store.milvus.server import Server
from lookalike.store.milvus.text import any_of, escaped, literal, numbers, under_folder, unescaped
from lookalike.store.where import label_key
from lookalike.types import Rules

_FIELDS = ("key", "folder", "picture", "data")


class Catalogue:
    """Entries by key. What belongs together is one entry, which is written whole or not at all."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._collection = schema.catalogue(name)

    def begin(self, encoder: EncoderIdentity, source: str) -> None:
        """Write what a new collection is."""
        self.put(
            "meta",
            {
                "format": schema.FORMAT,
                "encoder": msgspec.to_builtins(encoder),
                "source": source,
            },
        )

    def meta(self) -> tuple[EncoderIdentity, str]:
        """The encoder, and how it was named.

        Raises:
            StoreError: the collection is not whole, or of another version.
        """
        found = self.get("meta")
        if found is None:
            raise StoreError("the collection on the server is incomplete; index it anew")
        schema.check_format(found["format"])
        return msgspec.convert(found["encoder"], EncoderIdentity), str(found["source"])

    def get(self, key: str, *, latest: bool = False) -> dict[str, Any] | None:
        """The data of one entry, or None; see `Server.query`."""
        found = self._server.query(self._collection, f'key == "{key}"', _FIELDS, latest=latest)
        return found[0]["data"] if found else None

    def put(self, key: str, data: Mapping[str, object], kind: str = "one") -> None:
        """Write one entry."""
        self._write([_entry(key, kind, data)])

    def delete(self, keys: Iterable[str]) -> None:
        """Delete entries; unknown ones are left out."""
        self._server.delete(self._collection, list(keys))

    def journal(self) -> list[dict[str, Any]]:
        """What a writer had begun and not ended."""
        return [entry["data"] for entry in self._all('kind == "journal"')]

    def folders(self, root: str) -> dict[str, int]:
        """See `Store.folders`."""
        found = self._all(f'kind == "folder" and {under_folder("folder", root)}')
        return {unescaped(entry["folder"]): int(entry["data"]["device"]) for entry in found}

    def known_folders(self, folders: Iterable[str]) -> set[str]:
        """Those of these folders that have an entry."""
        keys = ", ".join(f'"folder:{escaped(folder)}"' for folder in folders)
        found = self._all(f"key in [{keys}]") if keys else ()
        return {unescaped(entry["folder"]) for entry in found}

    def put_folders(self, folders: Mapping[str, int]) -> None:
        """Write folders with their device numbers."""
        self._write(
            [
                _entry(f"folder:{escaped(path)}", "folder", {"device": device}, folder=path)
                for path, device in folders.items()
            ]
        )

    def meet_folders(self, folders: Iterable[str]) -> None:
        """See to it that these folders have an entry."""
        wanted = set(folders)
        self.put_folders(dict.fromkeys(wanted - self.known_folders(wanted), NO_DEVICE))

    def delete_folders(self, folders: Iterable[str]) -> None:
        """Forget folders."""
        self.delete(f"folder:{escaped(folder)}" for folder in folders)

    def roots(self) -> dict[str, Rules]:
        """See `Store.roots`."""
        found = {
            unescaped(entry["folder"]): msgspec.convert(entry["data"]["rules"], Rules)
            for entry in self._all('kind == "root"')
        }
        return dict(sorted(found.items()))

    def put_roots(self, roots: Mapping[str, Rules]) -> None:
        """Write roots with their rules."""
        self._write(
            [
                _entry(
                    f"root:{escaped(path)}",
                    "root",
                    {"rules": msgspec.to_builtins(rules)},
                    folder=path,
                )
                for path, rules in roots.items()
            ]
        )

    def delete_root(self, path: str) -> None:
        """Forget a root."""
        self.delete([f"root:{escaped(path)}"])

    def skipped(self, condition: str = "") -> list[SkippedFile]:
        """The skipped files, or those that fit."""
        found = self._all('kind == "skipped"' + (f" and {condition}" if condition else ""))
        return [_skipped(entry) for entry in found]

    def put_skipped(self, files: Sequence[SkippedFile]) -> None:
        """Write skipped files."""
        self._write(
            [
                _entry(
                    f"skipped:{escaped(file.path)}",
                    "skipped",
                    {
                        "size": file.size,
                        "mtime_ns": file.mtime_ns,
                        "reader": file.reader,
                        "reason": file.reason,
                    },
                    folder=os.path.dirname(file.path),
                )
                for file in files
            ]
        )

    def unskip(self, paths: Iterable[str]) -> None:
        """Forget skipped files."""
        self.delete(f"skipped:{escaped(path)}" for path in paths)

    def labels(self, ids: Sequence[int]) -> dict[int, list[str]]:
        """See `Store.labels`."""
        found: dict[int, list[str]] = {}
        for start in range(0, len(ids), 4096):
            part = numbers(int(i) for i in ids[start : start + 4096])
            for entry in self._all(f'kind == "labels" and picture in {part}'):
                found[int(entry["picture"])] = sorted(entry["data"]["names"])
        return found

    def put_labels(self, labels: Mapping[int, Sequence[str]], *, anew: bool = False) -> None:
        """Labels in place of those that pictures had, each as it was first written.

        With `anew`, how these pictures' own labels were written does not count.
        """
        first: dict[str, str] = {}
        for name in chain.from_iterable(labels.values()):
            first.setdefault(label_key(name), name)
        spelling = self._spelling(first, set(labels) if anew else set())
        chosen = {
            image_id: {label_key(name): spelling[label_key(name)] for name in names}
            for image_id, names in labels.items()
        }
        self._write(
            [
                _entry(
                    f"labels:{image_id}",
                    "labels",
                    {"keys": [escaped(key) for key in names], "names": sorted(names.values())},
                    picture=image_id,
                )
                for image_id, names in chosen.items()
                if names
            ]
        )
        self.delete(f"labels:{image_id}" for image_id, names in chosen.items() if not names)

    def all_labels(self) -> Iterator[tuple[int, list[str]]]:
        """Every picture that has labels, with them."""
        for entry in self._all('kind == "labels"'):
            yield int(entry["picture"]), entry["data"]["names"]

    def labelled(self, labels: Sequence[str]) -> list[int]:
        """Ids of the pictures with any of these labels."""
        keys = [label_key(label) for label in labels]
        return [int(entry["picture"]) for entry in self._all(labelled(keys))]

    def _spelling(self, wanted: Mapping[str, str], but: set[int]) -> dict[str, str]:
        """How each label is written, by key: as somebody has it, or as it is written now."""
        if not wanted:
            return {}
        used = {
            label_key(name): name
            for entry in self._all(labelled(list(wanted)))
            if int(entry["picture"]) not in but
            for name in entry["data"]["names"]
        }
        return {key: used.get(key, name) for key, name in wanted.items()}

    def _all(self, condition: str) -> Iterator[Entity]:
        for batch in self._server.every(self._collection, "key", condition, _FIELDS):
            yield from batch

    def _write(self, entries: Sequence[Entity]) -> None:
        self._server.upsert(self._collection, entries)


def _entry(
    key: str,
    kind: str,
    data: Mapping[str, object],
    *,
    folder: str = "",
    picture: int = 0,
) -> Entity:
    return {
        "key": key,
        "kind": kind,
        "folder": escaped(folder),
        "picture": picture,
        "data": dict(data),
        "unused": [0.0, 0.0],
    }


def _skipped(entry: Entity) -> SkippedFile:
    data = entry["data"]
    path = unescaped(entry["key"].partition(":")[2])
    return SkippedFile(path, data["size"], data["mtime_ns"], data["reader"], data["reason"])


def in_folder(folder: str) -> str:
    """A filter: what is directly in a folder."""
    return f"folder == {literal(folder)}"


def named(folder: str, names: Iterable[str]) -> str:
    """A filter of pictures: the files with these names in a folder."""
    return f"{in_folder(folder)} and name in {any_of(names)}"
