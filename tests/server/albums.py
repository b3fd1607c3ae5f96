"""A small collection with all that pictures can be filtered by."""

from datetime import datetime
from pathlib import Path

from PIL import Image

from lookalike import Collection
from tests.support.pictures import draw

ALBUMS = {
    "beach": ("Canon", "EOS R5", datetime(2019, 7, 14, 12)),
    "city": ("NIKON", "D850", datetime(2021, 3, 2, 9)),
    "snow": ("Canon", "EOS R5", datetime(2021, 12, 30, 9)),
}
EACH = 6


def write_albums(folder: Path) -> None:
    """Six JPEGs in each of three folders, with camera and day, and one PNG that has neither."""
    seed = 0
    for name, (maker, model, day) in ALBUMS.items():
        (folder / name).mkdir(parents=True)
        for number in range(EACH):
            exif = Image.Exif()
            exif[0x010F], exif[0x0110] = maker, model
            exif.get_ifd(0x8769)[0x9003] = f"{day:%Y:%m:%d %H:%M:%S}"
            draw(seed).save(folder / name / f"{name} {number}.jpg", "JPEG", exif=exif)
            seed += 1
    draw(seed).resize((700, 500)).save(folder / "beach" / "scan.png")


def ids_of(photos: Collection, start: str) -> list[int]:
    """The pictures whose file names begin like this, by name."""
    found = {Path(item.file.path).name: item.id for item in photos.browse(0, 1000)}
    return [found[name] for name in sorted(found) if name.startswith(start)]
