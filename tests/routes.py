"""Every address of the site, found by walking what Django and the API library have mounted."""

import re
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver
from fabrica.config.api import api

PARAMETER = re.compile(r"<(?:\w+:)?(?P<route>\w+)>|\(\?P<(?P<regex>\w+)>[^()]*\)")
API_OWN = {"openapi-json", "openapi-view", "api-root"}


@dataclass(frozen=True)
class Page:
    """An address that is no operation of the API."""

    name: str
    route: str
    context: str
    view: object

    def path(self, samples):
        return fill(self.route, samples)

    @property
    def pattern(self):
        return self.route


@dataclass(frozen=True)
class Operation:
    """An operation of the API: one method on one address."""

    method: str
    route: str
    context: str
    view: object
    has_body: bool

    def path(self, samples):
        return fill(self.pattern, samples)

    @property
    def pattern(self):
        return re.sub(r"\{(?:\w+:)?(\w+)\}", r"<\1>", self.route)

    def __str__(self):
        return f"{self.method} {self.route}"


def context_of(module):
    parts = module.split(".")
    return parts[1] if parts[0] == "fabrica" else parts[0]


def keys(route):
    """(the last fixed part before it, its name) of each parameter of an address, such as ("projects", "slug")."""
    fixed = ""
    for part in route.split("/"):
        names = [match["route"] or match["regex"] for match in PARAMETER.finditer(part)]
        yield from (("admin" if route.startswith("admin/") else fixed, name) for name in names)
        fixed = fixed if names else part.strip("^$") or fixed


def fill(route, samples):
    """The address with a sample for each parameter; a parameter without one fails and says where to add it."""
    wanted = keys(route)

    def sample(match):
        key = next(wanted)
        assert key in samples, f"/{route}: add a sample for {key} to tests/conftest.py"
        return str(samples[key])

    return "/" + re.sub(r"[\^$]", "", PARAMETER.sub(sample, route)).lstrip("/")


def patterns(found, route="", namespace=""):
    for one in found:
        if isinstance(one, URLPattern):
            yield route + str(one.pattern), namespace + (one.name or ""), one.callback
        else:
            below = namespace + (f"{one.namespace}:" if one.namespace else "")
            yield from patterns(one.url_patterns, route + str(one.pattern), below)


def pages():
    """Everything outside the API, and the API's own description."""
    return [
        Page(name, route, context_of(view.__module__), view)
        for route, name, view in patterns(get_resolver().url_patterns)
        if not name.startswith("api:") or name[4:] in API_OWN
    ]


def operations():
    """Every operation of the API."""
    return [
        Operation(
            method, f"api{prefix}{path}", context_of(one.view_func.__module__), one.view_func,
            any(model.__ninja_param_source__ in ("body", "form", "file") for model in one.models),
        )
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for one in view.operations
        for method in one.methods
    ]  # fmt: skip
