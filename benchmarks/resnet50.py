"""A ResNet50 model folder with seeded random weights: speed does not depend on the weights."""

import os
import warnings

import torch
import torchvision
from torch import nn

from lookalike.encoders import EmbeddingSpec, InputSpec, ModelSpec, write_spec
from lookalike.encoders.spec import file_sha256


def export_resnet50(folder: str, seed: int = 0) -> str:
    """Write torchvision's ResNet50, cut after the average pool, and return the folder."""
    torch.manual_seed(seed)
    network = torchvision.models.resnet50(weights=None)
    # One pass in training mode gives the batch norms statistics that fit the random weights.
    network.train()
    with torch.no_grad():
        network(torch.rand(8, 3, 224, 224))
    model = nn.Sequential(*list(network.children())[:-1], nn.Flatten()).eval()
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.zeros(2, 3, 224, 224),),
            path,
            input_names=["pixel_values"],
            output_names=["embedding"],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
            external_data=False,
            verbose=False,
        )
    spec = ModelSpec(
        name="resnet50-random",
        description="torchvision ResNet50 with random weights, for benchmarks and tests",
        file="model.onnx",
        sha256=file_sha256(path),
        input=InputSpec(
            name="pixel_values",
            width=224,
            height=224,
            resize="crop",
            crop_fraction=0.875,
            interpolation="bilinear",
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
        ),
        embedding=EmbeddingSpec(output="embedding", dimension=2048),
    )
    write_spec(spec, folder)
    return folder
