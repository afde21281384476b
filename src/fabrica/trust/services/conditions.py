"""Conditions: owed, evidence given, found met by one person and closed by another."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Organisation, Person
from fabrica.people.queries import with_role
from fabrica.people.rules import without_interest
from fabrica.people.states import Role
from fabrica.projects.models import Project
from fabrica.trust import rules
from fabrica.trust.engine import impact
from fabrica.trust.engine.owed import Row, of_facts, row_of
from fabrica.trust.models import Assessment, Condition, ImpactAssessment, Referral
from fabrica.trust.queries.board import ethics_for
from fabrica.trust.queries.conditions import blocking, brought_by
from fabrica.trust.services.evidence import checked, keep
from fabrica.trust.services.writing import said, tell_all
from fabrica.trust.states import MET_MOVES, PENDING, TAKES_EVIDENCE, Blocks, Case, Met, Owner

WARN = timedelta(days=7)
MOST_DAYS = 1_000
MOST_OF_SUBJECT = 100
LINK_LIMIT = 400
MOST_NAMED = 5


def require_none(*, step: Blocks, project: Project | None = None, subject: str = "", gpu_seconds: int = 0) -> None:
    """Go on only where no condition holds this step up. Raises Refused, which names each."""
    found = blocking(step=step, project=project, subject=subject, gpu_seconds=gpu_seconds)
    if not found:
        return
    lines = [f"{one.words.rstrip('.')} ({one.get_state_display()})." for one in found[:MOST_NAMED]]
    raise Refused(
        _("Conditions are to be met before: %s.") % str(Blocks(step).label).lower(), why=" ".join(lines),
        todo=_("Give the evidence on the page of the conditions; two persons of the board close each."),
        conditions=[one.pk for one in found],
    )  # fmt: skip


def owe(
    *, assessment: Assessment, organisation: Organisation, applicant: Person, by: Person, now: datetime,
    project: Project | None = None,
) -> list[Condition]:  # fmt: skip
    """Write the conditions that an assessment brings, by the data file, where they are not owed already."""
    wanted = {one.key: one for one in brought_by(assessment)}
    there = Condition.objects.filter(subject=assessment.subject, state__in=PENDING)
    known = set(there.filter(key__in=wanted).values_list("key", flat=True))
    made = [
        _create(
            row, assessment=assessment, subject=assessment.subject, organisation=organisation, applicant=applicant,
            project=project, now=now,
        )
        for key, row in wanted.items() if key not in known
    ]  # fmt: skip
    if made:
        record(
            verb="condition.owe", by=by, subject=assessment.subject, now=now, conditions=[one.pk for one in made],
            keys=[one.key for one in made],
        )  # fmt: skip
        _tell_opened(made, now)
    return made


def supersede(*, assessment: Assessment, by: Person, now: datetime) -> None:
    """Drop what earlier answers about a subject brought and these bring no more, where nobody has worked on it yet.

    Only for what holds, by the gate's yes or a person's: what is merely asked for takes nothing away.
    """
    wanted = {one.key for one in brought_by(assessment)}
    there = Condition.objects.filter(subject=assessment.subject, state=Met.OPEN).exclude(key="")
    for one in there.exclude(key__in=[*wanted, *of_facts()]):
        _move(one, Met.DROPPED, by=by, now=now, verb="condition.drop", rings_at=None)


def owe_row(
    *, key: str, subject: str, project: Project | None, organisation: Organisation, applicant: Person, by: Person,
    now: datetime, is_anew: bool = False,
) -> None:  # fmt: skip
    """Write the condition of a row that hangs on a fact; not where it is owed or, unless `is_anew`, was settled."""
    there = Condition.objects.filter(subject=subject, key=key).exclude(state=Met.DROPPED)
    if (there.filter(state__in=PENDING) if is_anew else there).exists():
        return
    made = _create(
        row_of(key), subject=subject, project=project, organisation=organisation, applicant=applicant, now=now
    )  # fmt: skip
    record(verb="condition.owe", by=by, subject=subject, now=now, conditions=[made.pk], keys=[key])
    _tell_opened([made], now)


def drop_row(*, key: str, subject: str, by: Person, now: datetime) -> None:
    """Drop the condition of a row whose fact is gone, where nobody has worked on it yet."""
    for one in Condition.objects.filter(subject=subject, key=key, state=Met.OPEN):
        _move(one, Met.DROPPED, by=by, now=now, verb="condition.drop", rings_at=None)


def reopen(*, key: str, subject: str, by: Person, now: datetime, project: Project | None = None) -> None:
    """Let the evidence for a row not count any more: what it was about has changed."""
    for one in Condition.objects.filter(subject=subject, key=key, state__in=PENDING).exclude(state=Met.OPEN):
        _move(one, Met.OPEN, by=by, now=now, verb="condition.reopen", found_by=None, found_at=None, reason="")
    if project is not None:
        Condition.objects.filter(subject=subject, key=key, project=None, state__in=PENDING).update(project=project)


def unfind(*, subject: str, by: Person, now: datetime) -> None:
    """Take back what a person found of a subject's conditions, for they have an interest: others judge them anew."""
    for one in Condition.objects.filter(subject=subject, state__in=[Met.CLOSING, Met.WAIVING], found_by=by):
        after = Met.EVIDENCE_GIVEN if one.given_at else Met.OPEN
        _move(one, after, by=by, now=now, verb="condition.reopen", found_by=None, found_at=None, reason="")


