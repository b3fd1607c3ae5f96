"""Memory: what is refused, what is let in, and what it costs, measured in child processes."""

import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from lookalike.decode import MAX_PIXELS, decode
from lookalike.decode.picture import MAX_BYTES, _MemoryBudget
from lookalike.errors import DecodeError

from .samples import chunk, encoded, png, waves

# Decode's own filter is undone by pytest, which sets the filters anew for each test.
pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")

_CHILD = """
import resource, sys, threading
from lookalike.decode import decode
from lookalike.errors import DecodeError
data = [open(name, "rb").read() for name in sys.argv[2:]]
decode(data[0][:0] or open(sys.argv[1], "rb").read())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
said = []
def one(data):
    try:
        picture = decode(data, at_least=448)
        said.append(f"{picture.width}x{picture.height}")
    except DecodeError as error:
        said.append(f"refused: {error}")
threads = [threading.Thread(target=one, args=(d,)) for d in data]
[t.start() for t in threads]
[t.join() for t in threads]
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown * 1024, *said, sep="\\n")
"""


def _decode_in_child(folder: Path, *files: bytes) -> tuple[int, list[str]]:
    """Bytes by which the child's memory grew, and what it said of each file."""
    names = []
    for number, data in enumerate((encoded(waves(64, 64), "PNG"), *files)):
        names.append(str(folder / f"{number}.bin"))
        Path(names[-1]).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *names],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    grown, *said = done.stdout.splitlines()
    return int(grown), said


def test_a_30000_by_30000_png_is_refused_with_its_reason(tmp_path: Path) -> None:
    data = png(30_000, 30_000, depth=1, colour=0)
    assert len(data) < 1_000_000
    grown, said = _decode_in_child(tmp_path, data)
    assert said == ["refused: it has more pixels than the limit of 120,000,000"]
    assert grown < 50e6


def test_what_the_limit_lets_in_stays_within_the_memory_bound(tmp_path: Path) -> None:
    grey = png(11_000, 10_900, depth=8, colour=0)
    grown, said = _decode_in_child(tmp_path, grey)
    assert said == ["11000x10900"]
    assert grown < MAX_BYTES


def test_threads_share_the_memory_bound(tmp_path: Path) -> None:
    """Three pictures of 460 MB each: together far over the bound, one after another within it."""
    colour = png(8_000, 7_200, colour=6, row=bytes(8_000 * 4))
    grown, said = _decode_in_child(tmp_path, colour, colour, colour)
    assert said == ["8000x7200"] * 3
    assert grown < MAX_BYTES + 100e6


def test_formats_that_decode_with_more_memory_have_a_lower_limit() -> None:
    flat = Image.new("RGB", (8_200, 8_200), (9, 9, 9))
    with pytest.raises(DecodeError, match=r"8200 x 8200 = 67,240,000 pixels .* of 60,000,000"):
        decode(encoded(flat, "WEBP", quality=1, method=0))


def _jpeg_header(width: int, height: int, *, scan_of: int = 3, progressive: bool = False) -> bytes:
    """A JPEG of that size whose data is missing."""
    small = encoded(Image.new("RGB", (8, 8)), "JPEG", progressive=progressive)
    frame = small.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    scan = small.index(b"\xff\xda")
    size = struct.pack(">HH", height, width)
    head = small[: frame + 5] + size + small[frame + 9 : scan]
    if scan_of == 3:
        return head + small[scan:]
    return head + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(100)


def test_a_large_jpeg_is_let_in_at_the_scale_that_fits() -> None:
    """200 megapixels, as phones make them: over the cap in full, decoded at 1/8."""
    data = _jpeg_header(16_320, 12_240)
    picture = decode(data, at_least=448)
    assert (picture.width, picture.height) == (16_320, 12_240)
    assert picture.image.size == (2_040, 1_530)
    with pytest.raises(DecodeError, match="199,756,800 pixels are over the limit of 120,000,000"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        _jpeg_header(30_000, 30_000, progressive=True),
        _jpeg_header(30_000, 30_000, scan_of=1),
        _jpeg_header(65_500, 65_500, scan_of=1),
    ],
    ids=["progressive", "scans", "largest"],
)
def test_a_jpeg_that_needs_its_full_size_in_memory_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="over the limit"):
        decode(data, at_least=448)


def test_a_decompression_bomb_in_a_text_chunk() -> None:
    """A small picture with a comment that unpacks to 200 MB."""
    bomb = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    data = png(8, 8)
    with_bomb = data[:33] + chunk(b"zTXt", bomb) + data[33:]
    with pytest.raises(DecodeError, match="damaged: Decompressed data too large"):
        decode(with_bomb)


def test_more_data_than_the_header_says_is_not_unpacked(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(200_000_000), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed)
    grown, _ = _decode_in_child(tmp_path, data + chunk(b"IEND", b""))
    assert grown < 60e6


def test_a_tiff_whose_tile_is_far_larger_than_its_picture(tmp_path: Path) -> None:
    packed = zlib.compress(bytes(16_000 * 16_000), 9)
    entries = [
        (256, 4, 100), (257, 4, 100), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1),
        (322, 4, 16_000), (323, 4, 16_000), (324, 4, 200), (325, 4, len(packed)),
    ]  # fmt: skip
    ifd = struct.pack("<H", len(entries))
    ifd += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    data = (b"II*\0" + struct.pack("<I", 8) + ifd + bytes(4)).ljust(200, b"\0") + packed
    grown, said = _decode_in_child(tmp_path, data)
    assert grown < 150e6, said


def test_a_full_budget_makes_the_next_one_wait() -> None:
    budget = _MemoryBudget(10)
    order: list[str] = []
    inside = threading.Event()
    leave = threading.Event()

    def first() -> None:
        with budget.hold(8):
            inside.set()
            leave.wait(10)
            order.append("first")

    def second() -> None:
        with budget.hold(5):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    with budget.hold(2):
        time.sleep(0.05)
        assert order == []
    leave.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]


def test_a_failure_gives_its_share_back() -> None:
    budget = _MemoryBudget(10)
    for _ in range(100):
        with pytest.raises(ValueError, match="broken"), budget.hold(10):
            raise ValueError("broken")
    with budget.hold(10):
        pass


def test_many_threads_decode_good_and_bad_files_without_a_deadlock() -> None:
    # Each takes more than half of the budget, so that every one of them has to wait its turn.
    large = png(9_000, 7_000, depth=1, colour=0)
    damaged = large[: len(large) // 2]
    results: list[str] = []

    def work(data: bytes) -> None:
        try:
            results.append(f"{decode(data, at_least=64).width}")
        except DecodeError:
            results.append("refused")

    threads = [
        threading.Thread(target=work, args=(damaged if n % 2 else large,), daemon=True)
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["9000"] * 6 + ["refused"] * 6


def test_the_stated_bound() -> None:
    assert MAX_PIXELS == 120_000_000
    assert MAX_BYTES == 960_000_000
