"""fastembed over a folder with a given ONNX file: `python fastembed_peer.py MODEL_FOLDER IMAGES`.

Runs in an environment that has nothing of ours. Prints images/s, model loading included.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fastembed import ImageEmbedding

PREPROCESSING = {
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "feature_extractor_type": "ConvNextFeatureExtractor",
    "image_mean": [0.485, 0.456, 0.406],
    "image_processor_type": "ConvNextFeatureExtractor",
    "image_std": [0.229, 0.224, 0.225],
    "crop_pct": 0.875,
    "resample": 3,
    "rescale_factor": 1 / 255,
    "size": {"shortest_edge": 224},
}


def main() -> None:
    model, images = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(model / "model.onnx", Path(folder) / "model.onnx")
        Path(folder, "preprocessor_config.json").write_text(json.dumps(PREPROCESSING))
        files = sorted(images.iterdir())
        started = time.perf_counter()
        encoder = ImageEmbedding("Qdrant/resnet50-onnx", specific_model_path=folder)
        found = sum(1 for _ in encoder.embed(files, batch_size=16))
        assert found == len(files)
        print(found / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
