"""A collection: an encoder and a store behind one object, the library's way in."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from types import TracebackType

import platformdirs

from lookalike import source
from lookalike.cluster import on_ray
from lookalike.crew import here
from lookalike.encoders import Encoder, ScoreCalibration, identity
from lookalike.errors import (
    EncoderError,
    EncoderMismatchError,
    QueryError,
    SourceError,
    StoreError,
)
from lookalike.indexer import index as run_index
from lookalike.indexer import is_away
from lookalike.layers import Encoders
from lookalike.opened import Chosen, Opened
from lookalike.search import Explainer, Gists, Looks, Searcher, find_duplicates, suggest_labels
from lookalike.store import DEFAULT_RECALL, Copied, Place, Store, StoredFile, copy_store
from lookalike.store.where import label_key
from lookalike.tables import picture_table, write_table
from lookalike.thumbnails import Thumbnails
from lookalike.types import (
    Asked,
    Crop,
    DuplicateGroup,
    Embeddings,
    Example,
    Explanation,
    Facets,
    Hit,
    IndexProgress,
    IndexSummary,
    ModelInfo,
    ProgressListener,
    Query,
    Rules,
    Skipped,
    Status,
    Suggestion,
    Where,
    is_address,
)


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    model: str | os.PathLike[str] | None = None,
    runtime: str = "auto",
    precision: str = "auto",
    recall: float = DEFAULT_RECALL,
) -> "Collection":
    """Open a collection; nothing is written before `Collection.index`.

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
        home: a folder of this machine for what is kept beside it: its own, where it has one.
        uploads: pictures that people sent to search by, kept beside its other caches.
        thumbnails: small copies of its pictures, kept there too.
        encoders: its encoders, to change to another one without losing search.
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
        self._place = Place.of(path or default_location())
        self.location = self._place.location
        self.home = self._place.home
        if not 0 < recall <= 1:
            raise QueryError(f"recall is a share, above 0 and at most 1, not {recall}")
        self._recall = recall
        self._how = runtime, precision
        self._lock = threading.RLock()
        self._chosen = Chosen(model, *self._how)
        self._opened: Opened | None = None
        self._earlier: list[Opened] = []
        self._looks = Looks()
        self._gists = Gists(os.path.join(self.home, "cache", "gists.npz"))
        self._explainer = Explainer()
        self._comparing = threading.Lock()
        self._duplicates: tuple[object, list[DuplicateGroup]] | None = None
        cache = os.path.join(self.home, "cache")
        self.uploads = source.Uploads(os.path.join(cache, "uploads"))
        self.thumbnails = Thumbnails(os.path.join(cache, "thumbnails"))
        self.encoders = Encoders(lambda: self._now.store, lambda: self._now.encoder, *self._how)
        if self._place.exists():
            self._opened = Opened(self._place.open(self._recall), self._chosen)
            if model is not None:
                self._opened.locate()

    def create(self) -> bool:
        """Make it, empty, where it does not exist yet; whether it was made. `index` does it too.

        Raises:
            EncoderError: the encoder that it would have cannot be found.
            StoreError: it cannot be written, or other files are at its place.
        """
        with self._lock:
            if self._opened is None and not self._place.exists():
                self._create()
                return True
            return False

    def index(
        self,
        *paths: str | os.PathLike[str],
        rules: Rules | None = None,
        prune: bool = False,
        regions: bool | None = None,
        on_progress: ProgressListener | None = None,
        ray: str | None = None,
        worker_cpus: int | None = None,
    ) -> IndexSummary:
        """Bring the collection up to date with folders of pictures; make it if need be.

        Only new and changed files are encoded. What was committed before an interruption stays.
        Then, what else the collection keeps of its pictures is filled in: embeddings of another
        encoder (see `encoders`), and of regions.

        Args:
            paths: folders or files; none means every folder that was indexed before.
            rules: which files under these folders are indexed; they are kept for later runs. None
                goes by those that were given before.
            prune: also forget pictures whose folder is empty or not mounted.
            regions: whether regions of each picture are embedded as well, for searches that look
                for parts of pictures; kept for later runs. None leaves that as it is.
            on_progress: called a few times a second; what it raises ends the run, cleanly.
            ray: where pictures are read and encoded by workers: the address of a Ray cluster, or
                "local". None does it on this machine, in processes of its own if it takes long.
            worker_cpus: processor cores of a Ray worker; None is one, or more where a node has more
                than 8.

        Raises:
            ClusterError: Ray is not installed, or the cluster cannot be used.
            SourceError: a path does not exist, none is given and none is known, or the rules make
                no sense.
            CollectionBusyError: another process is writing to the collection.
            EncoderError: the encoder cannot be used.
            StoreError: the collection cannot be written.
        """
        exists = self._opened is not None
        roots = [_place(os.fspath(path)) for path in paths]
        known = list(self._store.roots()) if exists else []
        roots = [source.as_known(root, known) for root in roots] or known
        for root in roots:
            if root == os.path.realpath(self.home) or source.is_collection(root):
                raise SourceError(
                    f"{root} is a collection itself; give the collection a folder of its own, such "
                    f"as -c {os.path.join(root, '.lookalike')}"
                )
        if not roots:
            raise SourceError("no folder was indexed yet; name one: lookalike index FOLDER")
        for root in roots:
            if not exists and not is_address(root) and not os.path.lexists(root):
                raise SourceError(f"there is no file or folder {root}")
        if not exists:
            self._create()
        now = self._now
        with nullcontext(here) if ray is None else on_ray(ray, worker_cpus) as workshop:
            summary = run_index(
                now.store,
                now.encoder,
                roots,
                rules=rules,
                prune=prune,
                on_progress=on_progress,
                workshop=workshop,
            )
        if regions is not None:
            self.encoders.keep_regions(regions)
        warnings = self.encoders.fill(on_progress and _filling(on_progress))
        return replace(summary, warnings=[*summary.warnings, *warnings])

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
        now = self._now
        hits = self._searcher(now).search(query, k, offset)
        # What scores mean was measured between two whole pictures.
        alone = len(query.positives) == 1 and not query.negatives and query.text is None
        calibration = _calibration(now) if alone else None
        if calibration is None:
            return hits
        return [
            hit
            if hit.region is not None
            else replace(hit, likeness=calibration.likeness(hit.score))
            for hit in hits
        ]

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
        now = self._now
        searcher = self._searcher(now)
        return self._explainer.explain(now.store, now.encoder, searcher, query, image_id)

    def duplicates(
        self,
        where: Where | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        *,
        turned: bool = True,
    ) -> list[DuplicateGroup]:
        """Groups of identical, then near-identical, then similar pictures; large ones first.

        Seconds for a few thousand pictures, minutes for a hundred thousand. The last answer is
        kept, and given again until the collection changes.

        Args:
            where: only among the pictures that fit.
            turned: find copies that were turned by quarters as well. The first time, every file
                is read for that; what was read is kept.
            on_progress: called with (done, total) while pictures are compared.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
        """
        store = self._store
        with self._comparing:
            asked = (where, turned, store.encoder, store.state())
            if self._duplicates is None or self._duplicates[0] != asked:
                found = find_duplicates(
                    store, self._looks, where, on_progress, self._gists if turned else None
                )
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

    def change_labels(
        self, ids: Iterable[int], *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Give pictures further labels, and take others off, in one go.

        Raises:
            see `set_labels`.
        """
        wanted = list(dict.fromkeys(ids))
        labels, gone = self._store.labels(wanted), set(map(label_key, remove))
        self._store.set_labels(
            {
                image_id: [
                    *(name for name in labels.get(image_id, []) if label_key(name) not in gone),
                    *add,
                ]
                for image_id in wanted
            }
        )

    def search_all(self, query: Query) -> list[Hit]:
        """Every picture that scores at least the query's `min_score`, nearest first.

        Raises:
            QueryError: the query has no `min_score`, or makes no sense.
            LookalikeError: as `search` does.
        """
        if query.min_score is None:
            raise QueryError("all hits of a query are those from a score on: give it a min_score")
        apart, k = replace(query, group=False), 1000
        while len(hits := self.search(apart, k)) == k:
            k *= 4
        return self.search(query, max(1, len(hits))) if query.group else hits

    def suggest_labels(self, image_id: int) -> list[Suggestion]:
        """Labels that a picture lacks and its nearest pictures have, the likeliest first.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            QueryError: there is no picture with that id.
        """
        return suggest_labels(self._store, image_id)

    def __len__(self) -> int:
        """The number of pictures; 0 where the collection does not exist yet."""
        return self._store.count() if self._opened is not None else 0

    def roots(self) -> list[str]:
        """The folders that were indexed, sorted.

        Raises:
            CollectionNotFoundError: it does not exist yet.
        """
        return list(self._store.roots())

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
            encoders=self.encoders.all(),
        )

    def check_ready(self) -> None:
        """Whether searches can be answered now: the store does, and the encoder's file is there.

        Raises:
            CollectionNotFoundError: the collection does not exist yet.
            StoreUnavailableError: the store cannot be reached.
            EncoderError: the encoder cannot be found.
            EncoderMismatchError: it is another than the collection was made with.
        """
        self._now.check_ready()

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

    def copy_to(
        self,
        place: str | os.PathLike[str],
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Copied:
        """Copy it to another place, into any kind of store, without encoding anything again.

        Pictures, embeddings, labels, skipped files, and folders with their rules go along; ids are
        given anew, and other encoders and regions stay behind. An interrupted copy goes on when it
        is called again. In the end it is checked, by count and by sampled embeddings.

        Args:
            place: where there is no collection yet, or an earlier copy of this one.
            on_progress: called with (done, total) pictures; what it raises ends the copy.

        Raises:
            CollectionNotFoundError: this collection does not exist yet.
            EncoderMismatchError: the collection at `place` was made with another encoder.
            CollectionBusyError: another process writes to one of both.
            StoreUnavailableError: what holds one of them cannot be reached.
            StoreError: there are other pictures, or files, at `place`; or one of both cannot be
                read or written; or the copy does not read back the same.
        """
        source, there = self._store, Place.of(place)
        if os.path.realpath(there.location) == os.path.realpath(self.location):
            raise StoreError(f"{there.location} is the collection itself: name another place")
        if not there.exists():
            there.create(source.encoder, source.encoder_source)
        with closing(there.open()) as target:
            return copy_store(source, target, on_progress)

    def image_file(self, image_id: int) -> StoredFile:
        """The file of a picture.

        Raises:
            QueryError: there is no picture with that id.
        """
        found = self._store.get([image_id])
        if not found:
            raise QueryError(f"there is no picture {image_id} in the collection")
        return found[0]

    def image_files(self, ids: Sequence[int]) -> list[StoredFile]:
        """The files of these pictures, in their order; those that are not there are left out."""
        return self._store.get(ids)

    def read_image(self, image_id: int) -> bytes:
        """The file's bytes as they are on disk.

        Raises:
            QueryError: there is no picture with that id.
            SourceError: its file cannot be read any more.
        """
        return source.read_file(self.image_file(image_id).file.path)

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
        if self._opened is None and not self._place.exists():
            return self._chosen.load(self._chosen.locate())
        return self._now.encoder

    @property
    def calibration(self) -> ScoreCalibration | None:
        """What the scores of the encoder mean; None where its spec does not say.

        Also None where the encoder is not at hand any more: pictures of the collection can be
        searched by without it.
        """
        return _calibration(self._chosen if self._opened is None else self._now)

    def close(self) -> None:
        """Let go of files and caches."""
        for each in (*self._earlier, *([self._opened] if self._opened else [])):
            each.store.close()

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
    def _now(self) -> Opened:
        """The collection as it is, opened anew where another encoder answers since."""
        with self._lock:
            if self._opened is None:
                # It may have been made by another process since.
                store = self._place.open(self._recall)
                self._opened = Opened(store, self._chosen)
            elif (layers := self._opened.store.layers) is not None and not layers.is_current():
                self._earlier.append(self._opened)  # searches that are under way go on there
                self._chosen = Chosen(None, *self._how)
                store = self._place.open(self._recall)
                self._opened = Opened(store, self._chosen)
                self._explainer = Explainer()
            return self._opened

    @property
    def _store(self) -> Store:
        return self._now.store

    def _searcher(self, now: Opened) -> Searcher:
        return Searcher(now.store, lambda: now.encoder, self._looks)

    def _create(self) -> None:
        with self._lock:
            found = self._chosen.locate()
            self._place.create(identity(found.spec), found.source)
            self._opened = Opened(self._place.open(self._recall), self._chosen)


def _calibration(opened: Opened | Chosen) -> ScoreCalibration | None:
    with suppress(EncoderError, EncoderMismatchError):
        return opened.locate().spec.calibration
    return None


def _filling(on_progress: ProgressListener) -> Callable[[int, int], None]:
    """As a listener of the filling of layers."""

    def listen(done: int, total: int) -> None:
        on_progress(
            IndexProgress(
                stage="filling", done=done, total=total, total_final=True, encoded=done, skipped=0
            )
        )

    return listen


def default_location() -> str:
    """The collection that is meant when none is named, in the platform's user-data folder."""
    return os.path.join(platformdirs.user_data_dir("lookalike", appauthor=False), "default")


def _place(path: str) -> str:
    """What a root goes by: its real path, or its address."""
    if is_address(path):
        return source.normal_address(path)
    return os.path.realpath(os.path.expanduser(path))


def _example(asked: "Asked | Example") -> Example:
    return asked if isinstance(asked, Example) else Example(asked)
