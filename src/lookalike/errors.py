"""Every exception that Lookalike raises.

LookalikeError
├── SourceError               a file, address or stream that cannot be read
├── DecodeError               bytes that are not a picture we accept
├── EncoderError              an encoder that cannot be used, or an embedding that is no good
│   ├── ModelSpecError        a model folder that is missing, incomplete or altered
│   ├── DownloadError         a model that cannot be fetched
│   └── RuntimeUnavailableError   the inference runtime asked for is not there
├── StoreError                a collection that cannot be used
│   ├── CollectionNotFoundError
│   ├── CollectionBusyError       another process is writing to it
│   ├── StoreUnavailableError     what holds it does not answer for now
│   ├── EncoderMismatchError      it was made with another encoder
│   └── FormatVersionError        it was made by another version of Lookalike
├── QueryError                a query that makes no sense
├── ExportError               a table that cannot be written
├── ServerError               the server cannot be started
├── ClusterError              the Ray cluster cannot be used
├── TrainingError             training cannot start or go on
└── EvaluationError           an evaluation that makes no sense

A message is one sentence for a person: what is wrong, and what to do next.
"""


class LookalikeError(Exception):
    """Base of all errors that Lookalike raises on purpose."""


class SourceError(LookalikeError):
    """A file, address or stream cannot be read."""


class DecodeError(LookalikeError):
    """Bytes are not a picture, or one that is refused; the message is the reason."""


class EncoderError(LookalikeError):
    """An encoder cannot be used, or gave no usable embedding."""


class ModelSpecError(EncoderError):
    """A model folder is missing, incomplete, or its file is not the one it describes."""


class DownloadError(EncoderError):
    """A model cannot be fetched."""


class RuntimeUnavailableError(EncoderError):
    """The inference runtime that was asked for is not installed or does not know the option."""


class StoreError(LookalikeError):
    """A collection cannot be used."""


class CollectionNotFoundError(StoreError):
    """There is no collection at that place."""


class CollectionBusyError(StoreError):
    """Another process is writing to the collection."""


class StoreUnavailableError(StoreError):
    """What holds the collection cannot be reached for now: a server, or a drive that is away.

    Nothing is wrong with the collection, and asking again later is right.
    """


class EncoderMismatchError(StoreError):
    """The collection was made with another encoder."""


class FormatVersionError(StoreError):
    """The collection has a format that this version cannot open."""


class QueryError(LookalikeError):
    """A query makes no sense."""


class ExportError(LookalikeError):
    """A table cannot be written as asked."""


class ServerError(LookalikeError):
    """The server cannot be started as asked."""


class ClusterError(LookalikeError):
    """The Ray cluster that was asked for cannot be used."""


class TrainingError(LookalikeError):
    """Training cannot start or go on."""


class EvaluationError(LookalikeError):
    """An evaluation makes no sense."""
