from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from fabrica.config import env


@pytest.fixture
def given(monkeypatch):
    return lambda value, name="X": monkeypatch.setenv(name, value)


def test_text_is_the_variable_or_its_default(given):
    assert env.text("X", "default") == "default"
    given("value")
    assert env.text("X", "default") == "value"


def test_text_may_stand_in_a_file_which_wins(given, tmp_path):
    (tmp_path / "secret").write_text(" hidden\n")
    given("open")
    given(str(tmp_path / "secret"), "X_FILE")
    assert env.text("X") == "hidden"


def test_a_file_that_is_not_there_is_told(given):
    given("/nowhere", "X_FILE")
    with pytest.raises(ImproperlyConfigured, match="X_FILE=/nowhere cannot be read: No such file or directory"):
        env.text("X")


@pytest.mark.parametrize("value", ["1", "true", "YES", "On"])
def test_yes(given, value):
    given(value)
    assert env.flag("X") is True


@pytest.mark.parametrize("value", ["0", "False", "no", "OFF", ""])
def test_no(given, value):
    given(value)
    assert env.flag("X", default=True) is False


def test_a_flag_has_a_default():
    assert (env.flag("X"), env.flag("X", default=True)) == (False, True)


@pytest.mark.parametrize("value", ["2", "maybe", "y", " 1"])
def test_what_is_neither_yes_nor_no_is_told(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=f"X={value.lower()} is neither yes nor no. Use 1 or 0."):
        env.flag("X")


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("9", 9), ("5", 5)])
def test_a_number_within_its_bounds(given, value, number):
    given(value)
    assert env.number("X", 3, least=1, most=9) == number


@pytest.mark.parametrize("value", ["0", "10", "-1", "1.5", "", "ten", "²", "٣"])
def test_a_number_out_of_bounds_or_no_number_is_told(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=f"X={value} is not a whole number from 1 to 9."):
        env.number("X", 3, least=1, most=9)


@pytest.mark.parametrize(("value", "names"), [("", []), ("a", ["a"]), (" a , b,,", ["a", "b"])])
def test_names_are_separated_by_commas(given, value, names):
    given(value)
    assert env.names("X", "default") == names


def test_a_word_is_one_of_a_few(given):
    assert env.choice("X", "plain", ("plain", "json")) == "plain"
    given("json")
    assert env.choice("X", "plain", ("plain", "json")) == "json"


@pytest.mark.parametrize("value", ["", "JSON", "xml"])
def test_another_word_is_told_with_those_there_are(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=f"X={value} is not one of plain, json."):
        env.choice("X", "plain", ("plain", "json"))


def test_the_database_is_a_file_at_home_by_default():
    made = env.database("", Path("/srv/site"))
    assert (made["ENGINE"], made["NAME"]) == ("django.db.backends.sqlite3", "/srv/site/db.sqlite3")
    assert made["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("url", "name"),
    [("sqlite:////abs/db", "/abs/db"), ("sqlite:///rel/db", "rel/db"), ("sqlite://", ":memory:"), ("sqlite:///a%20b", "a b")],
)  # fmt: skip
def test_a_file_may_be_named(url, name):
    assert env.database(url, Path("/h"))["NAME"] == name


def test_a_server_may_be_named_with_everything():
    assert env.database("postgresql://u%40x:p%3Aw@db.example:5433/fab?sslmode=require", Path("/h")) == {
        "ENGINE": "django.db.backends.postgresql", "NAME": "fab", "USER": "u@x", "PASSWORD": "p:w",
        "HOST": "db.example", "PORT": 5433, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**env.ALIVE, "sslmode": "require", "options": env.ON_FLASH},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "limits", "sent"),
    [
        ("", env.Limits(5, 30, 60), " -c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"),
        ("", env.Limits(5, 0, 0), " -c lock_timeout=5s"),
        ("", env.Limits(), ""),
        ("?options=-c%20lock_timeout%3D1s", env.Limits(5), " -c lock_timeout=5s -c lock_timeout=1s"),
        ("?options=-c%20jit%3Doff", env.Limits(), " -c jit=off"),
    ],
)  # fmt: skip
def test_the_limits_are_sent_when_a_connection_begins_and_the_address_has_the_last_word(query, limits, sent):
    assert env.database(f"postgresql://h/fab{query}", Path("/h"), limits)["OPTIONS"]["options"] == env.ON_FLASH + sent


def test_what_the_address_says_of_a_silent_server_stands():
    assert env.database("postgresql://h/fab?connect_timeout=3", Path("/h"))["OPTIONS"]["connect_timeout"] == "3"


def test_another_scheme_is_told_with_those_that_work():
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL has the scheme 'mysql'; use sqlite:/// or postgresql"):
        env.database("mysql://x", Path("/h"))


@pytest.mark.parametrize("url", ["postgresql://h:port/x", "postgresql://u:secret@h:99999/x", "postgresql://[::1/x"])
def test_an_address_that_cannot_be_read_is_told_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL cannot be read") as told:
        env.database(url, Path("/h"))
    assert "secret" not in str(told.value)
