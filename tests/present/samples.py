"""Results to present, with names as hostile as a file system allows."""

from datetime import UTC, datetime

from lookalike.types import Hit, IndexSummary, ModelInfo, Rules, SearchResult, Skipped, Status

HOSTILE = [
    "/p/<script>alert(1)</script>.jpg",
    '/p/"><img src=x onerror=alert(1)>.jpg',
    "/p/{{ 7 * 7 }}{% raw %}.jpg",
    "/p/\u202egpj.exe",
    "/p/two\nlines\tand tabs.jpg",
    "/p/\x1b[31mred\x1b]8;;http://evil.example\x07.jpg",
    "/p/[bold red]markup[/] :smiley:.jpg",
    "/p/not-utf-8-\udcff\udcfe.jpg",
    "/p/' onmouseover='alert(1).jpg",
    "/p/" + "long name " * 40 + ".jpg",
]


def hit(path: str, score: float = 0.5, *, number: int = 1) -> Hit:
    return Hit(
        id=number,
        path=path,
        score=score,
        width=480,
        height=360,
        format="JPEG",
        bytes=1234,
        digest="0123456789abcdef" * 2,
        modified=datetime(2024, 5, 31, 12, 0, 1, tzinfo=UTC),
        taken=datetime(2019, 7, 14, 12, 30, 5),
    )


def hostile_result() -> SearchResult:
    hits = [hit(path, 1 - rank / 20, number=rank) for rank, path in enumerate(HOSTILE)]
    return SearchResult(HOSTILE[0], hits)


def summary(skipped: int = 0) -> IndexSummary:
    return IndexSummary(
        added=1234,
        updated=2,
        unchanged=3,
        removed=4,
        skipped=[Skipped(f"/p/{n}\n.jpg", "cut \x1b[1m short") for n in range(skipped)],
        warnings=["/media/usb is not mounted; nothing of it was removed"],
        seconds=83.4,
    )


def status() -> Status:
    return Status(
        collection="/home/me/c\udcff",
        model=ModelInfo("resnet50", "0123456789abcdef" * 4, 2048),
        dimension=2048,
        images=3000,
        skipped=2,
        bytes=123_456_789,
        roots=["/p", "/q"],
        offline=["/q"],
        rules={"/p": Rules(exclude=("*.gif",), min_bytes=20_000)},
        skipped_files=[Skipped("/p/a\n.jpg", "empty"), Skipped("/p/b\udcff", "not a picture")],
    )
