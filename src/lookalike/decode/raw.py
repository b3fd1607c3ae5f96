"""Cameras' raw files: the preview that the camera put into them, or the sensor at half its size."""

import io
from dataclasses import replace
from typing import Any

from PIL import Image, UnidentifiedImageError

from lookalike.decode.details import Details, details_of_exif
from lookalike.decode.keywords import keywords_of

_TURNS = {
    3: Image.Transpose.ROTATE_180,
    5: Image.Transpose.ROTATE_90,
    6: Image.Transpose.ROTATE_270,
}
"""What LibRaw's number of a position asks for."""

BYTES_PER_PIXEL = 12
"""Most memory that decoding takes, for each pixel of the sensor."""


class RawFile:
    """An opened raw file; a context.

    Attributes:
        width: pixels, upright.
        height: pixels, upright.
    """

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            UnidentifiedImageError: LibRaw does not know it.
        """
        import rawpy

        self._rawpy = rawpy
        try:
            self._raw: Any = rawpy.imread(io.BytesIO(data))
        except rawpy.LibRawError as error:
            raise UnidentifiedImageError("no raw file that LibRaw knows") from error
        sizes = self._raw.sizes
        self._flip = int(sizes.flip)
        sides = sizes.width, sizes.height
        self.width, self.height = sides[::-1] if self._flip in (5, 6) else sides

    def __enter__(self) -> "RawFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def image(self, at_least: int | None) -> Image.Image:
        """The picture, upright: the camera's preview where it is large enough.

        Args:
            at_least: pixels that the shorter side should keep; None asks for half the sensor's.
        """
        enough = min(self.width, self.height) // 2
        if at_least is not None:
            enough = min(enough, at_least)
        preview = self._preview()
        if preview is not None and min(preview.size) >= enough:
            return preview
        return Image.fromarray(
            self._raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
        )

    def _preview(self) -> Image.Image | None:
        try:
            found = self._raw.extract_thumb()
        except self._rawpy.LibRawError:
            return None
        if found.format == self._rawpy.ThumbFormat.BITMAP:
            return self._turned(Image.fromarray(found.data))
        preview = Image.open(io.BytesIO(found.data), formats=("JPEG",))
        orientation = preview.getexif().get(274)
        preview.load()
        if orientation is None:
            return self._turned(preview.convert("RGB"))
        from PIL import ImageOps

        return ImageOps.exif_transpose(preview).convert("RGB")

    def _turned(self, image: Image.Image) -> Image.Image:
        turn = _TURNS.get(self._flip)
        return image if turn is None else image.transpose(turn)


def raw_details(data: bytes) -> Details:
    """What it says of itself, where the file is built like a TIFF."""
    exif = Image.Exif()
    exif.load(data)
    words = keywords_of(Image.new("L", (1, 1)), exif)
    return replace(details_of_exif(exif), keywords=words)
