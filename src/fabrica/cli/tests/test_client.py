"""The client against a site that may be wrong, slow, huge or hostile."""

import httpx
import pytest
from fabrica.cli import client as seam
from fabrica.cli.client import Client, NotSignedIn, checked_url, path_of
from fabrica.cli.tests.conftest import TOKEN, URL, FakeSite
from fabrica.kit.errors import NotAllowed, NotFound, Refused, Unreachable


def test_a_value_is_fetched_with_the_token():
    site = FakeSite({"/api/me": {"name": "Ada"}})
    assert site.client().get("/me") == {"name": "Ada"}
    (request,) = site.requests
    assert (str(request.url), request.headers["authorization"]) == (f"{URL}/api/me", f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, NotSignedIn), (403, NotAllowed), (404, NotFound), (409, Refused), (422, Refused), (418, Refused),
     (500, Unreachable), (503, Unreachable)],
)  # fmt: skip
def test_a_problem_comes_in_the_words_of_the_site(status, kind):
    told = {"what": "No.", "why": "Because.", "todo": "Wait.", "gaps": [1], "self": "x"}
    with pytest.raises(kind) as raised:
        FakeSite({"/api/x": httpx.Response(status, json=told)}).client().get("/x")
    assert raised.value.as_dict() == {"what": "No.", "why": "Because.", "todo": "Wait.", "gaps": [1]}


@pytest.mark.parametrize("body", [b"<h1>Oh</h1>", b"[]", b'{"x": 1}', b"", b"[" * 100_000])
def test_a_problem_without_words_is_told_by_its_status(body):
    with pytest.raises(Unreachable) as raised:
        FakeSite({"/api/x": httpx.Response(502, content=body)}).client().get("/x")
    assert raised.value.what == "The site answered 502."


@pytest.mark.parametrize("body", [b"<h1>Hello</h1>", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_told_as_such(body):
    with pytest.raises(Unreachable, match="not one this client knows. It is no JSON."):
        FakeSite({"/api/x": body}).client().get("/x")


def test_what_an_answer_lacks_is_named():
    found = FakeSite({"/api/x": {"a": {"b": 1}}}).client().get("/x")
    with pytest.raises(Unreachable, match="It lacks 'c'."):
        found["a"]["c"]


def test_nothing_at_all_is_none():
    assert FakeSite({"/api/x": httpx.Response(204)}).client().delete("/x") is None


def test_a_huge_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr(seam, "MAX_ANSWER_BYTES", 1_000)
    read = []

    def endless():
        for _ in range(1_000):
            read.append(1)
            yield b"x" * 100

    for status in (200, 500):
        with pytest.raises(Refused, match="More than 1000 bytes"):
            FakeSite({"/api/x": httpx.Response(status, content=endless())}).client().get("/x")
    assert len(read) < 50


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_never_carries_the_token_away(status):
    site = FakeSite({"/api/x": httpx.Response(status, headers={"location": "https://evil.example/api/x"})})
    with pytest.raises(Refused, match="sends you on to https://evil.example/api/x. Your token is for one site"):
        site.client().get("/x")
    assert [request.url.host for request in site.requests] == ["factory.example.eu"]


def failing(error):
    def answer(request):
        raise error

    return answer


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("broken off")]
)
def test_a_site_that_does_not_answer_is_told_with_its_address(error):
    with pytest.raises(Unreachable, match=f"{URL} does not answer."):
        FakeSite({"/api/x": failing(error)}).client().get("/x")


def test_pages_are_followed_to_the_last():
    pages = {"": {"rows": [{"n": 1}, {"n": 2}], "next_cursor": "2"}, "2": {"rows": [{"n": 3}], "next_cursor": ""}}
    site = FakeSite({"/api/x": lambda request: httpx.Response(200, json=pages[request.url.params["cursor"]])})
    assert [row["n"] for row in site.client().pages("/x")] == [1, 2, 3]
    assert [row["n"] for row in site.client().pages("/x", most=2)] == [1, 2]


def test_a_cursor_that_never_ends_does(monkeypatch):
    monkeypatch.setattr(seam, "MAX_PAGES", 5)
    site = FakeSite({"/api/x": {"rows": [], "next_cursor": "again"}})
    assert list(site.client().pages("/x")) == []
    assert len(site.requests) == 5


@pytest.mark.parametrize("page", [[], {"rows": 3, "next_cursor": ""}, {"next_cursor": ""}, "x"])
def test_what_is_no_page_is_told(page):
    with pytest.raises(Unreachable):
        list(FakeSite({"/api/x": page}).client().pages("/x"))


def test_an_upload_streams_files_under_their_names(tmp_path):
    (tmp_path / "a.txt").write_text("words")
    site = FakeSite({"POST /api/x": {"ok": True}})
    assert site.client().upload("/x", [("sub/a.txt", tmp_path / "a.txt")], {"title": "T"}) == {"ok": True}
    body = site.requests[0].read()
    assert [part in body for part in (b'filename="sub/a.txt"', b"words", b'name="title"')] == [True, True, True]


@pytest.mark.parametrize(
    "url",
    ["http://factory.example.eu", "http://10.0.0.1", "ftp://factory.example.eu", "factory.example.eu", "", "https://",
     "https://ada:pw@factory.example.eu", "https://factory.example.eu/?x=1", "http://127.0.0.1.evil.example", "http://["],
)  # fmt: skip
def test_an_address_that_would_show_the_token_is_refused(url):
    with pytest.raises(Refused):
        Client(url, TOKEN)


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://factory.example.eu/", URL), ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
     ("http://localhost:8000/", "http://localhost:8000"), ("http://[::1]:8000", "http://[::1]:8000"),
     ("https://example.eu/factory/", "https://example.eu/factory")],
)  # fmt: skip
def test_other_addresses_are_kept_without_their_last_slash(url, kept):
    assert checked_url(url) == kept


def test_a_trusted_network_may_go_without_encryption(monkeypatch):
    monkeypatch.setenv("FABRICA_ALLOW_HTTP", "1")
    assert checked_url("http://10.0.0.1:8000") == "http://10.0.0.1:8000"


@pytest.mark.parametrize("token", ["", "fab_x\r\nHost: evil", "fab_é"])
def test_what_is_no_token_is_refused_before_it_is_sent(token):
    with pytest.raises(NotSignedIn):
        Client(URL, token)


def test_a_name_cannot_lead_elsewhere_in_the_api():
    assert path_of("models", "a/b?c#d", 3) == "/models/a%2Fb%3Fc%23d/3"
    for name in ("", ".", ".."):
        with pytest.raises(Refused):
            path_of("models", name)
