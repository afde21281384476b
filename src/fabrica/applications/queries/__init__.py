"""Reading applications. Every list starts from `visible_to`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine import FIELDS, Gap, extra, gaps, propose
from fabrica.applications.engine.asked import Advice, Proposed, advice, spread
from fabrica.applications.engine.changed import Piece, pieces
from fabrica.applications.engine.clocks import Clock, Move, clock, until
from fabrica.applications.engine.interview import Interview, interview, is_of_first_gate, words_said
from fabrica.applications.models import Application, Attachment, Submission, Transition
from fabrica.applications.queries.attachments import as_dict, attachments_of
from fabrica.applications.queries.judging import judged_by, must_have_no_interest
from fabrica.applications.queries.lengths import site_lengths
from fabrica.applications.states import WITH_A_CLOCK, WITH_THE_FACTORY, State
from fabrica.calls.engine.form import STANDARD, asked, shipped_row
from fabrica.calls.engine.questions import Question
from fabrica.calls.queries import form_row
from fabrica.clusters.queries import calendar_of, calendars, calibration_of, facts_of, gpus_of
from fabrica.kit.calendar import Calendar, Pause, Unit, days_promised
from fabrica.kit.errors import NotFound
from fabrica.kit.units import SECONDS_PER_HOUR, gpu_hours
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.queries import organisations_of
from fabrica.planner import Plan, Proposal
from fabrica.trust.queries.board import pauses_of
from fabrica.trust.queries.board import uncounted as asked_about
from fabrica.trust.states import Answer
from fabrica.web.components import Event

NOTHING = "–"
OF_GATE = ("answers", "reasons", "labels", "duties", "path")
UNSEEN = ("trust_answers", *(f"gate__{one}" for one in OF_GATE))  # what a line of a list does not show
UNITS = {"working_day": Unit.WORKING_DAYS, "week": Unit.WEEKS, "month": Unit.MONTHS}
TONES = {
    State.AWARDED: "good",
    State.REFUSED: "bad",
    State.RETURNED: "warning",
    State.WITHDRAWN: "neutral",
    State.DECLINED: "neutral",
}


@dataclass(frozen=True)
class Change:
    """An answer that is another one now, with its words: those that stayed, are gone, or are new."""

    label: str
    before: str
    after: str
    pieces: Sequence[Piece]


def visible_to(person: Person) -> QuerySet[Application]:
    """Those of the person's organisations, newest first.

    The factory's staff see what was ever submitted; one that was sent back they see as it is being mended. They never
    see a draft. The panel sees what experts have reviewed, until it is decided; the ethics board its own cases. Nobody
    sees by a role what they have an interest in.
    """
    seen = Q(organisation__in=organisations_of(person))
    if (judged := judged_by(person)) is not None:
        away = people_rules.interests(person)
        seen |= judged & ~Q(organisation__in=away) if away else judged
    rows = Application.objects.select_related("call__machine__site", "organisation", "applicant", "gate")
    return rows.filter(seen).order_by("-pk")


def application_of(person: Person, code: str) -> Application:
    """An application by its code. Raises NotFound, also for one the person may not see.

    Raises NotAllowed for who would see it by a role and has an interest in it: that says so, and who goes on.
    """
    found = visible_to(person).select_related("form").filter(code=code).first()
    if found is None:
        must_have_no_interest(person, code)
        told = _("There is no application %(code)s for you to see.") % {"code": code}
        raise NotFound(told, todo=_("See yours on your home page."))
    return found


def queue(person: Person) -> QuerySet[Application]:
    """What waits for the factory, most urgent first: by the end of the step that runs."""
    return visible_to(person).filter(state__in=WITH_THE_FACTORY).order_by("step_due_at", "pk")


def is_late(now: datetime) -> Q:
    """The condition for what is past the end of its step: with the factory, or offered and not answered."""
    return Q(step_due_at__lt=now, state__in=WITH_A_CLOCK)


def clocks_of(applications: Sequence[Application]) -> dict[int, Clock]:
    """The clock of each of these that was ever submitted, by key: four statements, however many there are."""
    moves: dict[int, list[Move]] = {}
    rows = Transition.objects.filter(application__in=[one.pk for one in applications]).order_by("pk")
    for key, application, after, at in rows.values_list("pk", "application_id", "after", "at"):
        moves.setdefault(application, []).append(Move(key, State(after), at))
    known, waits = calendars(), pauses_of(one.subject for one in applications)
    told = {
        one.pk: _clock(
            one, moves.get(one.pk, []), known[one.call.machine.site_id],
            [Pause(begin, end) for begin, end in waits.get(one.subject, ())],
        )
        for one in applications
    }  # fmt: skip
    return {key: found for key, found in told.items() if found is not None}


def clock_of(application: Application) -> Clock | None:
    """The clock of an application, derived from its moves; None before it was ever submitted."""
    return clocks_of([application]).get(application.pk)


def clock_as_dict(application: Application, now: datetime) -> dict[str, Any] | None:
    """The clock of an application at a moment as the API tells it; None before it was ever submitted."""
    told = clock_of(application)
    if told is None:
        return None
    late = told.late_days(now, calendar_of(application.call.machine.site))
    return told.as_dict(now, late)


def _clock(application: Application, moves: Sequence[Move], calendar: Calendar, waits: Sequence[Pause]) -> Clock | None:
    """What was done before the cut-off it counts for counts as done at the cut-off: the promise begins there."""
    mode = application.call.mode
    first = next((one.at for one in moves if one.after is State.SUBMITTED), None)
    if first is None:
        return None
    begins = mode.counts_from(first)
    told = [replace(one, at=max(one.at, begins)) for one in moves]
    promised = days_promised(calendar, begins, mode.promise.at_most, UNITS[mode.promise.unit])
    return clock(
        told, calendar, mode=mode.key, promised=promised, by=site_lengths(), waits=waits,
        answer_days=application.answer_days,
    )  # fmt: skip


def appeal_until(application: Application) -> datetime | None:
    """The last instant at which its refusal may be appealed against; None where that cannot be any more, or not yet."""
    refused_at = application.decided_at
    if application.state != State.REFUSED or application.appealed_at is not None or refused_at is None:
        return None
    return until(calendar_of(application.call.machine.site), refused_at, site_lengths().appeal_days)


def reply_until(application: Application, now: datetime) -> datetime:
    """The last instant for an answer to reviews that the applicant is shown now."""
    return until(calendar_of(application.call.machine.site), now, site_lengths().reply_days)


def refused_from(application: Application) -> State:
    """The state in which it was refused last. For one that was refused.

    One whose offer was withdrawn is decided anew: it goes back to where an award is decided.
    """
    last = application.transitions.filter(after=State.REFUSED).last()
    if last is not None and last.before == State.OFFERED:
        return State.RANKED if application.has_experts else State.ASSESSED
    return State(last.before) if last else State.SUBMITTED


def ringing(now: datetime) -> Application | None:
    """The application whose step is to be told of first, if one is due to be."""
    rows = Application.objects.select_related("call__machine__site", "organisation")
    return rows.filter(clock_rings_at__lte=now).order_by("clock_rings_at").first()


def uncounted() -> Application | None:
    """One whose clock is to be counted anew.

    The site's calendar or its lengths of steps changed, no version of ours has counted it yet, or the ethics board's
    questions pause it.
    """
    rows = Application.objects.select_related("call__machine__site").order_by("pk")
    if subject := asked_about("application"):
        return rows.filter(code=subject.partition(":")[2]).first()
    waiting = rows.filter(state__in=(*WITH_A_CLOCK, State.RETURNED))
    version = F("call__machine__site__calendar_version")
    changed = waiting.exclude(clock_calendar=version, clock_lengths=site_lengths().digest).first()
    return changed or rows.filter(state=State.AWARDED, clock_calendar=0).first()


def answers_of(application: Application) -> dict[str, Any]:
    """The answers of an application, by field."""
    return {name: getattr(application, name) for name in FIELDS}


def handed_in(application: Application) -> dict[str, Any]:
    """Everything that is handed in, as a submission keeps it: questions that were not asked have no answer in it.

    The form, its answers and the files stand there only where there are any.
    """
    form, files = application.definition, [as_dict(one) for one in attachments_of(application)]
    more = {"form": str(application.form), "extra_answers": answers_asked(application)} if form.questions else {}
    return {**answers_of(application), **more, **({"attachments": files} if files else {})}


def questions_asked(application: Application) -> list[Question]:
    """The call's own questions that are to be answered, given the answers so far."""
    return list(asked(application.definition, application.extra_answers, answers_of(application)))


