"""The encoder, as it travels: workers need not see the model's folder, nor download anything."""

import os
import tempfile
from dataclasses import dataclass

import platformdirs

from lookalike.encoders import Encoder, ModelSpec, file_sha256, gpu_runtime


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's record and files.

    Attributes:
        spec: its record, without its text side.
        graph: the name of its ONNX file.
        files: contents by name: the graph, and the data that it keeps outside.
        runtime: which was asked for.
        precision: which was asked for.
    """

    spec: ModelSpec
    graph: str
    files: dict[str, bytes]
    runtime: str
    precision: str

    @classmethod
    def of(cls, encoder: Encoder) -> "ModelFiles":
        """Read the files of an encoder."""
        folder, graph = os.path.split(encoder.file)
        files = {}
        for name in (graph, *(encoder.spec.external_data or {})):
            with open(os.path.join(folder, name), "rb") as file:
                files[name] = file.read()
        return cls(encoder.spec, graph, files, encoder.runtime_asked, encoder.precision_asked)

    def unpack(self, *, threads: int, gpu: bool) -> Encoder:
        """The encoder, from files in this machine's cache.

        Args:
            threads: how many of them it computes in.
            gpu: whether to compute on a GPU, if a runtime here can.
        """
        folder = os.path.join(
            platformdirs.user_cache_dir("lookalike", appauthor=False),
            "received",
            self.spec.weights[:32],
        )
        os.makedirs(folder, exist_ok=True)
        digests = {**(self.spec.external_data or {}), self.graph: self.spec.sha256}
        for name, data in self.files.items():
            path = os.path.join(folder, name)
            if not os.path.isfile(path) or file_sha256(path) != digests[name]:
                with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                    file.write(data)
                os.replace(file.name, path)
        runtime = self.runtime
        if gpu and runtime == "auto":
            runtime = gpu_runtime() or runtime
        path = os.path.join(folder, self.graph)
        return Encoder(self.spec, path, runtime=runtime, precision=self.precision, threads=threads)
