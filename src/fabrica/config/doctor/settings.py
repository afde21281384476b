"""The settings."""

from collections.abc import Iterator

from django.core.checks import run_checks

from fabrica.config.doctor.finding import Finding, bad, well


def checks() -> Iterator[Finding]:
    """What refuses to start: Django's checks and ours."""
    problems = [one for one in run_checks() if one.is_serious()]
    for one in problems:
        yield bad(str(one.msg), str(one.hint or "See docs/operator/settings.md."))
    if not problems:
        yield well("The settings are sound.")
