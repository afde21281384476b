"""Every write of an impact assessment: owed, written section by section, signed as a version that is kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people.models import Organisation, Person
from fabrica.projects import rules as project_rules
from fabrica.projects.models import Project
from fabrica.trust import rules
from fabrica.trust.engine import impact
from fabrica.trust.models import SIGNER_LIMIT, ImpactAssessment, ImpactVersion
from fabrica.trust.queries.impact import assessment_about, digest_of, is_to_be_signed
from fabrica.trust.services import conditions
from fabrica.trust.states import ImpactOutcome

MOST_VERSIONS = 100


class WrittenMeanwhile(Refused):
    """Somebody else saved the same section since the writer opened it; what the writer wrote was not kept."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else wrote in this section meanwhile."),
            todo=_("Open it again in another window, look at what they wrote, and add yours there."),
        )


@transaction.atomic
def owe_impact(
    *, subject: str, organisation: Organisation, applicant: Person, by: Person, now: datetime,
    project: Project | None = None, is_anew: bool = False,
) -> ImpactAssessment:  # fmt: skip
    """Let an impact assessment be owed by a subject, or by its project; once, and again where `is_anew`.

    Anew is for another purpose: what was signed, and what the board found of it, was about the one before.
    """
    row = assessment_about(subject=subject, project=project) or _made(subject, organisation, applicant, project, now)
    facts: dict[str, Any] = {"subject": row.subject, "project": row.project or project, "by": by, "now": now}
    if is_anew:
        ImpactAssessment.objects.filter(pk=row.pk).update(owed_at=now)
        row.refresh_from_db()
        conditions.reopen(key=impact.KEY, **facts)
    conditions.owe_row(
        key=impact.KEY, organisation=organisation, applicant=applicant, is_anew=is_anew, **facts
    )  # fmt: skip
    return row


def _made(
    subject: str, organisation: Organisation, applicant: Person, project: Project | None, now: datetime
) -> ImpactAssessment:
    form = impact.in_force(timezone.localdate(now))
    try:
        with transaction.atomic():
            return ImpactAssessment.objects.create(
                subject=subject, organisation=organisation, applicant=applicant, project=project,
                version=form.version, owed_at=now,
            )  # fmt: skip
    except IntegrityError:  # somebody began at the same moment
        return ImpactAssessment.objects.get(subject=subject)


def ask(
    *, uses: bool | None, subject: str, organisation: Organisation, applicant: Person, by: Person, now: datetime
) -> None:
    """Let one be owed by what uses personal data; else drop what is owed, as far as nobody has worked on it."""
    if uses:
        owe_impact(subject=subject, organisation=organisation, applicant=applicant, by=by, now=now)
        return
    for key in (impact.KEY, impact.CONSULTATION):
        conditions.drop_row(key=key, subject=subject, by=by, now=now)


@transaction.atomic
def begin_impact(*, project: Project, by: Person, now: datetime) -> ImpactAssessment:
    """Begin one for a project that did not say before that it uses personal data. Raises NotAllowed."""
    if not project_rules.works_in(by, project):
        raise NotAllowed(_("Only members of the project begin its impact assessment."))
    found = assessment_about(subject=project.subject, project=project)
    subject, applicant = (found.subject, found.applicant) if found else (project.subject, by)
    return owe_impact(
        subject=subject, organisation=project.organisation, applicant=applicant, project=project, by=by, now=now
    )


