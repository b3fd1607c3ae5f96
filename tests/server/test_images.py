"""GET /api/images: lists, originals and thumbnails, by id only."""

import io
import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

import lookalike
from lookalike import Collection
from lookalike.server import create_app
from lookalike.server.media import disposition, media_type


def test_pages_of_the_list(client: TestClient, collection: Collection) -> None:
    body = client.get("/api/images?limit=4&offset=2").json()
    assert body["total"] == collection.status().images
    stored = collection.browse(2, 4)
    assert body["images"] == [
        {
            "id": each.id,
            "path": each.file.path,
            "width": each.file.width,
            "height": each.file.height,
            "digest": each.file.digest.hex(),
            "frame": None,
        }
        for each in stored
    ]
    assert client.get(f"/api/images?offset={2**62}").json()["images"] == []


def test_a_seed_draws_the_same_pictures_again(client: TestClient) -> None:
    first = client.get("/api/images?limit=12&seed=5").json()["images"]
    assert len({image["id"] for image in first}) == 12
    assert client.get("/api/images?limit=12&seed=5").json()["images"] == first
    assert client.get("/api/images?limit=12&seed=6").json()["images"] != first
    everything = client.get("/api/images?limit=1000&seed=6").json()
    assert len(everything["images"]) == everything["total"]


