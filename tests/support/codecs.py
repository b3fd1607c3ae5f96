"""Files of formats that Pillow alone does not write: PSD, HEIF and JPEG XL.

The packages that write the latter two are imported when they are needed.
"""

import importlib
import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def psd(picture: Image.Image) -> bytes:
    """A Photoshop file with its flat preview, uncompressed."""
    pixels = np.asarray(picture)
    height, width = pixels.shape[:2]
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    planes = b"".join(pixels[:, :, band].tobytes() for band in range(3))
    return head + struct.pack(">III", 0, 0, 0) + struct.pack(">H", 0) + planes


def heic(picture: Image.Image, **options: object) -> bytes:
    """A HEIF file; options are those of pillow-heif."""
    out = io.BytesIO()
    importlib.import_module("pillow_heif").from_pillow(picture).save(out, quality=90, **options)
    return out.getvalue()


def jxl(pixels: NDArray[np.generic], **options: object) -> bytes:
    """A JPEG XL file; options are those of imagecodecs."""
    return bytes(importlib.import_module("imagecodecs").jpegxl_encode(pixels, **options))
