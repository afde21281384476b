"""What a person reads and may write of an application's self-assessment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from fabrica.applications.models import Application
from fabrica.applications.queries import application_of
from fabrica.applications.rules import can_edit
from fabrica.kit.errors import NotFound
from fabrica.people.models import Person
from fabrica.trust.engine.altai import Checklist, Item, Requirement, Result, Scope, in_force, score, sets_on
from fabrica.trust.engine.altai import checklist as by_version
from fabrica.trust.models import SelfAssessment
from fabrica.trust.queries import altai


@dataclass(frozen=True)
class Reading:
    """One self-assessment as one person has it before them. Who may not write it sees what was handed in."""

    application: Application
    rules: Checklist
    scope: Scope
    is_required: bool
    is_writable: bool
    is_mine: bool
    answers: Mapping[str, str]
    ratings: Mapping[str, int]
    saves: Mapping[str, int]
    at: datetime | None  # when it was handed in; None while it is open
    saved_at: datetime | None
    handed_in: Sequence[SelfAssessment]

    @property
    def result(self) -> Result:
        """What the answers come to."""
        return score(self.answers, self.rules, self.scope, self.ratings)

    def requirement(self, key: str) -> Requirement:
        """One of the seven. Raises NotFound."""
        found = next((one for one in self.rules.requirements if one.id == key), None)
        if found is None:
            raise NotFound(_("There is no such requirement."), todo=_("Choose one of the seven."))
        return found

    def parts(self, requirement: Requirement) -> list[tuple[str, tuple[Item, ...]]]:
        """Its items as a page asks them: those of the gate (the topic is empty), then the others by topic."""
        asked = self.scope.items(self.rules, requirement.id)
        found = [("", tuple(one for one in asked if one.is_gate))]
        found += [
            (topic.id, tuple(one for one in asked if one.topic == topic.id and not one.is_gate))
            for topic in requirement.topics
        ]
        return [(topic, items) for topic, items in found if items]

    def after(self, key: str) -> str:
        """The next requirement that still has items without an answer, from there on and round; empty: none has."""
        scores = self.result.scores
        start = next((at for at, one in enumerate(scores) if one.requirement == key), -1) + 1
        return next((one.requirement for one in [*scores[start:], *scores[:start]] if not one.is_complete), "")


def reading_of(person: Person, code: str, now: datetime, number: int = 0) -> Reading:
    """The self-assessment of an application; with a number, that which was handed in as such.

    Raises NotFound, also for who may not see the application, and where there is none to read and none to write.
    """
    application = application_of(person, code)
    mine = can_edit(person, application)
    writes = mine and application.is_editable and not number
    row = _row(application.subject, mine=mine, number=number)
    if row is None and not writes:
        raise NotFound(_("No self-assessment was handed in."), todo=_("See the application's page."))
    return _reading(application, row, writes=writes, mine=mine, now=now)


def _row(subject: str, *, mine: bool, number: int) -> SelfAssessment | None:
    if number:
        return altai.handed_in_as(subject, number)
    return altai.newest(subject) if mine else altai.last_handed_in(subject)


def _reading(
    application: Application, row: SelfAssessment | None, *, writes: bool, mine: bool, now: datetime
) -> Reading:
    """Whoever goes on from what was handed in does so by the list of today."""
    asked = sets_on(now.date()).of(application.call.mode.key)
    is_new = row is None or (writes and row.handed_in_at is not None)
    rules = in_force(now.date()) if row is None or is_new else by_version(row.version)
    answers = {key: one for key, one in row.answers.items() if key in rules.by_id} if row else {}
    return Reading(
        application=application,
        rules=rules,
        scope=asked.scope if writes or row is None else Scope(row.scope),
        is_required=asked.is_required,
        is_writable=writes,
        is_mine=mine,
        answers=answers,
        ratings=row.ratings if row else {},
        saves=row.saves if row else {},
        at=row.handed_in_at if row and not is_new else None,
        saved_at=row.saved_at if row else None,
        handed_in=altai.handed_in(application.subject),
    )
