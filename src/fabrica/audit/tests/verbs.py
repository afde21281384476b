"""Every audit entry the package writes, read from its source."""

import ast
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]


@cache
def modules():
    return list(_modules())


def _modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        if "tests" not in path.parts and path.name != "conftest.py":
            yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def entries():
    """Each `record(...)`: where it stands, and the expressions it is given by name."""
    for place, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
                yield f"{place}:{node.lineno}", {one.arg: one.value for one in node.keywords}


@cache
def verbs():
    """Each verb as text; `staging.*` where its second half is a state. Verbs stand at `verb=` or in a table VERBS."""
    return list(_verbs())


def _verbs():
    for place, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "verb":
                yield from ((place, one) for one in words(node.value))
            if isinstance(node, ast.Assign | ast.AnnAssign):
                names = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
                if any(isinstance(one, ast.Name) and one.id == "VERBS" for one in names) and node.value:
                    yield from (
                        (place, one.value)
                        for one in ast.walk(node.value)
                        if isinstance(one, ast.Constant) and re.fullmatch(r"\w+\.\w+", str(one.value))
                    )


def words(value):
    if isinstance(value, ast.Constant):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(one.value if isinstance(one, ast.Constant) else "*" for one in value.values)
