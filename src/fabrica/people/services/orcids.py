"""What a person says of their ORCID iD and of those they write and apply with."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import Refused
from fabrica.people.engine.orcids import MOST_LETTERS, MOST_LISTED, bare, found_in, is_orcid
from fabrica.people.models import Authorship, Person


@transaction.atomic
def note_authorship(*, orcid: str, coauthors: str, team: str, by: Person, now: datetime) -> Authorship:
    """Keep one's ORCID iD, those of the co-authors of the last years, and of those one applies with; each may be empty.

    Lists are any text that holds ORCID iDs. Raises Refused for one whose check digit is wrong, or too many.
    """
    mine, written, applying = _checked_orcid(orcid), _orcids_in(coauthors), _orcids_in(team)
    if mine and mine in {*written, *applying}:
        raise Refused(_("Your own ORCID stands in a list of others."), todo=_("Take it out of the list."))
    made, _created = Authorship.objects.update_or_create(
        person=by, defaults={"orcid": mine, "coauthors": written, "team": applying, "changed_at": now}
    )
    record(
        verb="person.note_authorship", by=by, subject=f"person:{by.uid}", now=now,
        has_orcid=bool(mine), coauthors=len(written), team=len(applying),
    )  # fmt: skip
    return made


def _checked_orcid(text: str) -> str:
    """An ORCID iD, bare or as its address, in its usual form; empty for nothing. Raises Refused."""
    told = bare(text)
    if told and not is_orcid(told):
        raise Refused(_("This is no ORCID."), todo=_("Copy it from orcid.org, such as 0000-0002-1825-0097."))
    return told


def _orcids_in(text: str) -> list[str]:
    if len(text) > MOST_LETTERS + MOST_LETTERS:  # what was pasted, and a file
        raise Refused(_("This list is too long."))
    found = found_in(text)
    if wrong := [one for one in found if not is_orcid(one)]:
        told = _("These are no ORCID iDs: %(wrong)s.") % {"wrong": ", ".join(wrong[:5])}
        raise Refused(told, why=_("Their check digit is wrong."))
    if text.strip() and not found:
        raise Refused(_("There is no ORCID in this list."), todo=_("Write one a line, such as 0000-0002-1825-0097."))
    if len(found) > MOST_LISTED:
        raise Refused(_("A list has at most %(most)s ORCID iDs.") % {"most": MOST_LISTED})
    return found
