"""A collection: an encoder and a store behind one object, the library's way in."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

import platformdirs

from lookalike import source
from lookalike.encoders import (
    DEFAULT_MODEL,
    Encoder,
    LocatedModel,
    ScoreCalibration,
    identity,
    load,
    locate,
)
from lookalike.errors import (
    EncoderError,
    EncoderMismatchError,
    QueryError,
    SourceError,
    StoreError,
)
from lookalike.indexer import index as run_index
from lookalike.indexer import is_away
from lookalike.search import Explainer, Looks, Searcher, find_duplicates, suggest_labels
from lookalike.store import DEFAULT_RECALL, LocalStore, Store, StoredFile
from lookalike.tables import picture_table, write_table
from lookalike.thumbnails import Thumbnails, read_original
from lookalike.types import (
    Asked,
    Crop,
    DuplicateGroup,
    Embeddings,
    Example,
    Explanation,
    Facets,
    Hit,
    IndexSummary,
    ModelInfo,
    ProgressListener,
    Query,
    Rules,
    Skipped,
    Status,
    Suggestion,
    Where,
)


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    model: str | os.PathLike[str] | None = None,
    runtime: str = "auto",
    precision: str = "auto",
    recall: float = DEFAULT_RECALL,
) -> "Collection":
    """Open the collection in a folder; nothing is written before `Collection.index`.

    Args:
        path: the collection's folder; None is the one in the user's data folder.
        model: a catalogue name, a model folder, or an .onnx file with a spec. None is the encoder
            that the collection was made with, or for a new one the default.
        runtime: "auto", "openvino" or "onnxruntime".
        precision: "auto", "fp32" or "bf16".
        recall: the share of the true nearest pictures that a search of a large collection should
            find; 1 looks at every picture. Scores are exact in any case.

    Raises:
        EncoderMismatchError: the collection was made with another encoder than `model`.
        StoreError: the collection cannot be read.
    """
    return Collection(path, model=model, runtime=runtime, precision=precision, recall=recall)


class Collection:
    """Pictures that can be searched by picture. Searches may come from several threads.

    See `open` for the arguments and errors.

    Attributes:
        location: absolute path of its folder.
        uploads: pictures that people sent to search by, kept beside its other caches.
        thumbnails: small copies of its pictures, kept there too.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        runtime: str = "auto",
        precision: str = "auto",
        recall: float = DEFAULT_RECALL,
    ) -> None:
        self.location = os.path.abspath(os.path.expanduser(path or default_location()))
        self._model = model
        self._runtime = runtime
        self._precision = precision
        if not 0 < recall <= 1:
            raise QueryError(f"recall is a share, above 0 and at most 1, not {recall}")
        self._recall = recall
        self._lock = threading.RLock()
        self._located: LocatedModel | None = None
        self._loaded: Encoder | None = None
        self._opened: Store | None = None
        self._looks = Looks()
        self._explainer = Explainer()
        self._comparing = threading.Lock()
        self._duplicates: tuple[object, list[DuplicateGroup]] | None = None
        cache = os.path.join(self.location, "cache")
        self.uploads = source.Uploads(os.path.join(cache, "uploads"))
        self.thumbnails = Thumbnails(os.path.join(cache, "thumbnails"))
        if LocalStore.exists(self.location):
            self._opened = LocalStore(self.location, self._recall)
            if model is not None:
                self._locate()

    def create(self) -> bool:
        """Make it, empty, where it does not exist yet; whether it was made. `index` does it too.

        Raises:
            EncoderError: the encoder that it would have cannot be found.
            StoreError: it cannot be written, or other files are at its place.
        """
        with self._lock:
            if self._opened is None and not LocalStore.exists(self.location):
                if not LocalStore.has_room(self.location):
                    raise StoreError(
                        f"{self.location} holds other files and no collection: give -c a folder of "
                        "its own"
                    )
                self._create()
                return True
            return False

    def index(
        self,
        *paths: str | os.PathLike[str],
        rules: Rules | None = None,
        prune: bool = False,
        on_progress: ProgressListener | None = None,
    ) -> IndexSummary:
        """Bring the collection up to date with folders of pictures; make it if need be.

        Only new and changed files are encoded. What was committed before an interruption stays.

        Args:
            paths: folders or files; none means every folder that was indexed before.
            rules: which files under these folders are indexed; they are kept for later runs. None
                goes by those that were given before.
            prune: also forget pictures whose folder is empty or not mounted.
            on_progress: called a few times a second; what it raises ends the run, cleanly.

        Raises:
            SourceError: a path does not exist, none is given and none is known, or the rules make
                no sense.
            CollectionBusyError: another process is writing to the collection.
            EncoderError: the encoder cannot be used.
            StoreError: the collection cannot be written.
        """
        roots = [os.path.realpath(os.path.expanduser(path)) for path in paths]
        if not roots:
            roots = list(self._opened.roots()) if self._opened else []
        for root in roots:
            if root == os.path.realpath(self.location) or source.is_collection(root):
                raise SourceError(
                    f"{root} is a collection itself; give the collection a folder of its own, such "
                    f"as -c {os.path.join(root, '.lookalike')}"
                )
        if not roots:
            raise SourceError("no folder was indexed yet; name one: lookalike index FOLDER")
        for root in roots:
            if not os.path.lexists(root) and self._opened is None:
                raise SourceError(f"there is no file or folder {root}")
        store = self._opened or self._create()
        return run_index(
            store, self.encoder, roots, rules=rules, prune=prune, on_progress=on_progress
        )

    def search(  # noqa: PLR0913  one for each thing that can be asked
        self,
        query: "Asked | Query | None" = None,
        k: int = 10,
        *,
        crop: Crop | None = None,
        also: "Iterable[Asked | Example]" = (),
        against: "Iterable[Asked | Example]" = (),
        text: str | None = None,
        text_weight: float = 1.0,
        where: Where | None = None,
        min_score: float | None = None,
        offset: int = 0,
    ) -> list[Hit]:
        """The pictures nearest to a picture, which need not be in the collection.

        Args:
            query: a picture: an id of the collection, a path or http(s) address, the bytes of an
                encoded picture, or a Pillow image. None where there are only words, or `also`. Or
                a whole `Query`, which says everything that the arguments after `k` say but
                `offset`.
            k: how many hits.
            crop: the part of the picture that counts; see `Crop`.
            also: more pictures that the hits should look like.
            against: pictures that they should not look like.
            text: words for what they should show, where the encoder understands any.
            text_weight: how much the words count beside each picture of `query` and `also`.
            where: search only among the pictures that fit.
            min_score: the least score of a hit.
            offset: how many of the nearest to pass over.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            SourceError: a picture of the query cannot be read.
            DecodeError: it is no picture that we accept.
            QueryError: the query makes no sense.
            EncoderError: the encoder cannot be used.
        """
        if not isinstance(query, Query):
            first = () if query is None else (Example(query, crop=crop),)
            query = Query(
                positives=(*first, *map(_example, also)),
                negatives=tuple(map(_example, against)),
                text=text,
                text_weight=text_weight,
                where=where,
                min_score=min_score,
            )
        hits = self._searcher.search(query, k, offset)
        # What scores mean was measured between two pictures.
        alone = len(query.positives) == 1 and not query.negatives and query.text is None
        calibration = self.calibration if alone else None
        if calibration is None:
            return hits
        return [replace(hit, likeness=calibration.likeness(hit.score)) for hit in hits]

    def explain(self, query: "Asked | Query", image_id: int) -> Explanation:
        """Why a picture is as similar to a query as it is: heat maps over both.

        Parts of each picture are hidden in turn, and what is left is encoded: about a hundred
        pictures through the encoder. The last 64 answers are kept.

        Args:
            query: a picture, see `search`, or a whole `Query`. Of several pictures, the first gets
                a map. Its `where`, `min_score`, `exclude` and `group` do not matter.
            image_id: the picture to explain.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            SourceError: a picture cannot be read any more.
            DecodeError: it is no picture that we accept.
            QueryError: the query makes no sense, or there is no picture with that id.
            EncoderError: the encoder cannot be used.
        """
        if not isinstance(query, Query):
            query = Query(positives=(Example(query),))
        return self._explainer.explain(self._store, self.encoder, self._searcher, query, image_id)

    def duplicates(
        self,
        where: Where | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[DuplicateGroup]:
        """Groups of identical, then near-identical, then similar pictures; large ones first.

        Seconds for a few thousand pictures, minutes for a hundred thousand. The last answer is
        kept, and given again until the collection changes.

        Args:
            where: only among the pictures that fit.
            on_progress: called with (done, total) while pictures are compared.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        store = self._store
        with self._comparing:
            asked = (where, store.state())
            if self._duplicates is None or self._duplicates[0] != asked:
                found = find_duplicates(store, self._looks, where, on_progress)
                self._duplicates = (asked, found)
            return self._duplicates[1]

    def count(self, where: Where | None = None) -> int:
        """The number of pictures that fit.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        return self._store.count(where)

    def facets(self, where: Where | None = None) -> Facets:
        """What there is to filter by, and how many pictures that would leave.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        return self._store.facets(where)

    def labels(self, ids: Sequence[int]) -> dict[int, list[str]]:
        """The labels of these pictures, sorted; pictures without any are left out.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        return self._store.labels(ids)

    def set_labels(self, labels: Mapping[int, Sequence[str]]) -> None:
        """Give pictures, by id, new labels in place of those that they had.

        It may happen while the collection is being indexed. Case does not tell labels apart; a
        label keeps the case in which it was first written.

        Raises:
            StoreError: there is no picture with an id, or it cannot be written.
            CollectionNotFoundError: the collection does not exist yet.
        """
        self._store.set_labels(labels)

    def suggest_labels(self, image_id: int) -> list[Suggestion]:
        """Labels that a picture lacks and its nearest pictures have, the likeliest first.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            QueryError: there is no picture with that id.
        """
        return suggest_labels(self._store, image_id)

    def __len__(self) -> int:
        """The number of pictures; 0 where the collection does not exist yet."""
        return self._opened.count() if self._opened is not None else 0

    def status(self) -> Status:
        """What the collection holds.

        Raises:
            CollectionNotFoundError: it does not exist yet.
        """
        store = self._store
        skipped = [Skipped(skip.path, skip.reason) for skip in store.skipped()]
        encoder, roots = store.encoder, store.roots()
        return Status(
            collection=store.location,
            model=ModelInfo(encoder.name, encoder.sha256, encoder.dimension),
            dimension=encoder.dimension,
            images=store.count(),
            skipped=len(skipped),
            bytes=store.size_bytes(),
            roots=list(roots),
            offline=[root for root in roots if is_away(root)],
            rules=roots,
            skipped_files=skipped,
            calibrated=self.calibration is not None,
            text=encoder.text is not None,
        )

    def browse(
        self, offset: int = 0, limit: int = 50, where: Where | None = None
    ) -> list[StoredFile]:
        """Pictures that fit, as they came, `limit` at most, from position `offset`."""
        return self._store.page(offset, limit, where)

    def generation(self) -> str:
        """Names the set of embeddings: another one as soon as one is added, replaced or removed.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        count, highest = self._store.state()
        return f"{self._store.encoder.sha256[:12]}-{highest}-{count}"

    def scan(
        self, batch_size: int = 4096, where: Where | None = None
    ) -> Iterator[tuple[list[StoredFile], Embeddings]]:
        """The pictures that fit with their embeddings, by rising id, in batches.

        Embeddings are (n, dimension) float32.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        return self._store.scan(batch_size, where)

    def export(
        self,
        file: str | os.PathLike[str],
        where: Where | None = None,
        *,
        embeddings: bool = False,
    ) -> int:
        """Write the pictures that fit into a file, a row each; returns how many.

        Args:
            file: its name ends in .csv, .jsonl, .parquet, or .npz, which holds `ids`, `paths` and
                `embeddings` as NumPy arrays.
            where: only the pictures that fit.
            embeddings: whether with the embeddings; .csv and .jsonl hold none, .npz always does.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            ExportError: the file cannot be written as asked.
        """
        embeddings = embeddings or os.fspath(file).lower().endswith(".npz")
        return write_table(file, picture_table(self._store, where, embeddings=embeddings))

    def image_file(self, image_id: int) -> StoredFile:
        """The file of a picture.

        Raises:
            QueryError: there is no picture with that id.
        """
        found = self._store.get([image_id])
        if not found:
            raise QueryError(f"there is no picture {image_id} in the collection")
        return found[0]

    def read_image(self, image_id: int) -> bytes:
        """The file's bytes as they are on disk.

        Raises:
            QueryError: there is no picture with that id.
            SourceError: its file cannot be read any more.
        """
        return read_original(self.image_file(image_id))

    def thumbnail(self, image_id: int, side: int = 320) -> bytes:
        """A JPEG, upright, its longest side at most `side` pixels; made once and kept.

        Raises:
            QueryError: there is no picture with that id.
            SourceError, DecodeError: it is not kept yet, and its file cannot be read any more.
        """
        return self.thumbnails.of(self.image_file(image_id), side).data

    @property
    def encoder(self) -> Encoder:
        """The encoder of the collection, or the one that a new collection will have.

        Raises:
            EncoderMismatchError: the model is not the one that the collection was made with.
            EncoderError: it cannot be found or loaded.
        """
        with self._lock:
            if self._loaded is None:
                found = self._locate()
                self._loaded = load(found, runtime=self._runtime, precision=self._precision)
            return self._loaded

    @property
    def calibration(self) -> ScoreCalibration | None:
        """What the scores of the encoder mean; None where its spec does not say.

        Also None where the encoder is not at hand any more: pictures of the collection can be
        searched by without it.
        """
        with suppress(EncoderError, EncoderMismatchError):
            return self._locate().spec.calibration
        return None

    def close(self) -> None:
        """Let go of files and caches."""
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> "Collection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _store(self) -> Store:
        with self._lock:
            if self._opened is None:
                # It may have been made by another process since.
                self._opened = LocalStore(self.location, self._recall)
            return self._opened

    @property
    def _searcher(self) -> Searcher:
        return Searcher(self._store, lambda: self.encoder, self._looks)

    def _create(self) -> Store:
        found = self._locate()
        with self._lock:
            LocalStore.create(self.location, identity(found.spec), found.source).close()
            self._opened = LocalStore(self.location, self._recall)
            return self._opened

    def _locate(self) -> LocatedModel:
        """The model, looked for (and its file hashed) once, and held against the collection."""
        with self._lock:
            if self._located is None:
                if self._opened is None or self._model is not None:
                    self._located = locate(self._model or DEFAULT_MODEL)
                else:
                    self._located = self._locate_again(self._opened)
            if self._opened is not None:
                self._check_same(self._opened, self._located)
            return self._located

    def _locate_again(self, store: Store) -> LocatedModel:
        try:
            return locate(store.encoder_source)
        except EncoderError as error:
            raise EncoderError(
                f"the encoder of this collection, {store.encoder.name}, is not at "
                f"{store.encoder_source} any more ({error}); say where it is with --model"
            ) from error

    def _check_same(self, store: Store, found: LocatedModel) -> None:
        theirs, ours = store.encoder, identity(found.spec)
        if not ours.same_embeddings(theirs):
            if replace(ours, text=None).same_embeddings(theirs):
                raise EncoderMismatchError(
                    f"the text side of {found.spec.name} is not the one that the collection "
                    f"{self.location} was made with: put the earlier files back, or index into a "
                    "new collection"
                )
            raise EncoderMismatchError(
                f"the collection {self.location} was made with {theirs.name} "
                f"({theirs.sha256[:12]}, {theirs.dimension}-d), not with {found.spec.name} "
                f"({found.spec.weights[:12]}, {found.spec.embedding.dimension}-d): leave out the "
                "model to go on with it, or index into a new collection"
            )


def default_location() -> str:
    """The collection that is meant when none is named, in the platform's user-data folder."""
    return os.path.join(platformdirs.user_data_dir("lookalike", appauthor=False), "default")


def _example(asked: "Asked | Example") -> Example:
    return asked if isinstance(asked, Example) else Example(asked)
