"""The teacher's part above a stride of 8, which the student's front first learns to imitate."""

import onnx.shape_inference
import onnx2torch  # type: ignore[import-untyped]
from onnx.utils import Extractor
from torch import fx, nn

from lookalike.training.convert import tidy
from training.compact.student import HANDOVER


def front(path: str) -> nn.Module:
    """Scaled pixels to the feature map that the teacher's first late block takes.

    Args:
        path: of the teacher's ONNX file.
    """
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    values = {item.name: list(item.dims) for item in model.graph.initializer}
    first_late = next(
        node
        for node in model.graph.node
        if node.op_type == "Conv" and values[node.input[1]] == [8 * HANDOVER, HANDOVER, 1, 1]
    )
    part = Extractor(model).extract_model([model.graph.input[0].name], [first_late.input[0]])
    module: fx.GraphModule = onnx2torch.convert(part)
    tidy(module)
    return module.eval()
