"""From what a person types (a name, a folder, an .onnx file) to an encoder."""

import os
from dataclasses import dataclass, replace

from lookalike.encoders.catalogue import BUNDLED, CATALOGUE, CatalogueEntry
from lookalike.encoders.download import download
from lookalike.encoders.encoder import Encoder
from lookalike.encoders.graph import check_graph
from lookalike.encoders.spec import (
    EXAMPLE,
    SPEC_FILE,
    EmbeddingSpec,
    ModelSpec,
    TextSpec,
    file_sha256,
    read_spec,
)
from lookalike.encoders.words import TextFiles
from lookalike.errors import ModelSpecError


@dataclass(frozen=True, slots=True)
class LocatedModel:
    """A model that is on this machine, its file checked against its spec.

    Attributes:
        spec: its record.
        file: path of the ONNX file.
        source: what finds it again: a catalogue name, or an absolute path.
        text: the files of its text side, where it has one.
    """

    spec: ModelSpec
    file: str
    source: str
    text: TextFiles | None = None


def locate(model: str | os.PathLike[str]) -> LocatedModel:
    """Find a model by name, model folder, or `.onnx` file; download it if need be.

    Raises:
        ModelSpecError: nothing is there under that name, or the file is not the one that its spec
            describes.
        DownloadError: a catalogue model cannot be fetched.
    """
    name = os.fspath(model)
    # A known name wins over a folder of the same name; ./NAME means the folder.
    if name in BUNDLED:
        return _from_spec(os.path.join(BUNDLED[name], SPEC_FILE), name)
    if name in CATALOGUE:
        return _from_catalogue(CATALOGUE[name])
    path = os.path.abspath(os.path.expanduser(name))
    if os.path.isdir(path):
        return _from_spec(os.path.join(path, SPEC_FILE), path)
    if os.path.isfile(path):
        return _from_file(path)
    raise ModelSpecError(
        f"there is no model {name!r}: give a model folder, an .onnx file, or one of "
        f"{', '.join((*BUNDLED, *CATALOGUE))}"
    )


def load(
    model: str | os.PathLike[str] | LocatedModel,
    *,
    runtime: str = "auto",
    precision: str = "auto",
) -> Encoder:
    """Locate a model and make it an encoder; nothing is compiled before the first picture.

    Raises:
        ModelSpecError, DownloadError: see `locate`.
        RuntimeUnavailableError: the runtime is not installed, or the precision is not known.
    """
    found = model if isinstance(model, LocatedModel) else locate(model)
    return Encoder(found.spec, found.file, found.text, runtime=runtime, precision=precision)


def _from_catalogue(entry: CatalogueEntry) -> LocatedModel:
    (path, sha256), *words = download(entry)
    check_graph(path, {})
    text = files = None
    if entry.text is not None:
        (graph, graph_sha256), (tokenizer, tokenizer_sha256) = words
        check_graph(graph, {})
        text = TextSpec(
            file=os.path.basename(entry.text.file),
            sha256=graph_sha256,
            tokenizer=os.path.basename(entry.text.tokenizer),
            tokenizer_sha256=tokenizer_sha256,
            context=entry.text.context,
            pad=entry.text.pad,
        )
        files = TextFiles(graph, tokenizer)
    spec = ModelSpec(
        name=entry.name,
        description=entry.description,
        file=os.path.basename(entry.file),
        sha256=sha256,
        input=entry.input,
        embedding=EmbeddingSpec(dimension=entry.dimension),
        license=entry.license,
        source=entry.repo,
        text=text,
    )
    return LocatedModel(spec, path, entry.name, files)


def _from_file(path: str) -> LocatedModel:
    """An ONNX file is usable if `model.json` or `<its name>.json` beside it describes it."""
    if not path.endswith(".onnx"):
        raise ModelSpecError(f"{path} is not an .onnx file")
    for spec_path in (
        os.path.splitext(path)[0] + ".json",
        os.path.join(os.path.dirname(path), SPEC_FILE),
    ):
        if os.path.isfile(spec_path):
            located = _from_spec(spec_path, path)
            if os.path.samefile(located.file, path):
                return located
    raise ModelSpecError(
        f"{path} has no spec, and guessing its preprocessing would give wrong results without a "
        f"sign; write {SPEC_FILE} beside it:\n"
        + EXAMPLE.replace("<sha256 of model.onnx>", file_sha256(path)).replace(
            '"model.onnx"', f'"{os.path.basename(path)}"'
        )
    )


def _from_spec(spec_path: str, source: str) -> LocatedModel:
    spec = read_spec(spec_path)
    folder = os.path.dirname(spec_path)
    real = os.path.realpath(folder)
    data = spec.external_data or {}
    digests = {**data, spec.file: spec.sha256}
    text, files = spec.text, None
    if text is not None:
        digests |= {text.file: text.sha256, text.tokenizer: text.tokenizer_sha256}
        files = TextFiles(os.path.join(folder, text.file), os.path.join(folder, text.tokenizer))
    for name, wanted in digests.items():
        _check_file(os.path.join(folder, name), wanted, spec_path)
    for name in data:
        if os.path.dirname(os.path.realpath(os.path.join(folder, name))) != real:
            raise ModelSpecError(f"{name} leads out of {folder}: put the file itself there")
    file = os.path.join(folder, spec.file)
    check_graph(file, data)
    if files is not None:
        check_graph(files.graph, data)
    return LocatedModel(replace(spec, name=spec.name.strip()), file, source, files)


def _check_file(file: str, wanted: str, spec_path: str) -> None:
    sha256 = file_sha256(file)
    if sha256 != wanted:
        raise ModelSpecError(
            f"{file} is not the file that {spec_path} describes: its sha256 is {sha256}, not "
            f"{wanted}; fetch the model again, or correct the spec if the change is meant"
        )
