import json
import logging
import sys
from types import SimpleNamespace

import pytest

from fabrica.kit.logs import MOST_LETTERS, JsonFormatter, PlainFormatter, carried, carrying, without_private


def record(message="A thing happened.", *args, exc_info=None, **extra):
    made = logging.LogRecord("fabrica.here", logging.WARNING, __file__, 1, message, args, exc_info)
    vars(made).update(extra)
    made.created = 1_795_000_000.25
    return made


def failed(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def as_json(one):
    return json.loads(JsonFormatter().format(one))


def test_a_line_is_one_json_object():
    assert as_json(record("%s of %d", "one", 2)) == {
        "time": "2026-11-18T11:06:40.250+00:00", "level": "WARNING", "logger": "fabrica.here", "message": "one of 2",
    }  # fmt: skip


def test_a_line_stays_one_line_whatever_it_says():
    assert "\n" not in JsonFormatter().format(record("two\nlines", exc_info=failed(ValueError("a\nb"))))


def test_what_is_carried_stands_on_every_line_inside_and_on_none_after():
    with carrying(request_id="r1"):
        with carrying(run="u1"):
            line = as_json(record())
        assert carried() == {"request_id": "r1"}
    assert (line["request_id"], line["run"], carried()) == ("r1", "u1", {})


def test_a_field_never_hides_what_a_line_is():
    with carrying(level="none", message="other"):
        line = as_json(record())
    assert (line["level"], line["message"]) == ("WARNING", "A thing happened.")


def test_a_line_has_fields_of_its_own():
    line = as_json(record(fields={"status": 404}))
    assert line["status"] == 404


def test_a_line_that_comes_after_its_request_still_has_its_number():
    line = as_json(record(request=SimpleNamespace(request_id="r7")))
    assert line["request_id"] == "r7"


def test_an_error_is_told_with_its_traceback():
    line = as_json(record(exc_info=failed(ValueError("no"))))
    assert line["error"] == "ValueError"
    assert line["traceback"].splitlines()[-1] == "ValueError: no"


def test_a_plain_line_has_its_fields_in_brackets():
    with carrying(request_id="r1"):
        line = PlainFormatter().format(record())
    assert line.split(" ", 2)[2] == "WARNING fabrica.here A thing happened. [request_id=r1]"
    assert PlainFormatter().format(record()).endswith("A thing happened.")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to ada.l+x@example.org failed", "mail to <address> failed"),
        ("(root@localhost)", "(<address>)"),
        ("postgresql://u:secret@db/x", "postgresql://u:<address>/x"),
        ("token fab_aB-9_x was used", "token <token> was used"),
        ("Authorization: Bearer abc.def-9=", "Authorization: Bearer <token>"),
        ("GET /calls/?q=who&page=2 HTTP", "GET /calls/?<query> HTTP"),
        ("/accounts/confirm-email/Mz:1abc/ is gone", "/accounts/confirm-email/<key>/ is gone"),
        ("/accounts/password/reset/key/3-abc/", "/accounts/password/reset/key/<key>/"),
        ("/keys/0123/ stays, and what? =yes", "/keys/0123/ stays, and what? =yes"),
    ],
)
def test_what_is_private_is_taken_out(said, written):
    assert without_private(said) == written
    assert as_json(record(said))["message"] == written
    assert PlainFormatter().format(record(said)).endswith(written)


def test_a_traceback_is_cleaned_as_well():
    done = failed(ValueError("Key (email)=(ada@example.org) already exists"))
    assert as_json(record(exc_info=done))["traceback"].splitlines()[-1] == (
        "ValueError: Key (email)=(<address>) already exists"
    )
    assert "ada@" not in PlainFormatter().format(record(exc_info=done))


def test_a_line_is_bounded():
    assert len(without_private("x" * 10 * MOST_LETTERS)) == MOST_LETTERS
