"""Labels and suggestions, as a client and a person sees them."""

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from lookalike import Collection
from tests.server.albums import ids_of
from tests.server.browser import Open


def test_labels_are_set_and_shown(albums_client: TestClient, albums: Collection) -> None:
    one = ids_of(albums, "beach")[0]
    answer = albums_client.put(f"/api/images/{one}/labels", json={"labels": [" sea ", "Dog"]})
    assert answer.json() == {"labels": ["Dog", "sea"]}
    details = albums_client.get(f"/api/images/{one}/details").json()
    assert details["labels"] == ["Dog", "sea"]
    assert (details["camera"], details["taken"]) == ("Canon EOS R5", "2019-07-14T12:00:00")
    albums.index()
    assert albums.labels([one]) == {one: ["Dog", "sea"]}
    assert albums_client.put(f"/api/images/{one}/labels", json={"labels": []}).json() == {
        "labels": []
    }


@pytest.mark.parametrize("labels", [[""], [" "], ["a\nb"], ["x" * 101], ["x"] * 65, "x", [1]])
def test_what_is_no_label_is_refused(albums_client: TestClient, labels: object) -> None:
    assert albums_client.put("/api/images/1/labels", json={"labels": labels}).status_code == 422


def test_pictures_that_are_not_there(albums_client: TestClient) -> None:
    assert albums_client.put("/api/images/999/labels", json={"labels": ["x"]}).status_code == 404
    assert albums_client.get("/api/images/999/suggestions").status_code == 404


def test_suggestions_come_from_the_nearest(albums_client: TestClient, albums: Collection) -> None:
    one = ids_of(albums, "beach")[0]
    assert albums_client.get(f"/api/images/{one}/suggestions").json() == {"labels": []}
    others = [hit.id for hit in albums.search(one, 19) if hit.id != one]
    albums.set_labels({other: ["sea", "blue"] for other in others} | {one: ["Blue"]})
    [suggested] = albums_client.get(f"/api/images/{one}/suggestions").json()["labels"]
    assert suggested["label"] == "sea", "what it has already is not suggested"
    assert suggested["score"] == pytest.approx(1)
    assert suggested["evidence"] == others[:5]


@pytest.mark.browser
def test_labels_on_the_page(open_page: Open, albums_address: str, albums: Collection) -> None:
    one, *others = ids_of(albums, "beach")
    albums.set_labels({i: ["sea"] for i in others + ids_of(albums, "city")})
    page = open_page(f"/picture/{one}", server=albums_address)
    page.get_by_role("button", name="Add the label sea, which similar pictures have").click()
    expect(page.locator("#label-list li")).to_have_text(["sea"])
    expect(page.locator("#said")).to_have_text("Labelled sea")
    page.get_by_label("New label").fill("holiday")
    page.get_by_label("New label").press("Enter")
    expect(page.locator("#said")).to_have_text("Labelled holiday")
    page.reload()
    expect(page.locator("#label-list li")).to_have_text(["holiday", "sea"])
    page.get_by_role("button", name="Remove the label sea").click()
    expect(page.locator("#said")).to_have_text("Removed sea")
    assert albums.labels([one]) == {one: ["holiday"]}


def test_labels_for_several_at_once(albums_client: TestClient, albums: Collection) -> None:
    one, two, three = ids_of(albums, "beach")[:3]
    albums.set_labels({one: ["old"], two: ["Old", "kept"]})
    asked = {"ids": [one, two, three], "add": ["sea"], "remove": ["OLD"]}
    assert albums_client.post("/api/labels", json=asked).json() == {"images": 3}
    assert albums.labels([one, two, three]) == {
        one: ["sea"],
        two: ["kept", "sea"],
        three: ["sea"],
    }
    refused = albums_client.post("/api/labels", json={"ids": [one, 999], "add": ["x"]})
    assert refused.status_code == 404
    assert albums.labels([one]) == {one: ["sea"]}, "all of them, or none"
    assert albums_client.post("/api/labels", json={"ids": [], "add": ["x"]}).status_code == 422
