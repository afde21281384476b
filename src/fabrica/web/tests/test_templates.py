"""A strict policy forbids inline script and style; these tests see that no template writes any."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(PACKAGE.glob("**/templates/**/*.html"))
FORBIDDEN = {
    "style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "event handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script\b(?![^>]*\ssrc=)(?![^>]*type=.application/json)", re.IGNORECASE),
    "javascript address": re.compile(r"""(href|src|action)\s*=\s*["']?\s*javascript:""", re.IGNORECASE),
    "evaluated htmx": re.compile(r"\shx-(on|vals\s*=\s*.js:)", re.IGNORECASE),
    "outside asset": re.compile(
        r"""<(script|link|img|iframe)\b[^>]*\s(src|href)\s*=\s*["']?(https?:)?//""", re.IGNORECASE
    ),
}


def inline(text):
    """The names of the forbidden things in a template's text; what template tags hold is not HTML."""
    html = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", text, flags=re.DOTALL)
    return [name for name, pattern in FORBIDDEN.items() if pattern.search(html)]


def test_there_are_templates_to_look_at():
    assert PACKAGE / "web" / "templates" / "web" / "base.html" in TEMPLATES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_template_writes_what_the_policy_forbids(path):
    assert inline(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<p style="color: red">', ["style attribute"]),
        ("<style>p {}</style>", ["style element"]),
        ('<button onclick="go()">', ["event handler"]),
        ("<script>go()</script>", ["inline script"]),
        ('<a href="javascript:go()">', ["javascript address"]),
        ('<p hx-on:click="go()">', ["evaluated htmx"]),
        ('<script src="https://cdn.example.org/x.js"></script>', ["outside asset"]),
        ('<script src="/static/x.js" defer></script>', []),
        ('<a href="https://example.org">', []),
        ('<input data-once="1" name="style">', []),
    ],
)
def test_the_search_finds_what_it_should(text, found):
    assert inline(text) == found
