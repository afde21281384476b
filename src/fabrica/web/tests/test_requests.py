import json
import logging
import re

import pytest
from django.test import Client, RequestFactory

from fabrica.kit.logs import JsonFormatter
from fabrica.web.requests import METHODS, method_of, number_of

pytestmark = pytest.mark.django_db
OURS = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def quiet_client():
    return Client(raise_request_exception=False)


@pytest.fixture
def lines(caplog):
    """The lines written so far, as they would stand in the log."""
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(JsonFormatter())
    return lambda: [json.loads(line) for line in caplog.text.splitlines()]


def shown(response):
    return re.findall(r"tell them this number: <code>(.*?)</code>", response.content.decode())


def test_each_answer_has_a_number_of_its_own(client):
    first, second = (client.get("/plain").headers["X-Request-ID"] for _ in range(2))
    assert OURS.fullmatch(first)
    assert OURS.fullmatch(second)
    assert first != second


def test_the_number_of_a_trusted_proxy_is_kept(client, settings):
    settings.FABRICA_BEHIND_PROXY = True
    assert client.get("/plain", headers={"x-request-id": "abcdef-0123_4567"}).headers["X-Request-ID"] == (
        "abcdef-0123_4567"
    )


def test_without_a_proxy_nobody_chooses_a_number(client):
    assert OURS.fullmatch(client.get("/plain", headers={"x-request-id": "abcdef-0123"}).headers["X-Request-ID"])


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space 1", "<script>alert</script>", "eight888\n", "été12345", "a.b.c.d.e"]
)
def test_a_number_that_is_not_plain_and_short_is_replaced(settings, given):
    settings.FABRICA_BEHIND_PROXY = True
    assert OURS.fullmatch(number_of(RequestFactory().get("/", headers={"x-request-id": given})))


@pytest.mark.parametrize("address", ["/refused", "/absent", "/broken", "/nowhere"])
def test_a_page_that_tells_a_problem_shows_the_number(quiet_client, address):
    response = quiet_client.get(address)
    assert shown(response) == [response.headers["X-Request-ID"]]


def test_a_page_that_tells_none_shows_none(client):
    assert shown(client.get("/gallery/")) == []


def test_a_request_is_one_line_with_its_number_route_status_and_time(client, lines):
    number = client.get("/plain?email=ada@example.org").headers["X-Request-ID"]
    (line,) = [one for one in lines() if one["logger"] == "fabrica.requests"]
    assert line["ms"] >= 0
    assert {**line, "time": "", "ms": 0, "message": line["message"].rpartition(" in ")[0]} == {
        "request_id": number, "method": "GET", "route": "plain", "status": 200, "ms": 0, "time": "", "level": "INFO",
        "logger": "fabrica.requests", "message": "GET plain 200",
    }  # fmt: skip


def test_what_was_typed_into_an_address_is_in_no_line(client, lines):
    client.get("/ada.lovelace?token=fab_secret")
    (line,) = [one for one in lines() if one["logger"] == "fabrica.requests"]
    assert (line["route"], line["status"]) == ("unknown", 404)
    assert not re.search("secret|token", json.dumps(lines()))


def test_every_line_that_django_writes_has_the_number(quiet_client, lines):
    for address in ("/broken", "/nowhere"):
        number = quiet_client.get(address).headers["X-Request-ID"]
        (line,) = [one for one in lines() if one["logger"] == "django.request" and address in one["message"]]
        assert line["request_id"] == number


def test_static_files_are_not_worth_a_line(client, lines):
    client.get("/static/web/absent.css")
    assert [one for one in lines() if one["logger"] == "fabrica.requests"] == []


def test_a_method_is_one_that_there_is():
    assert method_of(RequestFactory().generic("BREW", "/")) == "other"
    assert {method_of(RequestFactory().generic(one, "/")) for one in METHODS} == METHODS
