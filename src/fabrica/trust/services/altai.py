"""Every write of a self-assessment. Who may write about a subject is asked by who calls this."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.people.models import Person
from fabrica.trust.engine.altai import Answer, Scope, check, checklist, in_force
from fabrica.trust.models import SelfAssessment


class SelfAssessedMeanwhile(Refused):
    """Somebody else saved the same requirement since the writer opened it; what the writer chose was not kept."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else answered this requirement meanwhile."),
            todo=_("Reload this page, look at what they answered, then save yours again."),
        )


@transaction.atomic
def self_assess(
    *,
    subject: str,
    scope: Scope,
    now: datetime,
    answers: Mapping[str, str] | None = None,
    ratings: Mapping[str, int | None] | None = None,
    seen: Mapping[str, int] | None = None,
) -> SelfAssessment:
    """Keep answers and ratings beside those that are there; an empty answer, or no rating, takes one away.

    `seen` says, by requirement, at which of its saves the writer began: SelfAssessedMeanwhile when it was saved since.
    Raises Refused for what the list does not know.
    """
    row = _open(subject, scope, now)
    rules = checklist(row.version)
    given, rated = dict(answers or {}), dict(ratings or {})
    check(
        {key: one or Answer.UNSURE for key, one in given.items()}, {key: one or 0 for key, one in rated.items()}, rules
    )
    touched = {rules.by_id[key].requirement for key in given} | set(rated)
    if any(row.saves.get(key, 0) != count for key, count in (seen or {}).items() if key in touched):
        raise SelfAssessedMeanwhile
    row.answers = {key: one for key, one in {**row.answers, **given}.items() if one}
    row.ratings = _only_rated({**row.ratings, **rated})
    row.saves = {**row.saves, **{key: row.saves.get(key, 0) + 1 for key in sorted(touched)}}
    row.scope, row.saved_at = scope, now
    row.save(update_fields=["answers", "ratings", "saves", "scope", "saved_at"])
    return row


def _only_rated(ratings: Mapping[str, int | None]) -> dict[str, int]:
    return {key: one for key, one in ratings.items() if one is not None}


def _open(subject: str, scope: Scope, now: datetime) -> SelfAssessment:
    """The open one, locked; else a new one with the answers of the last, as far as the list of today asks the same."""
    rows = SelfAssessment.objects.select_for_update().filter(subject=subject)
    found = rows.filter(handed_in_at=None).first()
    if found is not None:
        return found
    rules, last = in_force(timezone.localdate(now)), rows.order_by("-pk").first()
    kept = {key: one for key, one in last.answers.items() if key in rules.by_id} if last else {}
    try:
        with transaction.atomic():
            return SelfAssessment.objects.create(
                subject=subject, version=rules.version, scope=scope, answers=kept, begun_at=now, saved_at=now,
                ratings=last.ratings if last else {}, saves=last.saves if last else {},
            )  # fmt: skip
    except IntegrityError as error:  # somebody began at the same moment
        raise SelfAssessedMeanwhile from error


@transaction.atomic
def hand_in_self_assessment(*, subject: str, is_required: bool, by: Person, now: datetime) -> SelfAssessment | None:
    """Fix what is open for good; nothing to do where nothing is. Raises Refused where it must be complete and is not.

    The audit keeps the scores, never an answer.
    """
    rows = SelfAssessment.objects.select_for_update().filter(subject=subject)
    found = rows.filter(handed_in_at=None).first()
    if is_required:
        _must_be_complete(found or rows.order_by("-pk").first())
    if found is None or not (found.answers or found.ratings):
        return None
    found.handed_in_at = now
    found.save(update_fields=["handed_in_at"])
    result = found.result
    points = {one.requirement: one.points for one in result.scores}
    record(
        verb="trust.self_assess", by=by, subject=subject, now=now, version=found.version, scope=found.scope,
        asked=result.asked, answered=result.answered, points=points,
    )  # fmt: skip
    return found


def _must_be_complete(found: SelfAssessment | None) -> None:
    if found is None or not found.result.is_complete:
        raise Refused(
            _("The self-assessment is not complete yet."),
            why=_("This access mode asks for every answer of it."),
            todo=_("Open it from the application's page; unsure is an answer too."),
        )
