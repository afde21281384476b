"""Entering what an SME declaration says, and declaring it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.people import queries, rules
from fabrica.people.engine.numbers import compact, name_key
from fabrica.people.engine.sme import Assessment, assess, declaration
from fabrica.people.engine.sme.draft import Draft, checked, digest_of, term, whole
from fabrica.people.models import Organisation, Person, SmeDeclaration, SmeDraft, SmeRelative
from fabrica.people.states import Relation

SIGNER_LIMIT = 120


class EnteredMeanwhile(Refused):
    """Somebody else saved since the writer opened the page; what they wrote was not kept."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else changed these figures meanwhile."),
            todo=_("Look at theirs in another tab, then save yours again."),
        )


@transaction.atomic
def save_sme_draft(
    *, organisation: Organisation, content: Draft, by: Person, now: datetime, version: int | None = None
) -> SmeDraft:
    """Keep what was entered; `version` is the one that the writer started from.

    Raises NotAllowed; Refused for what could not be assessed, EnteredMeanwhile.
    """
    if not rules.works_for(by, organisation):
        raise NotAllowed(_("Only people of the organisation enter its figures."))
    checked(content, name=organisation.name, country=organisation.country, as_of=localdate(now))
    row, _created = SmeDraft.objects.select_for_update().get_or_create(
        organisation=organisation, defaults={"saved_at": now}
    )
    if version is not None and version != row.version:
        raise EnteredMeanwhile
    row.content, row.saved_at, row.version = content, now, row.version + 1
    row.save(update_fields=["content", "saved_at", "version"])
    record(verb="organisation.enter_sme", by=by, subject=f"organisation:{organisation.uid}", now=now)
    return row


@transaction.atomic
def declare_sme(
    *, organisation: Organisation, digest: str, name: str, role: str, by: Person, now: datetime
) -> SmeDeclaration:
    """Declare what was entered, as it was seen: `digest` is that of the document the person looked at.

    Raises NotAllowed for all but administrators; Refused while the category is undecided, or after a change.
    """
    if not rules.can_manage(by, organisation):
        raise NotAllowed(_("Only an administrator of the organisation declares its status."))
    signer, position = " ".join(name.split())[:SIGNER_LIMIT], " ".join(role.split())[:SIGNER_LIMIT]
    if not signer or not position:
        raise Refused(_("Write your name and your position to sign."))
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    draft = queries.sme_draft_of(organisation)
    today = localdate(now)
    document, ownership = whole(draft.content, name=organisation.name, country=organisation.country, as_of=today)
    if digest != digest_of(document):
        raise Refused(_("The figures have changed since you looked."), todo=_("Look at them again, then sign."))
    found = assess(ownership, queries.sme_rules())
    last = organisation.sme_declarations.order_by("-number").first()
    made = SmeDeclaration.objects.create(
        organisation=organisation, number=last.number + 1 if last else 1, content=document, digest=digest,
        printed=_printed(found), category=found.category, rule_version=found.rules.version,
        language=get_language() or "en", signer_name=signer, signer_role=position, signed_by=by, signed_at=now,
        valid_until=term().until(today),
    )  # fmt: skip
    SmeRelative.objects.bulk_create(_relatives(made, found, draft.content.get("numbers", {})))
    record(
        verb="organisation.declare_sme", by=by, subject=f"organisation:{organisation.uid}", now=now,
        number=made.number, category=made.category, digest=digest, rule=made.rule_version,
    )  # fmt: skip
    return made


def _printed(found: Assessment) -> dict[str, Any]:
    """The document in the signer's language, as plain data. Raises Refused while undecided."""
    told = declaration(found, _)
    parts = [
        {
            "heading": one.heading, "paragraphs": list(one.paragraphs), "columns": list(one.columns),
            "rows": [list(row) for row in one.rows],
        }
        for one in told.parts
    ]  # fmt: skip
    return {"title": told.title, "parts": parts, "term": str(term().source)}


def _relatives(made: SmeDeclaration, found: Assessment, numbers: dict[str, str]) -> list[SmeRelative]:
    nodes = found.ownership.enterprises
    return [
        SmeRelative(
            declaration=made, name=nodes[key].name, name_key=name_key(nodes[key].name), country=nodes[key].country,
            number_key=compact(numbers.get(key, "")), relation=place.relation,
        )
        for key, place in found.places.items()
        if place.relation in Relation.values
    ]  # fmt: skip
