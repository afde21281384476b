"""A version's way to publication and back. Its state changes in `_move` and nowhere else."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.signing import load_key
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.people.queries import with_role
from fabrica.people.states import Role
from fabrica.registry import queries, readiness, rules
from fabrica.registry.models import ModelVersion, Release, Step
from fabrica.registry.packing import NewRelease, building_release
from fabrica.registry.readiness import Missing
from fabrica.registry.services.registering import record_key
from fabrica.registry.states import State, check_move

REASON_LIMIT, NOTE_LIMIT = 1_000, 2_000


@dataclass(frozen=True)
class Outcome:
    """How far `release` came: the version, the states it passed, and what keeps it from going on."""

    version: ModelVersion
    passed: list[State]
    missing: list[Missing]


@transaction.atomic
def document(*, version: ModelVersion, by: Person, now: datetime) -> ModelVersion:
    """Say that its documents are complete. Raises NotAllowed for all but the principal investigators, Refused."""
    _must_decide(by, version)
    facts = readiness.facts_now(version)
    _must_lack_nothing(_("It cannot count as documented yet."), readiness.lacks_documents(facts))
    return _move(version, State.DOCUMENTED, by=by, now=now, verb="model.document")


@transaction.atomic
def evaluate(*, version: ModelVersion, by: Person, now: datetime, justification: str = "") -> ModelVersion:
    """Stand by its evaluation, and ask a second person for the review; for a published one, of what changed since.

    What failed, or was never measured, needs a justification, which everybody will read. Raises NotAllowed, Refused.
    """
    _must_decide(by, version)
    words = _words(justification, NOTE_LIMIT, is_needed=False)
    lacking = readiness.lacks_evaluation(readiness.facts_now(version), words)
    _must_lack_nothing(_("It cannot count as evaluated yet."), lacking)
    made = _step(version, State.EVALUATED, by=by, now=now, verb="model.evaluate", text=words)
    _ask_for_review(made, by, now)
    return made


@transaction.atomic
def review(*, version: ModelVersion, note: str, by: Person, now: datetime) -> ModelVersion:
    """Agree to its publication as a second person, or to that of changed documents. Raises NotAllowed, Refused."""
    _must_review(by, version)
    words = _words(note, NOTE_LIMIT)
    _must_be_asked_for(version)
    return _step(version, State.REVIEWED, by=by, now=now, verb="model.review", text=words)


@transaction.atomic
def send_back(*, version: ModelVersion, reason: str, by: Person, now: datetime) -> ModelVersion:
    """Make it a draft again: a reviewer who does not agree, or a principal investigator who wants to change it.

    Raises NotAllowed, Refused.
    """
    if not rules.can_decide(by, version):
        _must_review(by, version)
    if version.state == State.REGISTERED:
        raise Refused(_("It is a draft already."))
    words = _words(reason, REASON_LIMIT)
    made = _move(version, State.REGISTERED, by=by, now=now, verb="model.send_back", text=words)
    asked_by = made.run.created_by
    if asked_by != by:
        _tell(made, asked_by, "model_sent_back", f"sent_back:{now.isoformat()}", now, reason=words)
    return made


def publish(*, version: ModelVersion, by: Person, now: datetime) -> ModelVersion:
    """Write and sign its documents as a new release, and let everybody see and download it.

    A published one whose facts changed, and were reviewed again, gets one more release. Killed anywhere it can be
    called again: the release gets its place as the last act before the move is kept. Raises NotAllowed, Refused.
    """
    _must_decide(by, version)
    is_again = version.state == State.PUBLISHED
    if not is_again:
        check_move(State(version.state), State.PUBLISHED)
    facts, steps = readiness.facts_now(version), readiness.steps_of(version)
    newest = version.releases.order_by("-number").first()
    if is_again and newest and newest.facts_sha256 == readiness.digest(facts):
        raise Refused(_("Nothing changed since release %d.") % newest.number, todo=_("Change what is declared first."))
    for one in (State.DOCUMENTED, State.EVALUATED, State.REVIEWED):
        _must_lack_nothing(_("It cannot be published yet."), readiness.lacks(version, one, steps, facts))
    _must_be_free(version)
    key = load_key(Path(settings.FABRICA_KEYS) / "site.pem")
    record_key(key=key.public_key(), by=None, now=now)
    with building_release(version, (newest.number if newest else 0) + 1, facts, key) as made:
        return _publish(version, made, facts, is_again=is_again, by=by, now=now)


@transaction.atomic
def _publish(
    version: ModelVersion, made: NewRelease, facts: dict[str, Any], *, is_again: bool, by: Person, now: datetime
) -> ModelVersion:
    """Keep the release and the move together; the row, of which there is one a number, is who goes first."""
    before = State(version.state)
    told: dict[str, Any] = {} if is_again else {"published_at": now}
    try:
        with transaction.atomic():
            Release.objects.create(
                version=version, number=made.number, manifest=made.signed.manifest, signature=made.signed.signature,
                key_fingerprint=made.signed.key_fingerprint, facts=facts, facts_sha256=readiness.digest(facts),
                made_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("Somebody else decided meanwhile."), todo=_("Reload the page.")) from error
    if not ModelVersion.objects.filter(pk=version.pk, state=before).update(state=State.PUBLISHED, **told):
        raise Refused(_("Somebody else decided meanwhile."), todo=_("Reload the page."))
    _note(version, before, State.PUBLISHED, by=by, now=now, text="")
    moved = {"before": before.value, "after": State.PUBLISHED.value, "release": made.number}
    record(verb="model.publish", by=by, subject=version.subject, now=now, **moved)
    made.put_in_place()
    version.refresh_from_db()
    return version


def release(*, version: ModelVersion, by: Person, now: datetime, justification: str = "") -> Outcome:
    """Take each step that the person may take now, and say what keeps it from the next. Raises NotAllowed."""
    _must_decide(by, version)
    if version.state == State.WITHDRAWN:
        raise Refused(_("It is withdrawn."), why=version.withdrawn_because)
    passed: list[State] = []
    if version.state == State.REGISTERED and not _lacking(version, State.DOCUMENTED):
        passed.append(State(document(version=version, by=by, now=now).state))
    if version.state == State.DOCUMENTED and (justification.strip() or not _lacking(version, State.EVALUATED)):
        made = evaluate(version=version, justification=justification, by=by, now=now)
        passed.append(State(made.state))
    if version.state == State.REVIEWED and not _lacking_to_publish(version):
        passed.append(State(publish(version=version, by=by, now=now).state))
    return Outcome(version, passed, waits_for(version=version))


def waits_for(*, version: ModelVersion) -> list[Missing]:
    """What keeps a version from its next step; nothing for one that is published or withdrawn."""
    if version.state not in (State.REGISTERED, *readiness.WAY[:3]):
        return []
    if version.state == State.REVIEWED:
        return _lacking_to_publish(version)
    state = readiness.WAY[0 if version.state == State.REGISTERED else readiness.WAY.index(State(version.state)) + 1]
    return _lacking(version, state)


def _lacking(version: ModelVersion, state: State) -> list[Missing]:
    return readiness.lacks(version, state, readiness.steps_of(version), readiness.facts_now(version))


def _lacking_to_publish(version: ModelVersion) -> list[Missing]:
    facts, steps = readiness.facts_now(version), readiness.steps_of(version)
    return [missing for state in readiness.WAY for missing in readiness.lacks(version, state, steps, facts)]


@transaction.atomic
def withdraw(*, version: ModelVersion, reason: str, by: Person, now: datetime) -> ModelVersion:
    """Take it back: its files are no longer given out; the page of a published one stays, with the reason.

    Raises NotAllowed for all but the principal investigator, Refused without a reason.
    """
    _must_decide(by, version)
    return take_back(version=version, reason=reason, by=by, now=now)


def take_back(*, version: ModelVersion, reason: str, by: Person, now: datetime) -> ModelVersion:
    """Withdraw a version, within the caller's transaction and by the caller's rule: the project's, or a report's."""
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_LIMIT:
        raise Refused(
            _("Its readers must be told why."), todo=_("Give a reason of at most %d characters.") % REASON_LIMIT
        )
    told = {"withdrawn_at": now, "withdrawn_because": reason}
    return _move(version, State.WITHDRAWN, by=by, now=now, verb="model.withdraw", text=reason, **told)


def _must_be_free(version: ModelVersion) -> None:
    """Raises Refused while anything from outside keeps it from being published, naming each."""
    _must_lack_nothing(_("It cannot be published now."), readiness.obstacles(version))


def _must_lack_nothing(what: str, lacking: list[Missing]) -> None:
    if lacking:
        todo = " ".join(dict.fromkeys(str(one.todo) for one in lacking if one.todo))
        raise Refused(what, why=" ".join(str(one.what) for one in lacking), todo=todo)


def _must_decide(by: Person, version: ModelVersion) -> None:
    if not rules.can_decide(by, version):
        raise NotAllowed(_("Only the principal investigator of the project publishes or withdraws its models."))


def _must_review(by: Person, version: ModelVersion) -> None:
    if not rules.can_review(by, version):
        raise NotAllowed(
            _("Only somebody who works in the project, or an officer from outside it, reviews its models.")
        )
    if readiness.is_first_person(by, version, readiness.steps_of(version)):
        raise NotAllowed(
            _("You launched its run, or asked for the review."),
            why=_("A second person must look at it."),
            todo=_("Ask somebody else of the project, or an officer."),
        )


def _must_be_asked_for(version: ModelVersion) -> None:
    """Raises Refused where nobody asked for a review of these facts: who changed them would be first and second."""
    if version.state in (State.EVALUATED, State.PUBLISHED):
        _must_lack_nothing(_("It cannot be reviewed yet."), readiness.lacks_asking(version))


def _ask_for_review(version: ModelVersion, by: Person, now: datetime) -> None:
    """Write to those who lead the project; where that leaves nobody who may review, to the officers."""
    leaders = [one for one in queries.leaders_of(version) if one.pk not in (by.pk, version.run.created_by_id)]
    officers = [one for one in with_role(Role.OFFICER) if rules.can_review(one, version)]
    for person in leaders or officers:
        _tell(version, person, "model_review_asked", f"review:{now.isoformat()}", now)


def _tell(version: ModelVersion, person: Person, kind: str, event: str, now: datetime, **facts: Any) -> None:
    about = about_project(version.model.project.slug)
    tell(
        person=person, kind=kind, event=f"{version.subject[:80]}:{event}"[:120], now=now, path=version.page,
        about=about, version=version, **facts,
    )  # fmt: skip


def _words(text: str, most: int, *, is_needed: bool = True) -> str:
    words = text.strip()
    if len(words) > most or (is_needed and not words):
        raise Refused(_("A note is missing, or too long."), todo=_("Write at most %d characters.") % most)
    return words


def _note(version: ModelVersion, before: State, after: State, *, by: Person, now: datetime, text: str) -> None:
    facts_sha256 = readiness.digest(readiness.facts_now(version))
    Step.objects.create(
        version=version, before=before, after=after, by=by, at=now, text=text, facts_sha256=facts_sha256
    )


def _step(version: ModelVersion, after: State, *, by: Person, now: datetime, verb: str, text: str) -> ModelVersion:
    """A move of a draft; of what is published a note, for it stays published while a change is looked at."""
    if version.state != State.PUBLISHED:
        return _move(version, after, by=by, now=now, verb=verb, text=text)
    facts, newest = readiness.facts_now(version), version.releases.order_by("-number").first()
    if newest and newest.facts_sha256 == readiness.digest(facts):
        raise Refused(_("Nothing changed since release %d.") % newest.number, todo=_("Change what is declared first."))
    _note(version, State.PUBLISHED, after, by=by, now=now, text=text)
    record(verb=verb, by=by, subject=version.subject, now=now, before=version.state, after=version.state)
    return version


def _move(
    version: ModelVersion, after: State, *, by: Person, now: datetime, verb: str, text: str = "", **fields: Any
) -> ModelVersion:
    before = State(version.state)
    check_move(before, after)
    if not ModelVersion.objects.filter(pk=version.pk, state=before).update(state=after, **fields):
        raise Refused(_("Somebody else decided meanwhile."), todo=_("Reload the page."))
    _note(version, before, after, by=by, now=now, text=text)
    record(verb=verb, by=by, subject=version.subject, now=now, before=before.value, after=after.value)
    version.refresh_from_db()
    return version