@transaction.atomic
def save_impact(
    *, assessment: ImpactAssessment, section: str, by: Person, now: datetime, answers: Mapping[str, str] | None = None,
    risks: Sequence[Mapping[str, str]] | None = None, seen: int | None = None,
) -> ImpactAssessment:  # fmt: skip
    """Keep the answers of a section beside the others, an empty one takes it away; or all risks as they are now.

    `seen` says at which of the section's saves the writer began. Raises NotAllowed, WrittenMeanwhile, Refused for what
    the form does not know.
    """
    _must_write(by, assessment)
    row = _locked(assessment)
    form = impact.questions(row.version)
    given = dict(answers or {})
    if form.section(section) is None or any(form.places.get(key, section) != section for key in given):
        raise Refused(_("This section does not ask that."), todo=_("Reload the page."))
    kept = row.risks if risks is None else [dict(one) for one in risks]
    impact.check(given, kept, form)
    if seen is not None and row.saves.get(section, 0) != seen:
        raise WrittenMeanwhile
    row.answers = {key: one for key, one in {**row.answers, **given}.items() if one.strip()}
    row.risks, row.saved_at = kept, now
    row.saves = {**row.saves, section: row.saves.get(section, 0) + 1}
    row.save(update_fields=["answers", "risks", "saves", "saved_at"])
    return row


@transaction.atomic
def sign_impact(*, assessment: ImpactAssessment, name: str, digest: str, by: Person, now: datetime) -> ImpactVersion:
    """Sign what was read, whose hash is `digest`: a version that is kept, and the evidence for what is owed.

    Raises NotAllowed; Refused with what is missing, after a change, for another name, and where nothing is new.
    """
    _must_write(by, assessment)
    row = _locked(assessment)
    form, today = impact.questions(row.version), timezone.localdate(now)
    signer = " ".join(name.split())
    if not signer or len(signer) > SIGNER_LIMIT or signer.casefold() != " ".join(by.name.split()).casefold():
        raise Refused(_("To sign, write your name as your account has it: %s.") % by.name)
    if digest != digest_of(row):
        raise Refused(_("The answers have changed since you looked."), todo=_("Read them again, then sign."))
    if missing := impact.gaps(row.answers, row.risks, form, today):
        told = [vars(one) for one in missing]
        raise Refused(_("It is not complete yet."), todo=_("See on its page what is missing."), gaps=told)
    if row.number >= MOST_VERSIONS or not is_to_be_signed(row):
        raise Refused(_("This was signed already."), todo=_("Change what is to be changed, then sign again."))
    return _sign(row, signer, impact.outcome(row.answers, form), by, now)


def _sign(row: ImpactAssessment, name: str, outcome: ImpactOutcome, by: Person, now: datetime) -> ImpactVersion:
    digest = digest_of(row)
    made = ImpactVersion.objects.create(
        assessment=row, number=row.number + 1, version=row.version, answers=row.answers, risks=row.risks,
        outcome=outcome, digest=digest, signer_name=name, signed_by=by, signed_at=now,
    )  # fmt: skip
    row.number, row.outcome, row.signed_at = made.number, outcome, now
    row.save(update_fields=["number", "outcome", "signed_at"])
    record(
        verb="impact.sign", by=by, subject=row.subject, now=now, assessment=row.pk, number=made.number,
        outcome=outcome.value, digest=digest, form=row.version,
    )  # fmt: skip
    facts: dict[str, Any] = {"subject": row.subject, "by": by, "now": now}
    if outcome == ImpactOutcome.PRIOR_CONSULTATION:
        conditions.owe_row(
            key=impact.CONSULTATION, organisation=row.organisation, applicant=row.applicant, project=row.project,
            is_anew=True, **facts,
        )  # fmt: skip
    else:
        conditions.drop_row(key=impact.CONSULTATION, **facts)
    words = {"number": made.number, "outcome": outcome.label}
    text = _("Impact assessment, version %(number)d: %(outcome)s.") % words  # no name: who gave it stands beside it
    conditions.show_row(key=impact.KEY, text=text, **facts)
    return made


def _locked(assessment: ImpactAssessment) -> ImpactAssessment:
    rows = ImpactAssessment.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("organisation", "applicant", "project").get(pk=assessment.pk)


def _must_write(by: Person, assessment: ImpactAssessment) -> None:
    if not rules.can_write_impact(by, assessment):
        raise NotAllowed(_("Only the side that owes it writes and signs the impact assessment."))
