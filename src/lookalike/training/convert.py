"""An ONNX encoder as a torch module that can be fine-tuned.

The converter is onnx2torch (Apache-2.0). What it gives is tidied (padding into the convolutions,
plain additions), which makes a training step faster, and passes a parity gate against the runtime
that computes the encoder in the product.
"""

import operator
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import fx, nn

from lookalike.encoders import LocatedModel
from lookalike.encoders.runtimes import choose
from lookalike.errors import TrainingError
from lookalike.training.pixels import to_input
from lookalike.types import Pixels

if TYPE_CHECKING:
    import onnx

MINIMUM_COSINE = 0.9999
"""A conversion may not turn a picture's embedding further than this from the original's."""


_OPSET = 17
"""The converter knows the operators of ONNX up to this version; newer graphs are taken back."""


def from_onnx(model: LocatedModel) -> nn.Module:
    """The part of an ONNX graph that computes the embedding, as a torch module.

    Returns:
        pixels, float32 (n, 3, height, width) as the spec scales them -> (n, dimension) float32.

    Raises:
        TrainingError: the converter is not installed, or does not know an operator of the graph.
    """
    try:
        import onnx.version_converter
        import onnx2torch  # type: ignore[import-untyped]
    except ImportError as error:
        raise TrainingError(
            f"fine-tuning an ONNX model needs {error.name}: pip install 'lookalike[train]'"
        ) from error
    proto = onnx.load(model.file)
    names = [output.name for output in proto.graph.output]
    wanted = model.spec.embedding.output or names[0]
    if wanted not in names:
        raise TrainingError(
            f"{model.file} has no output {wanted!r}, only {', '.join(names)}; correct its spec"
        )
    _widen(proto.graph)
    # The other outputs go before conversion, so that nothing is trained that nobody reads.
    keep = next(output for output in proto.graph.output if output.name == wanted)
    del proto.graph.output[:]
    proto.graph.output.append(keep)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if any(opset.domain == "" and opset.version > _OPSET for opset in proto.opset_import):
                proto = onnx.version_converter.convert_version(proto, _OPSET)
            module = onnx2torch.convert(proto)
    except (NotImplementedError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{model.file} cannot be converted for training ({str(error).splitlines()[0]}); "
            "use a timm backbone by name instead"
        ) from error
    tidy(module)
    _make_trainable(module)
    return nn.Sequential(module, nn.Flatten(1))


def check_parity(body: nn.Module, model: LocatedModel, sample: Pixels) -> float:
    """Compare a converted module with its source on real pictures.

    Args:
        body: from `from_onnx`.
        model: what it was converted from.
        sample: RGB uint8 (n, height, width, 3) of the spec.

    Returns:
        The lowest cosine similarity between the two embeddings of a picture.

    Raises:
        TrainingError: it is below `MINIMUM_COSINE`.
    """
    reference = choose().compile(model.spec, model.file, "fp32").run(sample)
    body.eval()
    with torch.inference_mode():
        ours = body(to_input(sample, model.spec.input)).numpy()
    worst = lowest_cosine(ours, reference)
    if not worst >= MINIMUM_COSINE:
        raise TrainingError(
            f"the converted {model.spec.name} computes other embeddings than {model.file} "
            f"(cosine {worst:.6f}, at least {MINIMUM_COSINE} is needed); use a timm backbone by "
            "name instead"
        )
    return worst


def lowest_cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The lowest cosine similarity between rows of two (n, d) arrays; NaN where one is not finite.

    Raises:
        TrainingError: the shapes differ.
    """
    if first.shape != second.shape:
        raise TrainingError(
            f"embeddings of shape {first.shape} cannot be compared with {second.shape}; "
            "correct the dimension in the model's spec"
        )
    a, b = first.astype(np.float64), second.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(all="ignore"):
        return float(((a * b).sum(axis=1) / lengths).min())


def _widen(graph: "onnx.GraphProto") -> None:
    """Weights that are stored as fp16 behind a cast become plain fp32 weights."""
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        if node.op_type == "Cast" and node.input[0] in stored:
            values = numpy_helper.to_array(stored[node.input[0]]).astype(np.float32)
            graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
            graph.node.remove(node)


def tidy(module: fx.GraphModule) -> None:
    """Zero padding moves into its convolution, or becomes static; additions become `+`."""
    parts = dict(module.named_modules())
    for node in list(module.graph.nodes):
        if node.op != "call_module":
            continue
        part = parts[node.target]
        if type(part).__name__ == "OnnxPadDynamic":
            _settle_padding(module, node, parts)
        elif type(part).__name__ == "OnnxBinaryMathOperation" and node.target.startswith("Add"):
            with module.graph.inserting_before(node):
                plain = module.graph.call_function(operator.add, node.args)
            node.replace_all_uses_with(plain)
            module.graph.erase_node(node)
    module.graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()


def _make_trainable(module: fx.GraphModule) -> None:
    """Matrices that the converter keeps as constants (of MatMul, say) become parameters."""
    for part in list(module.modules()):
        for name, value in list(part.named_buffers(recurse=False)):
            if "onnx_initializer" in name and value.is_floating_point() and value.ndim >= 2:
                delattr(part, name)
                part.register_parameter(name, nn.Parameter(value))


def _settle_padding(module: fx.GraphModule, node: fx.Node, parts: Mapping[str, nn.Module]) -> None:
    pads = _constant(module, node.args[1]) if len(node.args) > 1 else None
    value = _constant(module, node.args[2]) if len(node.args) > 2 else [0]
    mode = getattr(parts[str(node.target)], "mode", "constant")
    if pads is None or len(pads) != 8 or value is None or any(value) or mode != "constant":
        return
    before_n, before_c, top, left, after_n, after_c, bottom, right = (int(pad) for pad in pads)
    if any((before_n, before_c, after_n, after_c)):
        return
    users = list(node.users)
    target = parts.get(str(users[0].target)) if len(users) == 1 else None
    if isinstance(target, nn.Conv2d) and (top, left) == (bottom, right):
        if isinstance(target.padding, str):
            return
        # A rebuilt Conv2d would need its weights copied; the functional call reads only `padding`.
        target.padding = (target.padding[0] + top, target.padding[1] + left)
        node.replace_all_uses_with(node.args[0])  # type: ignore[arg-type]
        module.graph.erase_node(node)
    else:
        module.add_submodule(str(node.target), nn.ZeroPad2d((left, right, top, bottom)))
        node.args = (node.args[0],)


def _constant(module: fx.GraphModule, source: object) -> list[float] | None:
    """The values of a graph's constant, None where it is computed."""
    if source is None:
        return [0]
    if not isinstance(source, fx.Node) or source.op != "get_attr":
        return None
    found: object = module
    for name in str(source.target).split("."):
        found = getattr(found, name, None)
    return found.flatten().tolist() if isinstance(found, torch.Tensor) else None