def show_row(*, key: str, subject: str, text: str, by: Person, now: datetime) -> None:
    """Give what was made as the evidence for a row; where a person has found earlier evidence good, they look anew."""
    reopen(key=key, subject=subject, by=by, now=now)
    found = Condition.objects.filter(subject=subject, key=key, state=Met.OPEN).first()
    if found is not None:
        _show(found, text=text, link="", by=by, now=now)


def drop(*, subject: str, by: Person, now: datetime) -> None:
    """Let everything go that a subject still owes: it is refused or taken back."""
    for one in Condition.objects.filter(subject=subject, project=None, state__in=PENDING):
        _move(one, Met.DROPPED, by=by, now=now, verb="condition.drop", rings_at=None)


def _create(row: Row, *, now: datetime, subject: str, **about: Any) -> Condition:
    """Of a project, which has its award, all further runs wait for what an award would have waited for."""
    due_on = timezone.localdate(now) + timedelta(days=row.days)
    blocks, limit = row.blocks, row.run_gpu_seconds
    if blocks is Blocks.AWARD and subject.startswith("project:"):
        blocks, limit = Blocks.RUN, 0
    made = Condition.objects.create(
        subject=subject, key=row.key, text=row.text, source=row.kept, owner=row.owner, blocks=blocks,
        run_gpu_seconds=limit, due_on=due_on, opened_at=now, **about,
    )  # fmt: skip
    return _wind(made)


def _wind(condition: Condition) -> Condition:
    """Set when its owner is next to be told: a week before it is due."""
    morning = timezone.make_aware(datetime.combine(condition.due_on, time.min))
    condition.rings_at = max(morning - WARN, condition.opened_at)
    condition.save(update_fields=["rings_at"])
    return condition


@transaction.atomic
def write(
    *, referral: Referral, text: str, blocks: str, days: int, by: Person, now: datetime, owner: str = Owner.APPLICANT,
    run_gpu_seconds: int | None = None,
) -> Condition:  # fmt: skip
    """Write a condition of the board's own for a case. Raises NotAllowed, Refused."""
    held = Referral.objects.select_for_update(of=("self",), no_key=True).select_related("project").get(pk=referral.pk)
    if not rules.can_lead(by, held):
        raise NotAllowed(_("Only an ethics officer without an interest in it writes its conditions."))
    if held.state != Case.OPEN:
        raise Refused(_("Conditions are written while the case is open."), todo=_("Reload the page."))
    if blocks not in Blocks.values or owner not in Owner.values or not 0 < days <= MOST_DAYS:
        raise Refused(
            _("This condition cannot be kept."),
            why=_("It names a step, a side, and 1 to %(most)s days.") % {"most": MOST_DAYS},
        )
    if (blocks == Blocks.RUN) != (run_gpu_seconds is not None) or (run_gpu_seconds or 0) < 0:
        raise Refused(_("Say from how many GPU-hours on runs wait; for other steps leave that empty."))
    if Condition.objects.filter(subject=referral.subject).count() >= MOST_OF_SUBJECT:
        raise Refused(_("There are %(most)s conditions already.") % {"most": MOST_OF_SUBJECT})
    made = Condition.objects.create(
        subject=referral.subject, project=held.project, organisation=referral.organisation,
        applicant=referral.applicant, assessment=referral.assessment, referral=referral, text=said(text), owner=owner,
        blocks=blocks, run_gpu_seconds=run_gpu_seconds, due_on=timezone.localdate(now) + timedelta(days=days),
        opened_at=now,
    )  # fmt: skip
    record(verb="condition.write", by=by, subject=referral.subject, now=now, condition=made.pk, blocks=blocks)
    _tell_opened([made], now)
    return _wind(made)