def test_the_original_as_it_is_on_disk(client: TestClient, collection: Collection) -> None:
    for stored in collection.browse(0, 4):
        answer = client.get(f"/api/images/{stored.id}")
        assert answer.content == Path(stored.file.path).read_bytes()
        assert answer.headers["content-type"] == f"image/{stored.file.format.lower()}"
        assert answer.headers["content-disposition"].startswith(
            f'inline; filename="image-{stored.id}.'
        )
        assert "sandbox" in answer.headers["content-security-policy"]
        again = client.get(
            f"/api/images/{stored.id}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


def test_what_is_known_of_a_picture(client: TestClient, collection: Collection) -> None:
    stored = collection.browse(5, 1)[0]
    status = os.stat(stored.file.path)
    body = client.get(f"/api/images/{stored.id}/details").json()
    modified = datetime.fromisoformat(body.pop("modified"))
    assert modified.timestamp() == int(status.st_mtime)
    assert body == {
        "taken": None,
        "camera": None,
        "labels": [],
        "id": stored.id,
        "path": stored.file.path,
        "folder": os.path.dirname(stored.file.path),
        "width": stored.file.width,
        "height": stored.file.height,
        "digest": stored.file.digest.hex(),
        "frame": None,
        "format": stored.file.format,
        "bytes": status.st_size,
    }


@pytest.mark.parametrize("side", [320, 640])
def test_a_thumbnail(client: TestClient, collection: Collection, side: int) -> None:
    stored = collection.browse(3, 1)[0]
    address = f"/api/images/{stored.id}/thumbnail?side={side}"
    answer = client.get(address)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"].startswith("private, ")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert max(picture.size) <= side
    tag = answer.headers["etag"]
    assert client.get(address, headers={"If-None-Match": f'"x", W/{tag}'}).status_code == 304
    assert client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_thumbnail_lasts_as_long_as_its_picture(
    gallery: Path, tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pictures" / "one.jpg"
    path.parent.mkdir()
    shutil.copy(gallery / "picture 00.jpg", path)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(path.parent)
        with TestClient(create_app(photos), base_url="http://localhost") as client:

            def listed() -> tuple[str, str]:
                image = client.get("/api/images").json()["images"][0]
                hit = client.post("/api/search", json={"id": image["id"]}).json()["hits"][0]
                assert hit["digest"] == image["digest"]
                return f"/api/images/{image['id']}/thumbnail", image["digest"]

            address, before = listed()
            first = client.get(address, params={"digest": before})
            assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert client.get(address).headers["cache-control"] == "private, no-cache"

            # Changed, and not indexed again: what is kept stays, and nothing new is kept.
            shutil.copy(gallery / "picture 15.jpg", path)
            assert client.get(address, params={"digest": before}).content == first.content
            new = client.get(address, params={"digest": before, "side": 160})
            assert new.headers["cache-control"] == "private, no-store"
            assert "etag" not in new.headers

            photos.index()
            again, after = listed()
            assert (again, after != before) == (address, True)
            second = client.get(address, params={"digest": after})
            assert second.headers["cache-control"].endswith("immutable")
            assert second.content != first.content
            # The old address gives the picture as it is now, and is asked for again.
            late = client.get(address, params={"digest": before})
            assert (late.content, late.headers["cache-control"]) == (
                second.content,
                "private, no-cache",
            )
            assert client.get(address, params={"digest": after, "side": 160}).content == new.content
            assert client.get(address, params={"digest": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/images/999999", 404),
        ("/api/images/999999/thumbnail", 404),
        ("/api/images/999999/details", 404),
        ("/api/images/-1", 422),
        ("/api/images/99999999999999999999", 422),
        ("/api/images/1.5", 422),
        ("/api/images/..%2f..%2fetc%2fpasswd", 404),
        ("/api/images//etc/passwd", 404),
        ("/api/images/1/thumbnail?side=100000", 422),
        ("/api/images?limit=0", 422),
        ("/api/images?limit=1001", 422),
        ("/api/images?offset=-1", 422),
        ("/api/images?seed=-1", 422),
        ("/api/nothing", 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e%2fapp.py", 404),
        ("/static/style.css%00", 404),
    ],
)
def test_bad_addresses_get_a_sentence(client: TestClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert answer.json()["error"] not in ("", "Not Found")


def test_files_that_changed_since(gallery: Path, tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("gone.jpg", "page.jpg", "broken.jpg"):
        shutil.copy(gallery / "picture 00.jpg", folder / name)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder)
        ids = {os.path.basename(each.file.path): each.id for each in photos.browse(0, 9)}
        (folder / "gone.jpg").unlink()
        (folder / "page.jpg").write_bytes(b"<svg onload=alert(1)>")
        (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
        with TestClient(create_app(photos), base_url="http://localhost") as client:
            gone = client.get(f"/api/images/{ids['gone.jpg']}")
            page = client.get(f"/api/images/{ids['page.jpg']}")
            small = [client.get(f"/api/images/{each}/thumbnail") for each in ids.values()]
            # A search needs the embedding only, which is still there.
            assert client.post("/api/search", json={"id": ids["gone.jpg"]}).status_code == 200
    assert (gone.status_code, page.status_code) == (404, 404)
    assert "picture" in page.json()["error"]
    assert [answer.status_code for answer in small] == [404, 404, 404]


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
def test_names_that_are_no_text(gallery: Path, tiny_model: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b'line\nbreak "\xff\xe2\x80\xae.jpg')
    folder = tmp_path / "pictures"
    folder.mkdir()
    shutil.copy(gallery / "picture 00.jpg", folder / name)
    with lookalike.open(tmp_path / "c", model=tiny_model) as photos:
        photos.index(folder)
        with TestClient(create_app(photos), base_url="http://localhost") as client:
            image = client.get("/api/images").json()["images"][0]
            answer = client.get(f"/api/images/{image['id']}")
            hits = client.post("/api/search", json={"id": image["id"]}).json()
            os.unlink(folder / name)
            gone = client.get(f"/api/images/{image['id']}")
    assert image["path"].endswith('line\\nbreak "\\xff\\u202e.jpg')
    assert hits["hits"][0]["path"] == hits["query"] == image["path"]
    assert answer.headers["content-disposition"].isascii()
    assert gone.status_code == 404
    assert "\\xff" in gone.json()["error"]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"BM", "image/bmp"),
        (b"II*\x00", "image/tiff"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", "image/avif"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avif", "image/avif"),
        (b"\x00\x00\x00\x1cftypheic", "image/heic"),
        (b"\x00\x00\x00\x1cftypisom", "video/mp4"),
        (b"P6\n1 1", "image/x-portable-anymap"),
        (b"PK\x03\x04", None),
        (b"<svg xmlns=", None),
        (b"<?xml version=", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_bytes_decide_the_media_type(start: bytes, kind: str | None) -> None:
    assert media_type(start) == kind


def test_a_name_for_saving_keeps_the_stem_only() -> None:
    header = disposition(7, '/a/b/ev"il\r\nX: y\udcff.html', "image/jpeg")
    assert header.startswith("inline; filename=\"image-7.jpg\"; filename*=UTF-8''ev%22il%0D%0AX")
    assert header.endswith(".jpg")
