"""The providers' page of the documentation tells the limits and kinds as they are."""

import re
from pathlib import Path

from django.conf import settings
from fabrica.dataspaces import services
from fabrica.dataspaces.engine.contents import extensions

PAGE = Path(__file__).parents[4] / "docs" / "provider" / "publishing.md"


def test_the_limits_in_the_documentation_are_those_in_force():
    most = services.limits()
    table = dict(re.findall(r"^\| (.+?) \| ([\d,]+)", PAGE.read_text(), re.M))
    assert table == {
        "a version in total": f"{most.total_bytes // 10**6}",
        "one file": f"{most.file_bytes // 10**6}",
        "files in a version": f"{most.files:,}",
        "files in one upload that is no `.zip`": f"{settings.DATA_UPLOAD_MAX_NUMBER_FILES:,}",
    }


def test_the_kinds_in_the_documentation_are_those_taken():
    line = next(line for line in PAGE.read_text().splitlines() if line.startswith("Text and data only."))
    assert tuple(re.findall(r"`(\w+)`", line)) == extensions()
