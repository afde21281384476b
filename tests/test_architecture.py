"""What the layers' checker cannot see: rooms, doors and manners of the contexts."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "fabrica"
EDGES = {
    "pages",
    "statement_pages",
    "api",
    "forms",
    "admin",
    "middleware",
    "context",
    "gallery",
    "problems",
    "exports",
    "fields",
}
# Adapters that answer browsers themselves: what allauth asks of a site, sign-in at other places.
EDGE_ADAPTERS = {("people", "adapters")}
# What builds pages for everybody, and what puts the house together: no contexts.
PAGE_MAKERS = {"web", "config"}
DOORS = {"models", "states", "queries", "services", "engine"}
MOST_LINES = 400
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc", "base", "signals"}
# Two steps of the anchor file, public for its tests and the repair of a crash: they take the file alone.
NO_WRITES = {"append_anchors", "last_anchored"}


@cache
def sources():
    """Every module of the package but tests and migrations, by path below the package."""
    return {
        path.relative_to(ROOT): path.read_text(encoding="utf-8")
        for path in sorted(ROOT.rglob("*.py"))
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts) and path.name != "conftest.py"
    }


@cache
def tree(path):
    return ast.parse(sources()[path])


def context_of(path):
    return path.parts[0] if len(path.parts) > 1 else ""


def room_of(path):
    """`services` for both `x/services.py` and `x/services/part.py`."""
    return path.parts[1].removesuffix(".py") if len(path.parts) > 1 else ""


def imports(path, body=None):
    """(module, name or empty, node) of each import of ours."""
    for node in ast.walk(body or tree(path)):
        if isinstance(node, ast.Import):
            yield from ((one.name, "", node) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name, node) for one in node.names)


def contexts():
    """Every folder that Django mounts, but the two that own no facts."""
    found = {context_of(path) for path in sources() if (ROOT / context_of(path) / "apps.py").is_file()}
    return sorted(found - PAGE_MAKERS)


def where(path, node=None):
    return f"{path}:{node.lineno}" if node else str(path)


def test_requests_and_forms_stay_in_the_edges():
    assert [
        where(path, node)
        for path in sources()
        for module, _, node in imports(path)
        if module.startswith(("django.http", "django.forms", "django.shortcuts"))
        or (module == "django" and _ in ("http", "forms", "shortcuts"))
        if room_of(path) not in EDGES and context_of(path) not in PAGE_MAKERS
        if (context_of(path), room_of(path)) not in EDGE_ADAPTERS
    ] == []


def test_the_core_never_imports_an_edge():
    rooms = EDGES | {"urls", "tasks"}
    assert [
        where(path, node)
        for path in sources()
        for module, name, node in imports(path)
        if room_of(path) in DOORS | {"rules"} and module.startswith("fabrica.")
        if (parts := [*module.split("."), name])[1] not in PAGE_MAKERS
        if set(parts[2:3]) & rooms or tuple(parts[1:3]) in EDGE_ADAPTERS
    ] == []


def test_only_the_api_knows_its_library():
    assert [
        where(path, node)
        for path in sources()
        for module, _, node in imports(path)
        if module.split(".")[0] == "ninja"
        if room_of(path) != "api"
    ] == []


def test_no_import_hides_inside_a_function_without_a_named_reason():
    hidden = []
    for path, text in sources().items():
        if path.match("config/site*.py"):  # commands that first set Django up; nothing of ours imports before that
            continue
        lines = text.splitlines()
        for function in ast.walk(tree(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for _, _, node in imports(path, function):
                    if not has_reason(lines, node.lineno - 1):
                        hidden.append(where(path, node))
    assert sorted(set(hidden)) == []


def has_reason(lines, number):
    """Whether the import on this line has a comment on it, or above the block of imports it belongs to."""
    if "#" in lines[number]:
        return True
    while re.match(r"\s*(import|from) ", lines[number]):
        number -= 1
    return lines[number].lstrip().startswith("#")


def test_a_foreign_key_to_another_context_hides_its_reverse():
    from django.apps import apps  # needs Django set up, which the plugin does after this file is read

    shown = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("fabrica.")
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model
        if field.related_model._meta.app_label != model._meta.app_label
        if not field.remote_field.hidden and field.related_model.__module__.startswith("fabrica.")
    ]
    assert shown == []


def test_another_context_is_entered_through_its_doors_only():
    apps = set(contexts())
    allowed = {"adapters.port"}
    wrong = []
    for path in sources():
        if context_of(path) == "config" or room_of(path) == "apps":
            continue
        for module, name, node in imports(path):
            parts = module.split(".")
            if parts[0] != "fabrica" or len(parts) < 2 or parts[1] not in apps or parts[1] == context_of(path):
                continue
            door = parts[2] if len(parts) > 2 else name
            inner = ".".join([*parts[2:], name])
            # Rules are pure questions about the facts of their context; people's and projects' are asked everywhere.
            if door not in DOORS | {"rules"} and not inner.startswith(tuple(allowed)):
                wrong.append(f"{where(path, node)} {module}.{name}")
    assert wrong == []


def test_no_file_is_longer_than_four_hundred_lines():
    long = {str(path): count for path, text in sources().items() if (count := text.count("\n")) > MOST_LINES}
    assert long == {}


def test_each_context_says_what_it_owns_and_what_it_never_does():
    silent = []
    for name in contexts():
        told = ast.get_docstring(ast.parse((ROOT / name / "__init__.py").read_text())) or ""
        if not re.match(r"[A-Z][\w ]+: \S", told) or "Never:" not in told:
            silent.append(name)
    assert silent == []


def test_no_file_has_a_name_that_says_nothing():
    assert [str(path) for path in sources() if path.stem in VAGUE] == []


def test_no_signals():
    assert [
        where(path, node)
        for path in sources()
        for module, name, node in imports(path)
        if "signals" in (*module.split("."), name) or (module == "django.dispatch")
    ] == []


def test_no_model_overrides_save_or_delete():
    assert [
        where(path, method)
        for path in sources()
        if room_of(path) == "models"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name in ("save", "delete", "clean", "full_clean")
    ] == []


def test_no_generic_keys():
    assert [
        where(path, node) for path in sources() for _, name, node in imports(path) if name.startswith("GenericForeign")
    ] == []


def public_services():
    """The functions of `services.py`, or those that `services/__init__.py` hands out."""
    for path in sources():
        if room_of(path) != "services":
            continue
        front = Path(context_of(path)) / "services" / "__init__.py"
        handed_out = {name for _, name, _ in imports(front)} if front in sources() else None
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in NO_WRITES:
                if handed_out is None or node.name in handed_out:
                    yield path, node


def test_services_are_keyword_only():
    assert [where(path, node) for path, node in public_services() if node.args.args or node.args.vararg] == []


def test_every_service_that_a_person_or_the_audit_stands_behind_takes_now():
    def records(node):
        return any(isinstance(one, ast.Name) and one.id in ("record", "tell") for one in ast.walk(node))

    assert [
        f"{where(path, node)} {node.name}"
        for path, node in public_services()
        if "by" in {one.arg for one in node.args.kwonlyargs} or records(node)
        if "now" not in {one.arg for one in node.args.kwonlyargs}
    ] == []


def test_times_are_passed_in_and_never_taken_inside():
    """Only edges and workers look at the clock."""
    clock = {"utcnow", "now", "today"}
    assert [
        where(path, node)
        for path in sources()
        if room_of(path) in (DOORS - {"models"}) | {"rules", "states"} and context_of(path) in contexts()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
        if (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id) in clock
    ] == []


def test_no_shell():
    wrong = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                shell = [one for one in node.keywords if one.arg == "shell" and not is_false(one.value)]
                system = isinstance(node.func, ast.Attribute) and node.func.attr in ("system", "popen", "getoutput")
                if shell or system:
                    wrong.append(where(path, node))
    assert wrong == []


def is_false(node):
    return isinstance(node, ast.Constant) and node.value is False


def test_no_comment_promises_something_for_later():
    promises = []
    for path, text in sources().items():
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string):
                promises.append(f"{path}:{token.start[0]}")
    assert promises == []


def test_every_noqa_names_its_rule_and_its_reason():
    bare = []
    for path, text in sources().items():
        for number, line in enumerate(text.splitlines(), start=1):
            if "# noqa" in line and not re.search(r"# noqa: [A-Z0-9, ]+ - \S", line):
                bare.append(f"{path}:{number}")
    assert bare == []


@pytest.mark.parametrize("name", ["models", "services", "queries", "rules", "engine", "states"])
def test_every_module_and_public_function_of_the_core_says_what_it_is(name):
    silent = []
    for path in sources():
        if room_of(path) == name and context_of(path) in contexts() and path.name != "__init__.py":
            if not ast.get_docstring(tree(path)):
                silent.append(str(path))
            silent += [
                where(path, node)
                for node in tree(path).body
                if isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ]
    assert silent == []