def answers_asked(application: Application) -> dict[str, Any]:
    """The answers to those of the call's own questions that are asked: no others are handed in."""
    keys = [one.key for one in questions_asked(application)]
    return {key: application.extra_answers[key] for key in keys if key in application.extra_answers}


def has_newer_form(application: Application) -> bool:
    """Whether the form of its call asks for something else by now; a draft may take it."""
    if application.state != State.DRAFT:
        return False
    row = form_row(application.call.mode_row["key"])
    mine = application.form.row if application.form else shipped_row(STANDARD)
    return bool(row != mine)


def interview_of(application: Application, now: datetime) -> Interview:
    """How far its trust questions are answered by the rules of this day."""
    return interview(application.trust_answers, timezone.localdate(now))


def gaps_of(application: Application, now: datetime) -> list[Gap]:
    """What keeps it from being submitted now, in the order of the form."""
    files = Counter(one.question for one in attachments_of(application))
    form, answers = application.definition, answers_of(application)
    found = gaps(answers, application.call.mode, timezone.localdate(now))
    found += extra.missing(form, application.extra_answers, answers, files)
    order = [name_of(one) for part in form.sections for one in part.items]
    last = len(order)
    return sorted(found, key=lambda gap: order.index(gap.field) if gap.field in order else last)


