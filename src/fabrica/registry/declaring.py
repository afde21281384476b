"""What a project declares of its model, and the facts that its documents are made of once that is added."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.files import canonical_json
from fabrica.people.models import Person
from fabrica.registry import rules
from fabrica.registry.engine.documents.answers import digest, merged, read_answers
from fabrica.registry.engine.documents.schema import complete
from fabrica.registry.facts import FORMAT, statement_of, with_purpose
from fabrica.registry.measured import with_measurements
from fabrica.registry.models import Model, ModelVersion, Statement
from fabrica.registry.queries import measured_later

SITTING = timedelta(hours=1)


class DeclaredMeanwhile(Refused):
    """Somebody else changed these answers since the writer read them; what the writer wrote was not kept."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else changed these answers meanwhile."), todo=_("Reload the page, then write again.")
        )


def newest(model: Model) -> Statement | None:
    """What was declared last."""
    return Statement.objects.filter(model=model).order_by("-number").first()


@transaction.atomic
def declare(*, model: Model, given: Mapping[str, Any], seen: str, by: Person, now: datetime) -> Statement | None:
    """Keep answers, each of which counts at once; None takes one back. `seen` is the digest of those that were read.

    One sitting of one person is one statement: within an hour it grows, after it, or by somebody else, there is a new
    one. None where nothing was ever declared. Raises NotAllowed for all but who leads the project, Refused.
    """
    if not rules.can_declare(by, model):
        raise NotAllowed(_("Only who leads the project declares facts of its models."))
    answers = read_answers(given)
    Model.objects.select_for_update().get(pk=model.pk)
    last = newest(model)
    before = last.declared if last else {}
    if seen != digest(before, answers):
        raise DeclaredMeanwhile
    after = merged(before, answers)
    if after == before:
        return last
    return _keep(model, last, after, by=by, now=now)


def _keep(model: Model, last: Statement | None, declared: dict[str, Any], *, by: Person, now: datetime) -> Statement:
    if last and last.by_id == by.pk and now - last.begun_at < SITTING:
        last.declared, last.at = declared, now
        last.save(update_fields=["declared", "at"])
        kept = last
    else:
        number = last.number + 1 if last else 1
        kept = Statement.objects.create(model=model, number=number, declared=declared, by=by, begun_at=now, at=now)
    sha256 = hashlib.sha256(canonical_json(declared)).hexdigest()
    record(verb="model.declare", by=by, subject=f"model:{model.slug}", now=now, statement=kept.number, sha256=sha256)
    return kept


def facts_with_statement(version: ModelVersion) -> dict[str, Any]:
    """The signed facts of a version with what was declared, measured and accepted as the project's purpose since.

    With digests; the same until then.
    """
    statement = statement_of(version.model)
    signed = hashlib.sha256(canonical_json(version.facts)).hexdigest()
    digests = {"signed_facts_sha256": signed, "statement_sha256": statement["sha256"] if statement else None}
    facts = {**complete(version.facts), "format": FORMAT, "statement": statement, "release": digests}
    facts = with_purpose(facts, version.model.project_id, version.published_at)
    return with_measurements(facts, measured_later(version))


def facts_at_release(version: ModelVersion, *, now: datetime) -> dict[str, Any]:
    """The same, with the time at which documents are made of it."""
    facts = facts_with_statement(version)
    return {**facts, "release": {**facts["release"], "prepared_at": now.isoformat()}}
