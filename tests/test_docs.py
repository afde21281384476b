"""The documents are held to the code: what is there is described, what is described is there."""

import ast
import re
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest
from django.db.models import TextChoices
from fabrica.audit.tests.verbs import verbs

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "src" / "fabrica" / "config"
LICENCE_WORDS = 2239  # counted when it was compared word for word with a second copy
STATES = sorted((ROOT / "src" / "fabrica").glob("*/states.py"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def settings_read():
    """Every variable asked for through `env.text`, `env.flag`, `env.number`, `env.names` or `env.choice`."""
    for path in set(CONFIG.rglob("*.py")) - set((CONFIG / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if getattr(node.func.value, "id", "") == "env" and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value, node.args[1] if len(node.args) > 1 else None


def test_each_setting_has_its_heading_and_no_other():
    assert sorted(re.findall(r"^### (\w+)$", read("docs/operator/settings.md"), re.M)) == sorted(
        {name for name, _ in settings_read()}
    )


def test_each_setting_tells_its_default():
    sections = dict(re.findall(r"^### (\w+)\n(.+?)(?=\n\n|\Z)", read("docs/operator/settings.md"), re.M | re.S))
    for name, default in settings_read():
        assert "efault" in sections[name], name
        if isinstance(default, ast.Constant):
            assert f"`{default.value}`" in sections[name], name


def documented_verbs():
    return re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", read("docs/operator/audit.md"), re.M)


def test_each_audit_verb_is_described():
    described = documented_verbs()
    assert sorted({verb for _, verb in verbs() if not any(fnmatch(one, verb) for one in described)}) == []


def test_each_described_verb_is_written_somewhere():
    written = {verb for _, verb in verbs()}
    assert [one for one in documented_verbs() if not any(fnmatch(one, verb) for verb in written)] == []


def test_no_verb_is_described_twice():
    assert len(documented_verbs()) == len(set(documented_verbs()))


def lists_of(path):
    module = import_module(f"fabrica.{path.parent.name}.states")
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, TextChoices) and one.__module__ == module.__name__
    ]


@pytest.mark.parametrize("path", STATES, ids=lambda path: path.parent.name)
def test_each_state_is_described_with_its_words(path):
    text = read("docs/developer/states.md")
    for one in lists_of(path):
        section = re.search(rf"^### {path.parent.name}\.{one.__name__}\n(.*?)(?=^##|\Z)", text, re.M | re.S)
        assert section, f"docs/developer/states.md lacks {path.parent.name}.{one.__name__}"
        assert re.findall(r"^\| `(\w+)` \| (.+) \|$", section[1], re.M) == [(s.value, str(s.label)) for s in one]


def test_no_state_is_described_that_is_gone():
    known = {f"{path.parent.name}.{one.__name__}" for path in STATES for one in lists_of(path)}
    assert set(re.findall(r"^### (\S+)$", read("docs/developer/states.md"), re.M)) == known


def test_each_word_stands_once_in_order():
    found = re.findall(r"^\| (?!word|---)([^|]+) \| [^|]+ \|", read("docs/words.md"), re.M)
    assert found == sorted(found, key=str.lower)
    assert len(found) == len(set(found)) > 30


def test_the_licence_is_whole():
    text = read("LICENSE")
    assert text.startswith("European Union Public Licence v. 1.2\n")
    assert re.findall(r"^(\d+)\. ", text, re.M) == [str(number) for number in range(1, 16)]
    assert len(re.findall(r"\w+", text)) == LICENCE_WORDS


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md"])
def test_every_make_command_that_is_named_exists(name):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    assert set(re.findall(r"`make ([a-z-]+)", read(name))) <= targets


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")), ids=str)
def test_every_file_that_a_document_links_to_exists(path):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [one for one in links if not (path.parent / one).exists()] == []