@transaction.atomic
def carry_over(*, subject: str, project: Project, by: Person, now: datetime) -> int:
    """Let what is owed by an application, and what its case still brings, be its project's. The award calls this."""
    moved = Condition.objects.filter(subject=subject, project=None).update(project=project)
    ImpactAssessment.objects.filter(subject=subject, project=None).update(project=project)
    Referral.objects.filter(subject=subject, project=None).update(project=project)
    if moved:
        record(verb="condition.carry_over", by=by, subject=subject, now=now, project=project.slug, count=moved)
    return moved


@transaction.atomic
def give_evidence(
    *, condition: Condition, text: str, by: Person, now: datetime, link: str = "", name: str = "", data: bytes = b"",
) -> Condition:  # fmt: skip
    """Say how it is met, with a file if it has a name; saying it again replaces all but files, until it is found met.

    Raises NotAllowed, Refused.
    """
    if not rules.can_give_evidence(by, condition):
        raise NotAllowed(_("Only the side that owes it gives the evidence."))
    if condition.key == impact.KEY:
        raise Refused(_("The signed impact assessment is the evidence."), todo=_("Open it, complete it, and sign it."))
    return _show(condition, text=text, link=link, by=by, now=now, name=name, data=data)


def _show(
    condition: Condition, *, text: str, link: str, by: Person, now: datetime, name: str = "", data: bytes = b"",
) -> Condition:  # fmt: skip
    if condition.state not in TAKES_EVIDENCE:
        raise Refused(
            _("Evidence is not taken any more."), why=condition.get_state_display(), todo=_("Reload the page.")
        )
    told = {"evidence": said(text), "evidence_link": _checked_link(link), "given_by": by, "given_at": now, "reason": ""}
    file = checked(condition, name, data) if name else None
    _move(condition, Met.EVIDENCE_GIVEN, by=by, now=now, verb="condition.evidence", **told)
    if file is not None:
        keep(file, data, by=by, now=now)
    event = f"{condition.audit_subject}:evidence:{now.isoformat()}"
    board = _board_of(condition)
    tell_all(board, kind="condition_evidence", event=event, now=now, path=_page(condition), one=condition)
    return condition


def _checked_link(link: str) -> str:
    link = link.strip()
    try:
        if link:
            URLValidator(schemes=["https", "http"])(link)
    except ValidationError as error:
        raise Refused(_("This is no address of a page."), todo=_("Use one that begins with https://.")) from error
    if len(link) > LINK_LIMIT:
        raise Refused(_("An address has at most %(most)s letters.") % {"most": LINK_LIMIT})
    return link


@transaction.atomic
def find_met(*, condition: Condition, by: Person, now: datetime, seen: datetime | None = None) -> Condition:
    """Find it met, as the first of two; `seen` is when the evidence was given that they read, where that is known.

    Raises NotAllowed, Refused without evidence or where it was given anew meanwhile.
    """
    _must_judge(by, condition)
    rows = Condition.objects.select_for_update(no_key=True).filter(pk=condition.pk)
    if rows.get().given_at != (seen or condition.given_at):
        raise Refused(_("Other evidence was given meanwhile."), todo=_("Read it, then judge."))
    return _move(condition, Met.CLOSING, by=by, now=now, verb="condition.find_met", found_by=by, found_at=now)


@transaction.atomic
def waive(*, condition: Condition, reason: str, by: Person, now: datetime) -> Condition:
    """Say, as the first of two, that it need not be met, and why. Raises NotAllowed, Refused without a reason."""
    _must_judge(by, condition)
    facts = {"found_by": by, "found_at": now, "reason": said(reason)}
    return _move(condition, Met.WAIVING, by=by, now=now, verb="condition.waive", **facts)


