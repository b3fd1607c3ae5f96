"""A store and the encoder that answers there, which belong together."""

import os
import threading
from dataclasses import replace

from lookalike.encoders import DEFAULT_MODEL, Encoder, LocatedModel, identity, load, locate
from lookalike.errors import EncoderError, EncoderMismatchError
from lookalike.store import Store


class Chosen:
    """The encoder that a collection is to have, where it does not exist yet or the caller says it.

    Args:
        model: what the caller named, if anything.
        runtime: see `lookalike.open`.
        precision: the same.
    """

    def __init__(self, model: str | os.PathLike[str] | None, runtime: str, precision: str) -> None:
        self.model = model
        self.located: LocatedModel | None = None
        self._how = runtime, precision
        self._loaded: tuple[LocatedModel, Encoder] | None = None
        self._lock = threading.RLock()

    def locate(self) -> LocatedModel:
        """The model, looked for (and its file hashed) once.

        Raises:
            EncoderError: it cannot be found.
        """
        with self._lock:
            if self.located is None:
                self.located = locate(self.model or DEFAULT_MODEL)
            return self.located

    def load(self, found: LocatedModel) -> Encoder:
        """The encoder of a model, loaded once.

        Raises:
            EncoderError: it cannot be loaded.
        """
        with self._lock:
            if self._loaded is None or self._loaded[0] != found:
                runtime, precision = self._how
                self._loaded = found, load(found, runtime=runtime, precision=precision)
            return self._loaded[1]


class Opened:
    """A store with its encoder.

    Where a collection changes its encoder, another one of these takes the place of this one, and
    searches that are under way end with what they began with.

    Args:
        store: open.
        chosen: what the caller wants of its encoder.
    """

    def __init__(self, store: Store, chosen: Chosen) -> None:
        self.store = store
        self._chosen = chosen
        self._located: LocatedModel | None = None
        self._lock = threading.RLock()

    @property
    def encoder(self) -> Encoder:
        """The encoder that answers.

        Raises:
            EncoderMismatchError: the model is not the one that the collection was made with.
            EncoderError: it cannot be found or loaded.
        """
        return self._chosen.load(self.locate())

    def locate(self) -> LocatedModel:
        """The model of the encoder, held against the collection.

        Raises:
            see `encoder`.
        """
        with self._lock:
            if self._located is None:
                named = self._chosen.model is not None or self._chosen.located is not None
                found = self._chosen.locate() if named else _locate_again(self.store)
                _check_same(self.store, found)
                self._located = found
            return self._located

    def check_ready(self) -> None:
        """Whether searches can be answered: the store does, and the encoder's file is there.

        Raises:
            StoreUnavailableError: the store cannot be reached.
            EncoderError, EncoderMismatchError: see `encoder`.
        """
        self.store.state()
        found = self.locate()
        if not os.path.isfile(found.file):
            raise EncoderError(f"the encoder's file {found.file} is gone: put it back")


def _locate_again(store: Store) -> LocatedModel:
    try:
        return locate(store.encoder_source)
    except EncoderError as error:
        raise EncoderError(
            f"the encoder of this collection, {store.encoder.name}, is not at "
            f"{store.encoder_source} any more ({error}); say where it is with --model"
        ) from error


def _check_same(store: Store, found: LocatedModel) -> None:
    theirs, ours = store.encoder, identity(found.spec)
    if not ours.same_embeddings(theirs):
        if replace(ours, text=None).same_embeddings(theirs):
            raise EncoderMismatchError(
                f"the text side of {found.spec.name} is not the one that the collection "
                f"{store.location} was made with: put the earlier files back, or index into a "
                "new collection"
            )
        raise EncoderMismatchError(
            f"the collection {store.location} was made with {theirs.name} "
            f"({theirs.sha256[:12]}, {theirs.dimension}-d), not with {found.spec.name} "
            f"({found.spec.weights[:12]}, {found.spec.embedding.dimension}-d): leave out the "
            "model to go on with it, or change to the other one without losing search with: "
            f"lookalike encoder add {found.source} -c {store.location}"
        )
