"""What the API of applications takes and answers."""

from datetime import date, datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from fabrica.applications import queries, rules
from fabrica.applications.models import MOST, TEXT_LIMIT, Application, Attachment
from fabrica.applications.queries.attachments import attachments_of
from fabrica.applications.queries.eligibility import eligibility_of
from fabrica.applications.states import Standing, State
from fabrica.kit.time import utcnow
from fabrica.people.queries import signed_in, sme_declaration_of
from fabrica.people.rules import is_staff_member


class DraftIn(Schema):
    """Answers to keep; fields left out stay as they are."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("", max_length=120)
    purpose: str = Field("", max_length=TEXT_LIMIT)
    model_description: str = Field("", max_length=TEXT_LIMIT)
    parameters_millions: int | None = Field(None, ge=1, le=MOST["parameters"])
    tokens_millions: int | None = Field(None, ge=1, le=MOST["tokens"])
    runs: int | None = Field(None, ge=1, le=MOST["runs"])
    data_description: str = Field("", max_length=TEXT_LIMIT)
    dataset_uri: str = Field("", max_length=200)
    has_personal_data: bool | None = None
    has_data_rights: bool | None = None
    gpu_seconds_requested: int | None = Field(None, ge=1, le=MOST["gpu_seconds"])
    months: int | None = Field(None, ge=1, le=MOST["months"])
    trust_answers: dict[str, StrictStr | StrictInt | StrictFloat | None] = Field(
        {},
        max_length=300,
        description="yes, no, unsure or a number, by question: those left out stay, null takes one away.",
    )
    extra_answers: dict[str, str | bool | int | float | list[str] | None] = Field(
        {},
        max_length=100,
        description="To the questions of the call (`/form`): those left out stay, null takes one away.",
    )


class StartIn(Schema):
    """A new draft."""

    call: str = Field(max_length=60)
    organisation: str = Field(max_length=32, description="uid of one of my organisations")
    answers: DraftIn | None = Field(None, description="Kept in the new draft; where they cannot be, none is begun.")


class ReasonIn(Schema):
    """What the applicant will read."""

    reason: str = Field(max_length=TEXT_LIMIT)


class WithdrawIn(Schema):
    """Why it is taken back, if the applicant wants to say."""

    reason: str = Field("", max_length=TEXT_LIMIT)


class NoteIn(Schema):
    """What the officer found, where the gate refers to a person."""

    note: str = Field("", max_length=TEXT_LIMIT)


class GateOut(Schema):
    """What the gate said at submission; as_of, labels, duties and path are null where the first gate said it."""

    decision: str
    version: str
    reasons: list[dict[str, Any]]
    as_of: date | None
    labels: list[dict[str, Any]] | None
    duties: list[dict[str, Any]] | None
    path: list[dict[str, Any]] | None


class EventOut(Schema):
    """One line of the timeline."""

    at: datetime
    what: str
    who: str
    reason: str


class GapOut(Schema):
    """Something that keeps it from being submitted."""

    field: str
    message: str


class StepOut(Schema):
    """The step that runs, or stands still while it waits for the applicant.

    Times end a local day of the site; while it stands still they are as they would be had the applicant answered at
    once. `holder` is whose turn it is.
    """

    state: State
    holder: str
    standing: Standing
    begins_at: datetime
    working_days: int
    warn_at: datetime
    due_at: datetime
    paused_at: datetime | None
    late_working_days: int


class ClockOut(Schema):
    """The time of an application: promised until when, paused for how long, what it took in the end."""

    begins_at: datetime
    promised_working_days: int
    due_at: datetime
    paused_seconds: int
    taken_working_days: int | None
    step: StepOut | None


class RuleOut(Schema):
    """A rule of its own mode: met, broken (false) or open (null); a broken one that does not decide refuses nobody."""

    rule: str
    holds: bool | None
    decides: bool
    text: str
    source: str
    checked_on: date
    confidence: str
    todo: str


class ApplicationRow(Schema):
    """An application in a list."""

    code: str
    title: str
    state: str
    call: str = Field(alias="call.slug")
    organisation: str = Field(alias="organisation.name")
    submitted_at: datetime | None
    due_on: date | None
    step_due_at: datetime | None


class AttachmentOut(Schema):
    """A file: for a question, or for none (empty)."""

    uid: str
    question: str
    name: str
    kind: str
    size_bytes: int
    sha256: str


class FormOut(Schema):
    """What the form of an application asks for; `has_newer`: a draft may take what its call asks for by now."""

    version: str
    row: dict[str, Any]
    asked: list[str]
    has_newer: bool
    former_answers: list[list[str]] = Field(description="For its writers alone: no version of it holds them.")


class ApplicationOut(ApplicationRow):
    """An application with its answers."""

    purpose: str
    model_description: str
    parameters_millions: int | None
    tokens_millions: int | None
    runs: int | None
    data_description: str
    dataset_uri: str
    has_personal_data: bool | None
    has_data_rights: bool | None
    gpu_seconds_requested: int | None
    months: int | None
    trust_answers: dict[str, str]
    form: str = Field(description="The version of the form; empty: it has no questions of the call's own.")
    extra_answers: dict[str, Any] = Field(description="To its writers all that are kept, to others those asked for.")
    attachments: list[AttachmentOut]
    draft_version: int
    decided_at: datetime | None
    gate: GateOut | None
    clock: ClockOut | None = None
    eligibility: list[RuleOut] = Field([], description="For its writers and the factory's staff alone.")

    @staticmethod
    def resolve_eligibility(application: Application, context: Any) -> list[dict[str, Any]]:
        reader = signed_in(context["request"])
        if not (rules.can_edit(reader, application) or is_staff_member(reader)):
            return []
        found = eligibility_of(application, sme_declaration_of(application.organisation), utcnow())
        return [one.as_dict() for one in found.lines]

    @staticmethod
    def resolve_form(application: Application) -> str:
        return str(application.form or "")

    @staticmethod
    def resolve_extra_answers(application: Application, context: Any) -> dict[str, Any]:
        is_writer = rules.can_edit(signed_in(context["request"]), application)
        return application.extra_answers if is_writer else queries.answers_asked(application)

    @staticmethod
    def resolve_attachments(application: Application) -> list[Attachment]:
        return attachments_of(application)

    @staticmethod
    def resolve_clock(application: Application) -> dict[str, Any] | None:
        return queries.clock_as_dict(application, utcnow())


class ApplicationPage(Schema):
    """Some applications, newest first."""

    rows: list[ApplicationRow]
    next_cursor: str


class ProposalOut(Schema):
    """What the planner proposes, and on which assumptions."""

    gpu_hours: int
    gpu_seconds: int
    seconds_per_run: int
    is_measured: bool
    assumptions: list[str]


class VersionOut(Schema):
    """A submission; `digest` is the SHA-256 of its answers as JSON with sorted keys and no blanks."""

    number: int
    at: datetime
    digest: str


class ChangeOut(Schema):
    """An answer that is another one now."""

    label: str
    before: str
    after: str


class VersionDetailOut(VersionOut):
    """A submission with its answers, and what it changed in the one before."""

    answers: dict[str, Any]
    changes: list[ChangeOut]


class AdviceOut(Schema):
    """A sentence about what is asked for; a warning should be thought over before it is sent."""

    text: str
    is_warning: bool
