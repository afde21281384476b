"""Rows of tables."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from fabrica.dataspaces.models import Version
from fabrica.dataspaces.queries import Use
from fabrica.dataspaces.states import StagingState
from fabrica.web.components import Column
from fabrica.web.words import count, size

Table = dict[str, Any]


def versions_table(versions: Sequence[Version]) -> Table:
    """The versions of a dataset."""
    columns = [
        _("Version"),
        _("State"),
        _("Published"),
        Column(_("Files"), numeric=True),
        Column(_("Size"), numeric=True),
    ]
    return {"columns": columns, "rows": [_version_row(one) for one in versions]}


def _version_row(version: Version) -> list[Any]:
    address = reverse("dataspaces:version", args=[version.dataset.slug, version.number])
    return [
        format_html('<a href="{}">{}</a>', address, version.uri),
        version.get_state_display(),
        f"{version.published_at:%Y-%m-%d}" if version.published_at else "–",
        count(version.file_count),
        size(version.size_bytes),
    ]


def uses_table(uses: Sequence[Use]) -> Table:
    """Who used a dataset for what."""
    columns = [_("Project"), _("Organisation"), _("Purpose"), _("Version"), _("Accepted"), _("Copied")]
    return {"columns": columns, "rows": [_use_row(one) for one in uses]}


def _use_row(use: Use) -> list[Any]:
    copied = f"{use.staged_at:%Y-%m-%d}" if use.staged_at else _("not yet")
    if use.staging_state and not use.staged_at:
        copied = str(StagingState(use.staging_state).label)
    return [use.project, use.organisation, use.purpose, use.uri, f"{use.agreed_at:%Y-%m-%d}", copied]
