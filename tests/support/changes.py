"""Changes that copies of pictures go through: the picture stays the same one."""

import io
from collections.abc import Callable

from PIL import Image, ImageEnhance, ImageOps

Change = Callable[[Image.Image], Image.Image]


def compressed(quality: int) -> Change:
    def change(picture: Image.Image) -> Image.Image:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        return Image.open(io.BytesIO(out.getvalue())).convert("RGB")

    return change


def resized(share: float) -> Change:
    def change(picture: Image.Image) -> Image.Image:
        size = round(picture.width * share), round(picture.height * share)
        return picture.resize(size, Image.Resampling.LANCZOS)

    return change


def cropped(share: float, across: float = 0.5, down: float = 0.5) -> Change:
    """Keep `share` of each side, at a place that `across` and `down` say, 0..1."""

    def change(picture: Image.Image) -> Image.Image:
        width, height = round(picture.width * share), round(picture.height * share)
        x = round((picture.width - width) * across)
        y = round((picture.height - height) * down)
        return picture.crop((x, y, x + width, y + height))

    return change


CHANGES: dict[str, Change] = {
    "JPEG quality 30": compressed(30),
    "half the size": resized(0.5),
    "cropped to 90 %": cropped(0.9, 0.2, 0.7),
    "cropped to 75 %": cropped(0.75, 0.7, 0.3),
    "mirrored": ImageOps.mirror,
    "turned by 180 degrees": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "turned by 90 degrees": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "grey": lambda picture: ImageOps.grayscale(picture).convert("RGB"),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.4),
    "more colour": lambda picture: ImageEnhance.Color(picture).enhance(2.0),
}
