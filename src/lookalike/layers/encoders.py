"""The encoders of a collection: the one that answers, and those that are filled beside it."""

import os
import threading
from collections.abc import Callable

from lookalike.encoders import Encoder, identity, load, locate
from lookalike.errors import EncoderError, EncoderMismatchError, QueryError, StoreError
from lookalike.layers.agreement import Agreement, compare
from lookalike.layers.fill import Counted, fill
from lookalike.store import Layer, Layers, Store
from lookalike.types import EncoderState

_SAMPLE = 200


class Encoders:
    """Changes a collection's encoder, without losing search meanwhile.

    `add` one, `fill` it (every `Collection.index` goes on with that as well), `compare` the two,
    `switch` to it, and `drop` the earlier one. Until the switch, the earlier one answers; until it
    is dropped, both are kept up to date, and there is a way back.

    Args:
        store: gives the collection's store, opened anew where another encoder answers meanwhile.
        answering: gives the encoder that answers.
        runtime: of encoders, see `lookalike.open`.
        precision: the same.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        answering: Callable[[], Encoder],
        runtime: str,
        precision: str,
    ) -> None:
        self._store = store
        self._answering = answering
        self._runtime = runtime
        self._precision = precision
        self._loaded: dict[int, Encoder] = {}
        self._lock = threading.Lock()

    def all(self) -> list[EncoderState]:
        """The encoders, in the order in which they came.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        store = self._store()
        layers = store.layers
        if layers is None:
            name = store.encoder
            return [EncoderState(1, name.name, name.sha256, name.dimension, True, 0, False)]
        known = layers.all()
        return [
            EncoderState(
                number=layer.number,
                name=layer.encoder.name,
                sha256=layer.encoder.sha256,
                dimension=layer.encoder.dimension,
                answers=layer.answers,
                lacking=max(layers.count_lacking(each) for each in _of(known, layer)),
                regions=len(_of(known, layer)) > 1,
            )
            for layer in known
            if not layer.regions
        ]

    def add(self, model: str | os.PathLike[str]) -> EncoderState:
        """Have another encoder beside the one that answers; it knows no picture yet.

        Args:
            model: a catalogue name, a model folder, or an .onnx file with a spec.

        Raises:
            EncoderError: it cannot be found or loaded.
            EncoderMismatchError: the collection has it already.
            CollectionBusyError: another process is writing to the collection.
            StoreError: the collection's store keeps one encoder only, or it cannot be written.
        """
        layers = self._layers()
        found = locate(model)
        new = identity(found.spec)
        known = layers.all()
        for layer in known:
            if not layer.regions and layer.encoder.same_embeddings(new):
                raise EncoderMismatchError(f"the collection has {layer.encoder.name} already")
        layer = layers.add(new, found.source, regions=False)
        if any(each.regions for each in known):
            layers.add(new, found.source, regions=True)
        return self._state(layer.number)

    def fill(self, on_progress: Counted | None = None) -> list[str]:
        """Embed what any of the encoders lacks; returns sentences about what was left.

        It may be interrupted at any moment, and goes on there the next time.

        Args:
            on_progress: called with (done, total) of one encoder after the other; what it raises
                ends the filling.

        Raises:
            CollectionBusyError: another process is writing to the collection.
            EncoderError: the encoder that answers cannot be used.
            StoreError: the collection cannot be written.
        """
        store = self._store()
        layers = store.layers
        warnings: list[str] = []
        for layer in [] if layers is None else layers.all():
            if layers is None or not layers.count_lacking(layer):
                continue
            name = f"regions for {layer.encoder.name}" if layer.regions else layer.encoder.name
            try:
                encoder = self._encoder(layer)
            except EncoderError as error:
                warnings.append(f"{name} was not filled: {error}")
                continue
            done = fill(layers, layer, encoder, on_progress)
            if done.left:
                first = done.examples[0]
                warnings.append(
                    f"{done.left} pictures have no embedding of {name} yet, such as {first.path}: "
                    f"{first.reason}"
                )
        return warnings

    def compare(
        self,
        name: str | int,
        sample: int = _SAMPLE,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Agreement:
        """The encoder that answers and another one, on the collection's own pictures.

        Args:
            name: the other one's name or number.
            sample: how many pictures to ask by, at most.
            on_progress: called with (done, total).

        Raises:
            QueryError: there is no such encoder, or nothing that both have embedded.
            EncoderError: one of the two cannot be used.
        """
        layers = self._layers()
        answering = next(layer for layer in layers.all() if layer.answers)
        other = self._named(name)
        if other.answers:
            raise QueryError(f"{other.encoder.name} answers itself: name another one")
        sides = [(layer, self._encoder(layer)) for layer in (answering, other)]
        return compare(self._store(), layers, sides, sample, on_progress)

    def switch(self, name: str | int, *, incomplete: bool = False) -> EncoderState:
        """Have another encoder answer from now on, in all processes; the earlier one is kept.

        Pictures that it lacks stay in the collection, with their ids and labels; they are found
        again when their files can be read and the collection is indexed.

        Args:
            name: its name or number.
            incomplete: also where it lacks pictures.

        Raises:
            QueryError: there is no such encoder, or it lacks pictures.
            CollectionBusyError: another process is writing to the collection.
            StoreError: the collection cannot be written.
        """
        layers, layer = self._layers(), self._named(name)
        lacking = layers.count_lacking(layer)
        if lacking and not incomplete:
            raise QueryError(
                f"{layer.encoder.name} lacks {lacking} pictures: fill it first, or if their files "
                "are away, switch with --incomplete; they stay in the collection, and are found "
                "again once their files are back and indexed"
            )
        layers.switch(layer)
        return self._state(layer.number)

    def drop(self, name: str | int) -> None:
        """Forget an encoder and all its embeddings.

        Raises:
            QueryError: there is no such encoder, or it answers.
            CollectionBusyError: another process is writing to the collection.
            StoreError: the collection cannot be written.
        """
        layers, layer = self._layers(), self._named(name)
        if layer.answers:
            raise QueryError(f"{layer.encoder.name} answers: switch to another encoder first")
        for each in _of(layers.all(), layer):
            layers.drop(each)
        with self._lock:
            self._loaded.pop(layer.number, None)

    def keep_regions(self, wanted: bool) -> None:
        """Have regions of each picture embedded as well from now on, or forget them.

        Raises:
            CollectionBusyError: another process is writing to the collection.
            StoreError: the collection's store keeps none, or it cannot be written.
        """
        layers = self._layers()
        known = layers.all()
        for layer in known:
            of = [each for each in _of(known, layer) if each.regions]
            if wanted and not layer.regions and not of:
                layers.add(layer.encoder, layer.source, regions=True)
            elif not wanted and layer.regions:
                layers.drop(layer)

    def _encoder(self, layer: Layer) -> Encoder:
        """A layer's encoder, loaded once.

        Raises:
            EncoderError: it cannot be found, or is not the one that it was.
        """
        answering = self._answering()
        if answering.identity.same_embeddings(layer.encoder):
            return answering
        with self._lock:
            known = next(
                (e for e in self._loaded.values() if e.identity.same_embeddings(layer.encoder)),
                None,
            )
            if known is not None:
                return known
            found = locate(layer.source)
            if not identity(found.spec).same_embeddings(layer.encoder):
                raise EncoderError(
                    f"{layer.source} is another model now than the {layer.encoder.name} that was "
                    "added: put the earlier one back, or drop it and add the new one"
                )
            encoder = load(found, runtime=self._runtime, precision=self._precision)
            self._loaded[layer.number] = encoder
            return encoder

    def _layers(self) -> Layers:
        store = self._store()
        if store.layers is None:
            raise StoreError(
                f"{store.location} keeps one encoder and whole pictures only: index into a new "
                "collection with the other encoder, and use that one when it is full"
            )
        return store.layers

    def _named(self, name: str | int) -> Layer:
        known = [layer for layer in self._layers().all() if not layer.regions]
        text = str(name)
        found = [
            each for each in known if text in (str(each.number), each.encoder.name, each.source)
        ]
        if len(found) == 1:
            return found[0]
        listed = ", ".join(f"{each.encoder.name} ({each.number})" for each in known)
        problem = "is the name of several" if found else "is no encoder of the collection"
        raise QueryError(f"{text} {problem}: it has {listed}")

    def _state(self, number: int) -> EncoderState:
        return next(state for state in self.all() if state.number == number)


def _of(known: list[Layer], layer: Layer) -> list[Layer]:
    """A layer, and that of the regions of the same encoder."""
    return [
        each
        for each in known
        if each.number == layer.number or (each.regions and each.encoder == layer.encoder)
    ]
