"""The reference is the command's own, and fresh."""

from pathlib import Path

from fabrica.cli.main import app
from fabrica.cli.reference import reference

DOCS = Path(__file__).parents[4] / "docs" / "cli.md"


def test_the_reference_is_fresh():
    assert DOCS.read_text(encoding="utf-8") == reference(), "run: python -m fabrica.cli.reference > docs/cli.md"


def test_every_command_says_what_it_does():
    assert [one.callback.__name__ for one in app.registered_commands if not one.callback.__doc__] == []
