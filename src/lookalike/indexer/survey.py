"""The walk over the roots: which files need work, and at the end, which are gone."""

import os
from collections.abc import Iterator, Sequence

from lookalike.indexer.candidates import Candidate, FolderPlan, Missing, plan
from lookalike.indexer.ledger import Ledger
from lookalike.indexer.presence import Presence, missing
from lookalike.indexer.progress import Teller
from lookalike.indexer.scope import Scope
from lookalike.source import FoundFolder, walk
from lookalike.store import NO_DEVICE, Store, under


class Survey:
    """Compares the roots with the store, folder by folder, and remembers what it did not find."""

    def __init__(
        self,
        store: Store,
        scopes: Sequence[Scope],
        presence: Presence,
        ledger: Ledger,
        teller: Teller,
    ) -> None:
        self._store = store
        self._scopes = scopes
        self._presence = presence
        self._ledger = ledger
        self._teller = teller
        self._missing: list[Missing] = []
        self._visited: set[str] = set()
        self._unlisted: set[str] = set()
        self._renumbered: dict[str, int] = {}

    def candidates(self) -> Iterator[Candidate]:
        """The files to read; everything else about the folders goes into the ledger."""
        for scope in self._scopes:
            for folder in walk(scope.start, scope.sieve):
                work = plan(
                    folder,
                    self._store.states(folder.path),
                    keywords=scope.sieve.rules.keywords,
                )
                self._note(folder, work, scope.start)
                self._teller.tell("indexing")
                yield from work.candidates
            if missing(scope.start):
                self._missing.extend(self._single(scope.start))
            elif scope.sieve.rules != scope.known:
                self._ledger.saw_root(scope.root, scope.sieve.rules)

    def forget_gone(self, *, prune: bool) -> None:
        """Forget what is gone: at the very end, when moved pictures have found their new paths.

        Args:
            prune: also forget what is only out of reach.
        """
        for scope in self._scopes:
            self._missing.extend(self._unvisited(scope.start))
        out_of_reach: dict[str, int] = {}
        ids = [entry.ids[0] for entry in self._missing if entry.ids]
        current = {stored.id: stored.file.path for stored in self._store.get(ids)}
        for entry in dict.fromkeys(self._missing):
            if entry.ids and current.get(entry.ids[0]) != entry.path:
                continue  # it has moved
            if entry.path in self._unlisted:
                continue  # a folder that still cannot be read
            if not prune:
                place = self._presence.away(entry.path)
                if place is not None:
                    out_of_reach[place] = out_of_reach.get(place, 0) + 1
                    continue
            self._ledger.remove(entry)
        for place, count in out_of_reach.items():
            self._ledger.warn(
                f"{place} is empty or not mounted: its {count} known files are kept (if they are "
                "really gone, run again with --prune)"
            )
        for path, device in self._renumbered.items():
            # An unmounted drive's number is kept, so that the next run knows it is away, too.
            if prune or self._presence.offline(path) is None:
                self._ledger.saw_folder(path, device)

    def _note(self, folder: FoundFolder, work: FolderPlan, root: str) -> None:
        if folder.complete:
            self._visited.add(folder.path)
            self._saw_folder(folder)
        elif not missing(folder.path):
            self._unlisted.add(folder.path)
        if work.unchanged or any(candidate.known for candidate in work.candidates):
            self._presence.saw_known_file_in(folder.path)
        self._ledger.unchanged += work.unchanged
        self._ledger.refused += work.refused
        for skipped in work.unreadable:
            # A root that is away is told once, as a warning, not as a bad file.
            if skipped.path != root:
                self._ledger.skip(skipped)
            elif not missing(root):
                self._ledger.warn(f"{root}: {skipped.reason}; its known files are kept")
        if work.hidden:
            path, reason = work.hidden[0]
            self._ledger.warn(
                f"{path}: {reason}; it is kept, with {len(work.hidden) - 1} more in its folder"
            )
        self._missing.extend(work.missing)

    def _saw_folder(self, folder: FoundFolder) -> None:
        known = self._presence.device(folder.path)
        if known == NO_DEVICE:
            self._ledger.saw_folder(folder.path, folder.device)
        elif known != folder.device:
            self._renumbered[folder.path] = folder.device

    def _single(self, root: str) -> Iterator[Missing]:
        """What is stored of a root that was a file itself."""
        folder, name = os.path.split(root)
        state = self._store.states(folder).get(name)
        if state is not None:
            yield Missing(root, state.ids)

    def _unvisited(self, root: str) -> Iterator[Missing]:
        """Everything stored in folders that the walk did not come to, but could have."""
        for folder in self._store.folders(root):
            if folder in self._visited or any(under(folder, bar) for bar in self._unlisted):
                continue
            for name, state in self._store.states(folder).items():
                yield Missing(os.path.join(folder, name), state.ids)