def name_of(item: str | Question) -> str:
    """The name of an item of a form: a field's, or a question's with what tells it apart from fields."""
    return item if isinstance(item, str) else f"{extra.PREFIX}{item.key}"


def drafts_of(person: Person) -> QuerySet[Application]:
    """What waits for the person: drafts, and applications sent back."""
    return visible_to(person).filter(state__in=[State.DRAFT, State.RETURNED], organisation__in=organisations_of(person))


def proposal_of(application: Application) -> tuple[Plan, Proposal] | None:
    """What the planner proposes to ask for; None until size, tokens and runs are given."""
    size, tokens, runs = application.parameters_millions, application.tokens_millions, application.runs
    if not (size and tokens and runs):
        return None
    machine = application.call.machine
    return propose(size, tokens, runs, facts_of(machine), calibration_of(machine))


def advice_of(application: Application) -> list[Advice]:
    """What to think over before asking for these hours; nothing of it keeps anybody from asking."""
    found = proposal_of(application)
    proposed = Proposed(found[1].gpu_seconds, found[0].seconds) if found else None
    seconds, most = application.gpu_seconds_requested or 0, application.call.mode.gpu_hours_max * SECONDS_PER_HOUR
    return advice(seconds, application.months, gpus_of(application.call.machine), proposed, most)


def spread_of(application: Application) -> list[Advice]:
    """What the hours asked for mean for the machine, over the months."""
    seconds, months = application.gpu_seconds_requested, application.months
    return spread(seconds, months, gpus_of(application.call.machine)) if seconds and months else []


def summary_of(application: Application) -> list[tuple[str | Promise, list[tuple[Any, Any]]]]:
    """All answers as people read them: parts with labels and values, the gate's questions last."""
    shown = {one.key for one in questions_asked(application)}
    files = attachments_of(application)
    parts: list[tuple[str | Promise, list[tuple[Any, Any]]]] = []
    for part in application.definition.sections:
        items = [one for one in part.items if isinstance(one, str) or one.key in shown]
        if items:
            parts.append((extra.said_in(part.title), [_item(application, one, files) for one in items]))
    if others := [one for one in files if not one.question]:
        parts.append((gettext_lazy("Other attachments"), [(_("Files"), _named(others))]))
    return [*parts, (gettext_lazy("Trust questions"), _trust_rows(application))]


def _trust_rows(application: Application) -> list[tuple[Any, Any]]:
    """The trust questions that were answered; a draft that answered those of the first gate is asked anew."""
    answers, was_handed_in = application.trust_answers, hasattr(application, "attachments_then")
    if application.is_editable and not was_handed_in and is_of_first_gate(answers):
        return []
    words = dict(Answer.choices)
    told = words_said(answers, (get_language() or "en").partition("-")[0])
    return [(question, words.get(answer, answer)) for _key, question, answer in told]


