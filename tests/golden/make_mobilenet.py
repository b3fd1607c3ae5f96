"""Compute the golden embeddings of the shared MobileNet, by a path that shares no code with ours.

The graph runs in onnx.reference (pure NumPy); pixels are resampled by the matrices below, across
and then down, rounded to 8 bits after each as in every image library (this model was quantised,
and half a grey level all over the picture moves its embedding by 2e-4). Run from the project's
root:

    python -m tests.golden.make_mobilenet

An existing file is never overwritten: delete it first if new values are meant.
"""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILE = Path(__file__).with_name("mobilenet.npz")

SIDE = 224

INTEL = (
    "buildings/20057.jpg",
    "forest/20056.jpg",
    "glacier/20059.jpg",
    "sea/20072.jpg",
)
"""Under data/intel/test of the shared data; named by path and sha256, never copied."""

DRAWN = ((224, 224), (150, 150), (640, 480), (900, 1200))


def drawn(number: int) -> NDArray[np.uint8]:
    """A picture by formula: discs of random place, size and colour over a soft ramp."""
    width, height = DRAWN[number]
    random = np.random.Generator(np.random.PCG64(1000 + number))
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    first, second = random.uniform(0, 255, (2, 3))
    picture = first + (second - first) * ((x + y) / 2)[..., None]
    for _ in range(12):
        centre_x, centre_y, radius = random.uniform((0, 0, 0.05), (1, 1, 0.25))
        distance = np.hypot(x - centre_x, y - centre_y)
        inside = np.clip((radius - distance) * max(width, height), 0, 1)[..., None]
        picture = picture * (1 - inside) + random.uniform(0, 255, 3) * inside
    return np.asarray(np.round(picture), dtype=np.uint8)


def resampling_matrix(source: int, target: int) -> NDArray[np.float64]:
    """Antialiased bilinear: a triangle as wide as the larger of both pixels, weights summing to 1.

    Row i has the weights of the source's pixels in the target's pixel i.
    """
    scale = source / target
    reach = max(scale, 1.0)
    centres = (np.arange(target) + 0.5) * scale
    distance = np.abs(np.arange(source) + 0.5 - centres[:, None]) / reach
    weights = np.maximum(0.0, 1.0 - distance)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def network_input(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(3, 224, 224): the whole picture stretched, then x / 127.5 - 1, as model.md says."""
    down = resampling_matrix(picture.shape[0], SIDE)
    across = resampling_matrix(picture.shape[1], SIDE)
    narrow = np.floor(np.einsum("hwc,jw->chj", picture.astype(np.float64), across) + 0.5)
    resized = np.floor(np.einsum("ih,chj->cij", down, narrow) + 0.5)
    return np.asarray(resized / 127.5 - 1, dtype=np.float32)


def main() -> None:
    """Write the golden file."""
    from onnx.reference import ReferenceEvaluator

    if FILE.exists():
        sys.exit(f"{FILE} exists; delete it first if new values are meant")
    shared = Path(os.environ.get("LOOKALIKE_SHARED", "../shared"))
    model = shared / "models" / "mobilenet-edgetpu" / "model.onnx"
    network = ReferenceEvaluator(str(model))
    files = [shared / "data" / "intel" / "test" / name for name in INTEL]
    pictures = [drawn(number) for number in range(len(DRAWN))]
    pictures += [np.asarray(Image.open(file).convert("RGB")) for file in files]
    embeddings = []
    for number, picture in enumerate(pictures):
        (raw,) = network.run(["embedding"], {"pixel_values": network_input(picture)[None]})
        vector = np.asarray(raw, dtype=np.float64)[0]
        embeddings.append(vector / np.linalg.norm(vector))
        print(f"{number + 1} of {len(pictures)}", file=sys.stderr)
    np.savez_compressed(
        FILE,
        embeddings=np.asarray(embeddings, dtype=np.float32),
        model_sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        drawn_sha256=[hashlib.sha256(drawn(n).tobytes()).hexdigest() for n in range(len(DRAWN))],
        intel=INTEL,
        intel_sha256=[hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
    )


if __name__ == "__main__":
    main()
