import importlib.util
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.decode import decode
from lookalike.encoders import Encoder, load, read_spec, runtimes
from lookalike.encoders.runtimes import RuntimeFactory, available, choose, cores, lanes
from lookalike.errors import EncoderError, ModelSpecError, RuntimeUnavailableError
from lookalike.types import Embeddings
from tests.support.process import python

from .models import DIMENSION, Graph, cosines, files_of, noise, tiny, write_model

RUNTIMES = ["openvino", "onnxruntime"]


def test_both_agree_on_a_small_model(tiny_folder: Path) -> None:
    batch = noise(20)
    a, b = (load(tiny_folder, runtime=name, precision="fp32").embed(batch) for name in RUNTIMES)
    assert a.shape == b.shape == (20, DIMENSION)
    assert a.dtype == b.dtype == np.float32
    assert cosines(a, b).min() >= 0.99999
    assert np.allclose(np.linalg.norm(a, axis=1), 1, atol=1e-6)


def test_both_agree_on_the_shared_mobilenet(shared: Path, mobilenet: Path) -> None:
    encoders = [load(mobilenet, runtime=name, precision="fp32") for name in RUNTIMES]
    files = [file for kind in ("forest", "street") for file in files_of(shared, kind, 4)]
    batch = np.stack([encoders[0].prepare(decode(file.read_bytes())) for file in files])
    a, b = (encoder.embed(batch) for encoder in encoders)
    assert cosines(a, b).min() >= 0.9999


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_pixels_are_scaled_as_the_spec_says(tmp_path: Path, runtime: str) -> None:
    """The graph gives back the mean of each channel, so the scaling can be read off."""
    graph = Graph()
    graph.add("GlobalAveragePool", ["pixel_values"], "pool")
    data = graph.model({"pool": ["n", 3, 1, 1]})
    write_model(
        tmp_path, data, embedding__output="pool", embedding__dimension=3,
        input__mean=[0.1, 0.2, 0.3], input__std=[0.5, 0.25, 0.125],
    )  # fmt: skip
    batch = np.full((1, 32, 32, 3), (255, 51, 102), dtype=np.uint8)
    expected = np.array([(1 - 0.1) / 0.5, (0.2 - 0.2) / 0.25, (0.4 - 0.3) / 0.125])
    seen = load(tmp_path, runtime=runtime, precision="fp32").embed(batch)[0]
    assert np.allclose(seen, expected / np.linalg.norm(expected), atol=1e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_rows_do_not_depend_on_their_batch(tiny_folder: Path, runtime: str) -> None:
    encoder = load(tiny_folder, runtime=runtime, precision="fp32")
    batch = noise(9)
    together = encoder.embed(batch)
    alone = np.concatenate([encoder.embed(batch[i : i + 1]) for i in range(9)])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_many_threads_give_what_one_gives(tiny_folder: Path, runtime: str) -> None:
    encoder = load(tiny_folder, runtime=runtime, precision="fp32")
    batches = [noise(1 + n % 5, seed=n) for n in range(60)]
    results: list[Embeddings | Exception | None] = [None] * len(batches)

    def work(first: int) -> None:
        for n in range(first, len(batches), 6):
            try:
                results[n] = encoder.embed(batches[n])
            except Exception as error:  # noqa: BLE001  shown by the main thread
                results[n] = error

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for batch, seen in zip(batches, results, strict=True):
        assert isinstance(seen, np.ndarray), seen
        assert np.allclose(seen, encoder.embed(batch), atol=1e-5)


def test_threads_compile_once(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = load(tiny_folder, runtime="onnxruntime", precision="fp32")
    from lookalike.encoders.runtimes.onnxruntime import ONNXRuntime

    calls: list[str] = []
    compile_once = ONNXRuntime.compile

    def counted(self: ONNXRuntime, *args: Any) -> Any:
        calls.append("compile")
        return compile_once(self, *args)

    monkeypatch.setattr(ONNXRuntime, "compile", counted)
    threads = [threading.Thread(target=encoder.embed, args=(noise(2),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["compile"]


def test_an_embedding_is_not_overwritten_by_the_next(tiny_folder: Path) -> None:
    encoder = load(tiny_folder, runtime="openvino", precision="fp32")
    first = encoder.embed(noise(2, seed=1))
    kept = first.copy()
    encoder.embed(noise(2, seed=2))
    assert np.array_equal(first, kept)


# What is there


def test_automatic_prefers_openvino() -> None:
    assert available() == RUNTIMES
    assert choose().name == "openvino"
    assert choose("onnxruntime").name == "onnxruntime"


def _without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "lookalike.encoders.runtimes.find_spec",
        lambda name, *rest: None if name in names else find(name, *rest),
    )


def test_a_missing_runtime_fails_with_the_list_of_what_is_there(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without(monkeypatch, "onnxruntime")
    with pytest.raises(
        RuntimeUnavailableError,
        match=r"no runtime 'onnxruntime' here \(available: openvino\); .* pip install onnxruntime",
    ):
        load(tiny_folder, runtime="onnxruntime")


def test_automatic_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "openvino")
    assert choose().name == "onnxruntime"
    _without(monkeypatch, *RUNTIMES)
    with pytest.raises(RuntimeUnavailableError, match=r"available: none.*install"):
        choose()


def test_an_unknown_runtime_names_the_known_ones(tiny_folder: Path) -> None:
    with pytest.raises(RuntimeUnavailableError, match="knows openvino, onnxruntime and auto"):
        load(tiny_folder, runtime="tensorrt")


def test_a_broken_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int | None) -> RuntimeFactory:
        raise ImportError("libonnxruntime.so: cannot open shared object file")

    monkeypatch.setitem(runtimes._FACTORIES, "onnxruntime", broken)
    with pytest.raises(RuntimeUnavailableError, match="onnxruntime is installed but cannot start"):
        choose("onnxruntime")


def test_an_unknown_precision(tiny_folder: Path) -> None:
    with pytest.raises(RuntimeUnavailableError, match="no precision 'int4'; there are auto, fp32"):
        load(tiny_folder, precision="int4")


def test_a_precision_that_the_runtime_has_not(tiny_folder: Path) -> None:
    encoder = load(tiny_folder, runtime="onnxruntime", precision="bf16")
    with pytest.raises(RuntimeUnavailableError, match=r"onnxruntime has no bf16.*available: fp32"):
        encoder.embed(noise(1))


# Models that do not fit their spec


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"embedding__dimension": 7}, EncoderError, "dimension 12, but its spec says 7"),
        ({"embedding__output": "pooled"}, ModelSpecError, "no output 'pooled'; it has .*embedding"),
        ({"input__name": "image"}, ModelSpecError, "no input 'image'; it has pixel_values"),
    ],
)
def test_a_spec_that_does_not_fit_the_graph(
    tmp_path: Path, runtime: str, change: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    write_model(tmp_path, tiny(), **change)
    encoder = load(tmp_path, runtime=runtime, precision="fp32")
    with pytest.raises(error, match=sentence) as caught:
        encoder.embed(noise(2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_names_may_be_left_out(tmp_path: Path, runtime: str) -> None:
    write_model(tmp_path, tiny(), input__name=None, embedding__output=None)
    named = write_model(tmp_path / "named", tiny())
    a, b = (load(f, runtime=runtime, precision="fp32").embed(noise(3)) for f in (tmp_path, named))
    assert np.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("data", [b"", b"no onnx at all", tiny()[:1000]], ids=["0", "text", "cut"])
def test_a_broken_file(tmp_path: Path, runtime: str, data: bytes) -> None:
    write_model(tmp_path, data)
    with pytest.raises(ModelSpecError, match=r"model\.onnx is no ONNX model"):
        load(tmp_path)
    # What the look at the file lets pass, the runtime refuses.
    spec = read_spec(str(tmp_path / "model.json"))
    encoder = Encoder(spec, str(tmp_path / "model.onnx"), runtime=runtime, precision="fp32")
    with pytest.raises(ModelSpecError, match=r"cannot use .*model\.onnx: ") as caught:
        encoder.embed(noise(1))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_size_that_the_graph_cannot_take(tmp_path: Path, runtime: str) -> None:
    graph = Graph()
    graph.add("Flatten", ["pixel_values"], "flat")
    weights = graph.value(np.ones((3 * 16 * 16, DIMENSION), dtype=np.float32))
    graph.add("MatMul", ["flat", weights], "embedding")
    data = graph.model({"embedding": ["n", DIMENSION]}, {"pixel_values": ["n", 3, 16, 16]})
    write_model(tmp_path, data)
    encoder = load(tmp_path, runtime=runtime, precision="fp32")
    with pytest.raises(EncoderError):
        encoder.embed(noise(1))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_output_that_is_no_embedding_a_picture(tmp_path: Path, runtime: str) -> None:
    graph = Graph()
    graph.add("ReduceMean", ["pixel_values"], "embedding", axes=[0, 2, 3], keepdims=0)
    write_model(tmp_path, graph.model({"embedding": [3]}), embedding__dimension=3)
    encoder = load(tmp_path, runtime=runtime, precision="fp32")
    with pytest.raises(EncoderError, match=r"for 2 pictures|dimension"):
        encoder.embed(noise(2))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_graph_with_a_second_input(tmp_path: Path, runtime: str) -> None:
    """The text side in the same file, as some CLIP exports have it."""
    graph = Graph()
    graph.add("GlobalAveragePool", ["pixel_values"], "pool")
    graph.add("Flatten", ["pool"], "flat")
    graph.add("Add", ["flat", "text"], "embedding")
    data = graph.model(
        {"embedding": ["n", 3]},
        {"text": ["n", 3], "pixel_values": ["n", 3, "height", "width"]},
    )
    write_model(tmp_path, data, embedding__dimension=3)
    encoder = load(tmp_path, runtime=runtime, precision="fp32")
    with pytest.raises(ModelSpecError, match="needs more than pictures: text"):
        encoder.embed(noise(2))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("batch", ["dynamic", "fixed"])
def test_a_fixed_batch_of_one_is_freed_or_refused(tmp_path: Path, runtime: str, batch: str) -> None:
    graph = Graph()
    graph.add("GlobalAveragePool", ["pixel_values"], "pool")
    graph.add("Flatten", ["pool"], "embedding")
    count = "n" if batch == "dynamic" else 1
    data = graph.model({"embedding": [count, 3]}, {"pixel_values": [count, 3, 32, 32]})
    write_model(tmp_path, data, embedding__dimension=3)
    encoder = load(tmp_path, runtime=runtime, precision="fp32")
    try:
        assert encoder.embed(noise(4)).shape == (4, 3)
    except EncoderError:
        assert batch == "fixed"
        assert encoder.embed(noise(1)).shape == (1, 3)


def _times(factor: float) -> Any:
    def tail(graph: Graph, name: str) -> str:
        return graph.add("Mul", [name, graph.value(np.float32(factor).reshape(1))], "times")

    return tail


def _log_of_negative(graph: Graph, name: str) -> str:
    graph.add("Neg", [name], "negative")
    return graph.add("Log", ["negative"], "log")


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("precision", ["fp32", "auto"])
@pytest.mark.parametrize(
    "tail", [_times(0), _times(np.inf), _log_of_negative], ids=["zero", "infinite", "nan"]
)
def test_an_embedding_without_a_direction(
    tmp_path: Path, runtime: str, precision: str, tail: Any
) -> None:
    write_model(tmp_path, tiny(tail=tail))
    encoder = load(tmp_path, runtime=runtime, precision=precision)
    with pytest.raises(EncoderError, match="without a direction"):
        encoder.embed(noise(2))


def test_nothing_is_reported_to_the_makers_of_the_runtime() -> None:
    code = """
import sys
import lookalike.encoders.runtimes.openvino
import openvino.tools.ovc as tools
assert sys.modules["openvino_telemetry"] is None
print(type(tools.telemetry).__module__)
"""
    assert python(code).stdout.split() == ["openvino.tools.ovc.telemetry_stub"]


def test_batches_from_many_threads_at_once(tiny_model: Path) -> None:
    encoder = load(str(tiny_model), runtime="openvino")
    size = encoder.spec.input
    random = np.random.default_rng(3)
    batches = [
        random.integers(0, 256, (16, size.height, size.width, 3), np.uint8) for _ in range(4)
    ]
    alone = [encoder.embed(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(25):
            for one, many in zip(alone, pool.map(encoder.embed, batches), strict=True):
                np.testing.assert_allclose(many, one, atol=1e-5)


def test_callers_at_the_same_time_get_what_each_alone_gets(tiny_model: Path) -> None:
    encoder = load(str(tiny_model), runtime="openvino")
    size = encoder.spec.input
    random = np.random.default_rng(4)
    pictures = random.integers(0, 256, (60, 1, size.height, size.width, 3), np.uint8)
    alone = [encoder.embed(picture) for picture in pictures]
    with ThreadPoolExecutor(12) as pool:
        for _ in range(10):
            for one, many in zip(alone, pool.map(encoder.embed, pictures), strict=True):
                np.testing.assert_allclose(many, one, atol=1e-5)


def test_lanes_are_for_callers_who_have_not_said_how_many_threads() -> None:
    assert lanes("openvino") == min(cores(), 8)
    assert lanes("openvino", threads=1) == 1
    assert lanes("onnxruntime") == 1


def test_a_model_of_several_lanes_gives_what_one_gives(tiny_model: Path) -> None:
    encoder = load(str(tiny_model), runtime="openvino", precision="fp32")
    factory = choose("openvino")
    size = encoder.spec.input
    batch = np.random.default_rng(5).integers(0, 256, (3, size.height, size.width, 3), np.uint8)
    one = factory.compile(encoder.spec, encoder.file, "fp32").run(batch)
    many = factory.compile(encoder.spec, encoder.file, "fp32", lanes=2)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(many.run, [batch] * 40):
            np.testing.assert_allclose(found, one, atol=1e-4)
