"""POST /api/search, by file, address and id."""

import base64
import io
import json
from pathlib import Path
from random import Random

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from lookalike import Collection, Example, Query, Where
from lookalike.errors import SourceError
from lookalike.server.routes import search as search_route

HIT = {
    *("id", "path", "score", "distance", "width", "height"),
    *("format", "bytes", "digest", "modified", "taken", "offline", "frame", "likeness"),
}


def test_a_picture_of_the_collection_finds_itself(client: TestClient, gallery: Path) -> None:
    path = gallery / "picture 00.jpg"
    answer = client.post(
        "/api/search", files={"file": ("my holiday.jpg", path.read_bytes())}, data={"k": "5"}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"query", "hits", "offset", "total"}
    assert (body["offset"], body["total"]) == (0, 90)
    assert body["query"] == "my holiday.jpg"
    assert len(body["hits"]) == 5
    first = body["hits"][0]
    assert set(first) == HIT
    assert first["path"] == str(path.resolve())
    assert first["score"] >= 0.999
    assert first["distance"] == pytest.approx(1 - first["score"])
    assert (first["width"], first["height"]) == (240, 160)
    scores = [hit["score"] for hit in body["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_ten_hits_unless_told(client: TestClient, query: Path) -> None:
    answer = client.post("/api/search", files={"file": query.read_bytes()})
    assert len(answer.json()["hits"]) == 10


def test_more_hits_than_pictures_gives_all(client: TestClient, collection: Collection) -> None:
    answer = client.post("/api/search", json={"id": 1, "k": 1000})
    assert len(answer.json()["hits"]) == collection.status().images


def test_by_id_gives_the_same_as_the_library(client: TestClient, collection: Collection) -> None:
    stored = collection.browse(3, 1)[0]
    body = client.post("/api/search", json={"id": stored.id, "k": 7}).json()
    assert body["query"] == stored.file.path
    assert [hit["id"] for hit in body["hits"]] == [h.id for h in collection.search(stored.id, 7)]
    assert body["hits"][0]["id"] == stored.id


def test_by_address(
    client: TestClient, query: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(url: str, *, allow_private: bool) -> bytes:
        asked.append((url, allow_private))
        return query.read_bytes()

    monkeypatch.setattr(search_route, "fetch", fetch)
    body = client.post("/api/search", json={"url": "https://example.org/a.jpg", "k": 3}).json()
    assert asked == [("https://example.org/a.jpg", False)]
    assert body["query"] == "https://example.org/a.jpg"
    expected = collection.search(query.read_bytes(), 3)
    assert [hit["id"] for hit in body["hits"]] == [hit.id for hit in expected]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a.jpg",
        "http://localhost:1/a.jpg",
        "http://[::1]:1/a.jpg",
        "http://0x7f000001:1/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://user:secret@127.0.0.1:1/",
        "http://127.0.0.1:99999999/",
        "http://exa mple/",
        "http://\u0000/",
    ],
)
def test_an_address_of_this_machine_or_network_is_refused(client: TestClient, url: str) -> None:
    answer = client.post("/api/search", json={"url": url})
    assert answer.status_code in (422, 502)
    assert answer.json()["error"]


def test_an_address_that_fails_is_the_other_sides_fault(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(url: str, *, allow_private: bool) -> bytes:
        raise SourceError(f"{url} answered with status 404")

    monkeypatch.setattr(search_route, "fetch", fetch)
    answer = client.post("/api/search", json={"url": "https://example.org/\u202egpj.exe"})
    assert answer.status_code == 502
    assert answer.json() == {"error": "https://example.org/\\u202egpj.exe answered with status 404"}


@pytest.mark.parametrize("ask", ["file", "id"])
def test_a_preview_is_a_small_jpeg(client: TestClient, query: Path, ask: str) -> None:
    if ask == "file":
        answer = client.post(
            "/api/search", files={"file": query.read_bytes()}, data={"preview": "true"}
        )
    else:
        answer = client.post("/api/search", json={"id": 1, "preview": True})
    kind, _, data = answer.json()["preview"].partition(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert picture.format == "JPEG"
        assert max(picture.size) <= 640


BAD_JSON = {
    "not JSON": (b"{", 400, "invalid JSON"),
    "empty": (b"", 400, "invalid JSON"),
    "a list": (b"[]", 422, "should be an object"),
    "deep": (b"[" * 30_000, 400, "invalid JSON"),
    "nothing named": (b"{}", 422, "give a picture as id, url or upload"),
    "both named": (b'{"url": "http://a.example/", "id": 1}', 422, "one of id, url and upload"),
    "k too small": (b'{"id": 1, "k": 0}', 422, "k: "),
    "k too large": (b'{"id": 1, "k": 1001}', 422, "k: "),
    "k a word": (b'{"id": 1, "k": "many"}', 422, "k: "),
    "k not finite": (b'{"id": 1, "k": NaN}', 422, "k: "),
    "id negative": (b'{"id": -1}', 422, "id: "),
    "id huge": (b'{"id": 99999999999999999999999}', 422, "id: "),
    "no such id": (b'{"id": 9223372036854775807}', 404, "there is no picture"),
    "not http": (b'{"url": "file:///etc/passwd"}', 422, "http://"),
    "no host": (b'{"url": "http://"}', 422, "http://"),
    "broken host": (b'{"url": "http://[::1"}', 422, "url: "),
    "a path": (b'{"url": "/etc/passwd"}', 422, "http://"),
    "long url": (b'{"url": "http://a.example/' + b"a" * 9000 + b'"}', 422, "url: "),
    "unknown field": (b'{"id": 1, "path": "/etc/passwd"}', 422, "path: "),
    "half a surrogate": (b'{"url": "http://a.example/\\ud800"}', 400, "invalid JSON"),
    "too long": (b'{"url": "' + b"a" * 70_000 + b'"}', 413, "64 KiB"),
}


@pytest.mark.parametrize(("body", "status", "says"), BAD_JSON.values(), ids=BAD_JSON.keys())
def test_bad_json_gets_a_sentence(client: TestClient, body: bytes, status: int, says: str) -> None:
    answer = client.post("/api/search", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert says in answer.json()["error"]


def picture(width: int, height: int, mode: str = "RGB", codec: str = "JPEG") -> bytes:
    data = io.BytesIO()
    Image.new(mode, (width, height)).save(data, codec)
    return data.getvalue()


BAD_FILES = {
    "text": b"no picture at all",
    "nothing": b"",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "truncated": picture(640, 640)[:2000],
    "too many pixels": picture(30_000, 30_000, "1", "PNG"),
}


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_is_no_picture_is_415(client: TestClient, data: bytes) -> None:
    answer = client.post("/api/search", files={"file": ("q.jpg", data)})
    assert answer.status_code == 415
    assert answer.json()["error"].startswith("this picture cannot be used: ")


def test_bad_forms_get_a_sentence(client: TestClient, query: Path) -> None:
    data = query.read_bytes()
    several = [("file", ("a.jpg", data)), ("file", ("b.jpg", data))]
    boundary = {"Content-Type": "multipart/form-data"}
    answers = {
        "no file": client.post("/api/search", files={"picture": ("a.jpg", data)}),
        "two files": client.post("/api/search", files=several),
        "k zero": client.post("/api/search", files={"file": data}, data={"k": "0"}),
        "k a word": client.post("/api/search", files={"file": data}, data={"k": "lots"}),
        "unknown": client.post("/api/search", files={"file": data}, data={"path": "/etc/passwd"}),
        "no boundary": client.post("/api/search", content=data, headers=boundary),
        "bare": client.post("/api/search", content=data, headers={"Content-Type": "image/jpeg"}),
        "no type": client.post("/api/search", content=data),
    }
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {
        "no file": 422,
        "two files": 400,
        "k zero": 422,
        "k a word": 422,
        "unknown": 422,
        "no boundary": 400,
        "bare": 415,
        "no type": 415,
    }
    assert all(set(answer.json()) == {"error"} for answer in answers.values())
    assert "field file" in answers["no type"].json()["error"]


def test_a_file_name_is_safe_to_show(client: TestClient, query: Path) -> None:
    name = "../../etc/\u202egpj.exe"
    body = client.post("/api/search", files={"file": (name, query.read_bytes())}).json()
    assert "\u202e" not in body["query"]


def test_garbled_requests_are_the_clients_fault(client: TestClient) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        + picture(8, 8)
        + b'\r\n--b\r\nContent-Disposition: form-data; name="k"\r\n\r\n5\r\n--b--\r\n'
    )
    named = b'{"id": 3, "k": 5, "preview": true, "url": null}'
    random = Random(11)
    for _ in range(300):
        kind, body = random.choice(
            [("multipart/form-data; boundary=b", form), ("application/json", named)]
        )
        garbled = bytearray(body)
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(garbled) - 8)
            junk = random.choice([b"", b"\xff", b'"', b"\r\n", b"\x00", random.randbytes(4)])
            garbled[place : place + random.randint(0, 6)] = junk
        answer = client.post("/api/search", content=bytes(garbled), headers={"Content-Type": kind})
        assert answer.status_code in (200, 400, 404, 415, 422), bytes(garbled)
        assert answer.status_code == 200 or set(answer.json()) == {"error"}


def ids_of(body: dict[str, list[dict[str, int]]]) -> list[int]:
    return [hit["id"] for hit in body["hits"]]


def test_pictures_for_and_against_with_crops(
    client: TestClient, collection: Collection, query: Path
) -> None:
    upload = client.post("/api/uploads", files={"file": query.read_bytes()}).json()["upload"]
    crop = (0.25, 0.25, 0.5, 0.5)
    expected = collection.search(
        Query(
            positives=(Example(query.read_bytes(), 2.0, crop), Example(3)),
            negatives=(Example(5, 0.5), Example(query.read_bytes())),
        ),
        7,
    )
    body = {
        "positives": [{"upload": upload, "weight": 2, "crop": crop}, {"id": 3}],
        "negatives": [{"id": 5, "weight": 0.5}, {"upload": upload}],
        "k": 7,
    }
    answer = client.post("/api/search", json=body).json()
    assert ids_of(answer) == [hit.id for hit in expected]
    third, fifth = (collection.image_file(number).file.path for number in (3, 5))
    assert answer["query"] == f"upload + {third} - {fifth} - upload"


def test_the_short_form_is_the_first_positive(client: TestClient) -> None:
    crop = [0.0, 0.0, 0.5, 1.0]
    short = {"id": 4, "crop": crop, "positives": [{"id": 6}], "k": 5}
    long = {"positives": [{"id": 4, "crop": crop}, {"id": 6}], "k": 5}
    assert (
        client.post("/api/search", json=short).json()
        == client.post("/api/search", json=long).json()
    )


def test_a_form_says_as_much_as_json(client: TestClient, query: Path) -> None:
    upload = client.post("/api/uploads", files={"file": query.read_bytes()}).json()["upload"]
    rest = {
        "positives": [{"id": 3}],
        "negatives": [{"id": 5}],
        "where": {"format": ["png"]},
        "crop": [0.1, 0.1, 0.5, 0.5],
    }
    plain = {"k": 4, "offset": 2, "min_score": -0.5, "exclude": True}
    by_json = client.post("/api/search", json={"upload": upload, **rest, **plain}).json()
    by_form = client.post(
        "/api/search",
        files={"file": ("picture", query.read_bytes())},
        data={
            **{name: json.dumps(value) for name, value in rest.items()},
            **{name: str(value) for name, value in plain.items()},
        },
    ).json()
    assert ids_of(by_form) == ids_of(by_json)
    assert len(ids_of(by_json)) == 4


def test_pages_filters_and_the_least_score(client: TestClient, collection: Collection) -> None:
    where = {"format": ["PNG"], "min_width": 200}
    fitting = collection.count(Where(format=("PNG",), min_width=200))
    every = client.post("/api/search", json={"id": 1, "where": where, "k": 100}).json()
    assert (every["total"], len(every["hits"])) == (fitting, fitting)
    assert {hit["format"] for hit in every["hits"]} == {"PNG"}
    page = client.post("/api/search", json={"id": 1, "where": where, "k": 5, "offset": 5}).json()
    assert (ids_of(page), page["offset"]) == (ids_of(every)[5:10], 5)
    least = every["hits"][3]["score"] - 1e-6
    some = client.post("/api/search", json={"id": 1, "where": where, "min_score": least}).json()
    assert ids_of(some) == ids_of(every)[:4]


def test_the_query_itself_is_left_out_when_asked(client: TestClient) -> None:
    assert ids_of(client.post("/api/search", json={"id": 7}).json())[0] == 7
    body = client.post("/api/search", json={"id": 7, "exclude": True}).json()
    assert 7 not in ids_of(body)
    assert len(ids_of(body)) == 10


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"positives": [{}]}, 422, "positives.0: name a picture"),
        ({"positives": [{"id": 1, "url": "http://a.example/"}]}, 422, "one of id, url and upload"),
        ({"positives": [{"id": 1, "weight": 0}]}, 422, "weight"),
        ({"positives": [{"id": 1}] * 33}, 422, "positives"),
        ({"positives": [{"id": 99999}]}, 404, "there is no picture"),
        ({"id": 1, "negatives": [{"id": 99999}]}, 404, "there is no picture"),
        ({"upload": "0" * 32}, 404, "send it again"),
        ({"upload": "../../etc/passwd"}, 422, "upload"),
        ({"negatives": [{"id": 1}]}, 422, "give a picture"),
        ({"id": 1, "negatives": [{"id": 1, "weight": 9}], "positives": [{"id": 1}]}, 200, ""),
        ({"id": 1, "crop": [0, 0, 1]}, 422, "crop"),
        ({"id": 1, "crop": [0.5, 0, 0.6, 1]}, 422, "the crop"),
        ({"id": 1, "crop": [0, 0, 2, 2]}, 422, "crop"),
        ({"crop": [0, 0, 1, 1], "positives": [{"id": 1}]}, 422, "crop needs the picture"),
        ({"text": "a dog"}, 422, "understands no words"),
        ({"id": 1, "where": {"colour": "red"}}, 422, "where.colour"),
        ({"id": 1, "where": {"after": "soon"}}, 422, "where.after"),
        ({"id": 1, "min_score": 2}, 422, "min_score"),
        ({"id": 1, "offset": -1}, 422, "offset"),
    ],
)
def test_queries_that_make_no_sense(
    client: TestClient, body: dict[str, object], status: int, says: str
) -> None:
    answer = client.post("/api/search", json=body)
    assert answer.status_code == status, answer.json()
    assert status == 200 or says in answer.json()["error"]


def test_forms_that_make_no_sense(client: TestClient, query: Path) -> None:
    for field, value, says in (
        ("where", "{", "where: it is not JSON"),
        ("where", "[" * 60_000, "where: it is not JSON"),
        ("positives", "{}", "positives"),
        ("id", "1", "the file is the picture"),
    ):
        answer = client.post("/api/search", files={"file": query.read_bytes()}, data={field: value})
        assert answer.status_code == 422
        assert says in answer.json()["error"]


def test_pictures_are_listed_by_filter(client: TestClient, collection: Collection) -> None:
    where = json.dumps({"format": ["jpeg"]})
    fitting = collection.browse(0, 100, Where(format=("JPEG",)))
    body = client.get("/api/images", params={"where": where, "limit": 7, "offset": 2}).json()
    assert body["total"] == len(fitting) == 30
    assert [image["id"] for image in body["images"]] == [item.id for item in fitting[2:9]]
    drawn = client.get("/api/images", params={"where": where, "limit": 99, "seed": 1}).json()
    assert sorted(image["id"] for image in drawn["images"]) == [item.id for item in fitting]
    refused = client.get("/api/images", params={"where": "{"})
    assert refused.status_code == 422
    assert refused.json()["error"].startswith("where: ")