def differences(application: Application, values: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Labels and saved answers wherever `values`, which somebody typed, say something else."""
    typed = copy(application)
    for name, value in values.items():
        setattr(typed, name, {**application.extra_answers, **value} if name == "extra_answers" else value)
    ours, theirs = _rows(typed), _rows(application)
    return [(label, was) for label, was, now in _beside(theirs, ours) if was != now]


def submissions_of(application: Application) -> list[Submission]:
    """Its submissions, the first first; few, for each came back to its writer in between."""
    return list(application.submissions.order_by("number"))


def submission_of(application: Application, number: int) -> Submission:
    """One of them. Raises NotFound."""
    found = application.submissions.filter(number=number).first()
    if found is None:
        raise NotFound(
            _("%(application)s has no version %(number)s.") % {"application": application.code, "number": number}
        )
    return found


def as_it_was(application: Application, submission: Submission) -> Application:
    """The application with the answers of a submission, for reading; nothing may save it."""
    old = copy(application)
    for name in FIELDS:
        setattr(old, name, submission.answers[name])
    old.extra_answers = submission.answers.get("extra_answers", {})
    files = [Attachment(application=old, **one) for one in submission.answers.get("attachments", [])]
    old.attachments_then = files  # type: ignore[attr-defined]  # read by attachments_of
    return old


def changes(application: Application, before: Submission, after: Submission) -> tuple[Change, ...]:
    """The answers that differ, in the order of the form."""
    olds, news = (_rows(as_it_was(application, one)) for one in (before, after))
    told = _beside(olds, news)
    words = [(label, str(old), str(new)) for label, old, new in told]
    return tuple(Change(label, old, new, pieces(old, new)) for label, old, new in words if old != new)


def _rows(application: Application) -> dict[tuple[str, str], Any]:
    """What stands beside each label of each part; only one answer of a part has a label."""
    parts = summary_of(application)
    return {(str(title), str(label)): value for title, rows in parts for label, value in rows}


def _beside(olds: Mapping[Any, Any], news: Mapping[Any, Any]) -> list[tuple[str, Any, Any]]:
    """Labels with both answers, in the order of the form; where a question was not asked stands a dash."""
    named = [*news, *(key for key in olds if key not in news)]
    return [(key[1], olds.get(key, NOTHING), news.get(key, NOTHING)) for key in named]


def _item(application: Application, item: str | Question, files: Sequence[Attachment]) -> tuple[Any, Any]:
    if isinstance(item, str):
        return _answer(application, item)
    if item.kind == "file":
        return extra.said_in(item.label), _named([one for one in files if one.question == item.key])
    return extra.said_in(item.label), extra.said(item, application.extra_answers.get(item.key))


def _named(files: Sequence[Attachment]) -> str:
    return "; ".join(one.name for one in files) or NOTHING


def _answer(application: Application, name: str) -> tuple[Any, Any]:
    value = getattr(application, name)
    if name == "gpu_seconds_requested":
        return _("GPU-hours"), NOTHING if value is None else gpu_hours(value)
    if isinstance(value, bool):
        value = _("Yes") if value else _("No")
    label = application._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # our fields have names
    return str(label).capitalize(), NOTHING if value in (None, "") else value


def timeline_of(application: Application, reader: Person) -> list[Event]:
    """What happened to it, oldest first: who did what, when, and what the applicant was told.

    Who assessed or ranked it is told to the factory's staff alone.
    """
    started = Event(application.created_at, _("Started"), str(application.applicant))
    names_assessor = rules.sees_assessor(reader, application)
    moves = application.transitions.select_related("by")
    return [started, *(_event(State(one.after), one, names_assessor=names_assessor) for one in moves)]


def _event(after: State, move: Transition, *, names_assessor: bool) -> Event:
    who = "" if after in (State.ASSESSED, State.RANKED) and not names_assessor else str(move.by)
    return Event(move.at, after.label, who, move.reason, TONES.get(after, "info"))