@transaction.atomic
def settle(*, condition: Condition, by: Person, now: datetime) -> Condition:
    """Close or waive it as the second person.

    Raises NotAllowed for the first; Refused where there was none, or where they have an interest by now.
    """
    condition.refresh_from_db(from_queryset=Condition.objects.select_for_update(of=("self",), no_key=True))
    _must_judge(by, condition)
    after = {Met.CLOSING: Met.CLOSED, Met.WAIVING: Met.WAIVED}.get(Met(condition.state))
    if after is None:
        raise Refused(_("Nobody has found it met or to be waived yet."), todo=_("Reload the page."))
    if condition.found_by_id == by.pk:
        raise NotAllowed(_("A condition is closed by two persons: somebody else must agree."))
    if condition.found_by is not None and rules.is_barred(condition.found_by, condition):
        raise Refused(
            _("Who judged it first has an interest in it."), todo=_("Send it back; two persons judge it anew.")
        )
    facts = {"settled_by": by, "settled_at": now, "rings_at": None}
    _move(condition, after, by=by, now=now, verb="condition.settle", **facts)
    event = f"{condition.audit_subject}:settled"
    tell_all(_owners(condition), kind="condition_settled", event=event, now=now, path=_page(condition), one=condition)
    return condition


@transaction.atomic
def send_back(*, condition: Condition, reason: str, by: Person, now: datetime) -> Condition:
    """Say what is missing: it is open again. Raises NotAllowed, Refused without a reason."""
    _must_judge(by, condition)
    facts = {"reason": said(reason), "found_by": None, "found_at": None}
    _move(condition, Met.OPEN, by=by, now=now, verb="condition.send_back", **facts)
    event = f"{condition.audit_subject}:back:{now.isoformat()}"
    tell_all(_owners(condition), kind="condition_back", event=event, now=now, path=_page(condition), one=condition)
    return condition


def _must_judge(by: Person, condition: Condition) -> None:
    if not rules.can_judge(by, condition):
        raise NotAllowed(
            _("Only the board, without an interest in it, judges a condition, and nobody their own evidence.")
        )


def _move(condition: Condition, after: Met, *, by: Person, now: datetime, verb: str, **fields: Any) -> Condition:
    """The one place where a condition changes its state: table, compare-and-set, audit."""
    before = Met(condition.state)
    if after not in MET_MOVES[before]:
        words = {"before": str(before.label).lower(), "after": str(after.label).lower()}
        raise Refused(
            _("A condition that is “%(before)s” cannot become “%(after)s”.") % words, todo=_("Reload the page.")
        )
    if not Condition.objects.filter(pk=condition.pk, state=before).update(state=after, **fields):
        raise Refused(_("Somebody else decided meanwhile."), todo=_("Reload the page."))
    record(
        verb=verb, by=by, subject=condition.subject, now=now, condition=condition.pk, before=before.value,
        after=after.value,
    )  # fmt: skip
    condition.refresh_from_db()
    return condition


@transaction.atomic
def ring(*, condition: Condition, now: datetime) -> bool:
    """Tell its owner that it is due soon, or overdue; each once. False where another worker did. No act."""
    mine = Condition.objects.filter(pk=condition.pk, rings_at=condition.rings_at)
    due_at = timezone.make_aware(datetime.combine(condition.due_on + timedelta(days=1), time.min))
    is_late = now >= due_at
    if not mine.update(rings_at=None if is_late or condition.is_settled else due_at):
        return False
    if not condition.is_settled:
        kind = "condition_overdue" if is_late else "condition_due_soon"
        people = [*_owners(condition), *(ethics_for(condition.organisation) if is_late else ())]
        event = f"{condition.audit_subject}:{kind}"
        tell_all(people, kind=kind, event=event, now=now, path=_page(condition), one=condition)
    return True


def _page(condition: Condition) -> str:
    return f"/conditions/{condition.pk}/"


def _owners(condition: Condition) -> list[Person]:
    """Who gives the evidence: the person named, the applicant, or the site's officers."""
    if condition.person is not None:
        return [condition.person]
    if condition.owner == Owner.SITE:
        return without_interest(with_role(Role.OFFICER), condition.organisation)
    return [condition.applicant]


def _board_of(condition: Condition) -> list[Person]:
    people = [one for role in (Role.ETHICS, Role.BOARD) for one in with_role(role)]
    return [one for one in people if rules.can_judge(one, condition)]


def _tell_opened(made: list[Condition], now: datetime) -> None:
    """One letter for all that were written at once, to each side that owes some of them."""
    for owner in Owner:
        theirs = [one for one in made if one.owner == owner]
        if theirs:
            event, path = f"condition:{theirs[0].pk}:opened", _page(theirs[0])
            tell_all(_owners(theirs[0]), kind="condition_opened", event=event, now=now, path=path, conditions=theirs)
