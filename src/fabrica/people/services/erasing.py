"""Erasing a person: asked for, confirmed, put off, cancelled, carried out; and the note that somebody took data along.

What stays is told by `engine.own_data`; the audit knows the opaque id alone, so its chain holds.
"""

from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.people import queries, rules
from fabrica.people.engine.own_data import own_data
from fabrica.people.models import Erasure, Invitation, Person
from fabrica.people.queries.own_data import addresses_of, rows_of
from fabrica.people.services.sessions import drop_sessions_of
from fabrica.people.services.telling import tell_person
from fabrica.people.services.unnaming import unname
from fabrica.people.states import ERASED_HOST, ErasureCause, ErasureState, ErasureStop, Role

GRACE = timedelta(days=14)
AGAIN = timedelta(days=1)
PAGE = "/account/privacy/"


@transaction.atomic
def note_export(*, by: Person, now: datetime) -> None:
    """A person takes their own data along."""
    record(verb="person.export", by=by, subject=f"person:{by.uid}", now=now)


@transaction.atomic
def ask_erasure(*, uid: str, cause: str, typed: str, by: Person, now: datetime) -> Erasure:
    """Erase a person in two weeks; they are told by letter. `typed` is their address, told once more.

    On somebody's behalf nothing begins before a second person confirmed it, whom this asks.

    Raises NotAllowed for all but the person, officers and operators; NotFound; Refused for another address or cause,
    where an erasure waits already, and where something must be handed over first.
    """
    person = _locked(uid, by)
    allowed = [ErasureCause.OWN] if uid == by.uid else [one for one in ErasureCause if one != ErasureCause.OWN]
    if cause not in allowed:
        raise Refused(_("Say why."), todo=", ".join(allowed))
    if typed.strip().lower() != person.email.lower():
        raise Refused(_("This is not the e-mail address of the account."), todo=_("Type it as it stands there."))
    waiting = queries.erasure_of(person)
    if waiting and uid == by.uid and not waiting.is_confirmed:
        _end(waiting, now)  # the person's own word needs no second
        waiting = None
    if person.is_erased or waiting:
        raise Refused(_("This is asked for already."))
    if missing := queries.hindrances(person, now):
        raise Refused(_("Something must be handed over first."), why=" ".join(missing))
    due = now + GRACE
    made = Erasure.objects.create(
        person=person, asked_by=by, cause=cause, asked_at=now, due_at=due, next_try_at=due
    )  # fmt: skip
    record(verb="person.ask_erasure", by=by, subject=f"person:{uid}", now=now, cause=cause)
    if made.is_confirmed:
        tell_person(person, "erasure_asked", now, made.pk, page=PAGE, due=due)
    else:
        _ask_for_second(made, by, now)
    return made


def _ask_for_second(made: Erasure, by: Person, now: datetime) -> None:
    """Write to everybody who could be the second person."""
    others = {*queries.with_role(Role.OFFICER), *queries.with_role(Role.OPERATOR)} - {by, made.person}
    for one in sorted(others, key=lambda person: person.pk):
        tell_person(one, "erasure_to_confirm", now, made.pk, page=f"/people/{made.person.uid}/privacy/")


@transaction.atomic
def confirm_erasure(*, uid: str, by: Person, now: datetime) -> Erasure:
    """Stand as the second behind what another officer asked for: the two weeks begin, and the person gets their letter.

    Raises NotAllowed for all but officers and operators, for who asked, and for the person; NotFound; Refused where
    nothing waits to be confirmed.
    """
    person = _locked(uid, by)
    waiting = queries.erasure_of(person)
    if waiting is None or waiting.is_confirmed:
        raise Refused(_("No erasure waits to be confirmed."))
    if by.pk in (waiting.asked_by_id, person.pk):
        raise NotAllowed(
            _("Two persons stand behind an erasure that the person did not ask for here."),
            todo=_("Ask another officer or operator."),
        )
    waiting.confirmed_by, waiting.confirmed_at = by, now
    waiting.due_at = waiting.next_try_at = now + GRACE
    waiting.save(update_fields=["confirmed_by", "confirmed_at", "due_at", "next_try_at"])
    record(verb="person.confirm_erasure", by=by, subject=f"person:{uid}", now=now, cause=waiting.cause)
    tell_person(person, "erasure_asked", now, waiting.pk, page=PAGE, due=waiting.due_at)
    return waiting


@transaction.atomic
def cancel_erasure(*, uid: str, by: Person, now: datetime, why: str = "") -> None:
    """Let the account be: the person without a reason, an officer or operator with one of ErasureStop.

    Raises NotAllowed, NotFound; Refused where nothing waits, and without a reason.
    """
    person = _locked(uid, by)
    waiting = queries.erasure_of(person)
    if waiting is None:
        raise Refused(_("No erasure waits."))
    if uid == by.uid:
        why = ""
    elif why not in ErasureStop:
        raise Refused(_("Say why."), todo=", ".join(ErasureStop))
    _end(waiting, now, why)
    record(verb="person.cancel_erasure", by=by, subject=f"person:{uid}", now=now, why=why or ErasureCause.OWN)


def _end(waiting: Erasure, now: datetime, why: str = "") -> None:
    waiting.state, waiting.ended_at, waiting.stopped_for = ErasureState.CANCELLED, now, why
    waiting.save(update_fields=["state", "ended_at", "stopped_for"])


def _locked(uid: str, by: Person) -> Person:
    if uid != by.uid and not rules.has_role(by, Role.OFFICER, Role.OPERATOR):
        raise NotAllowed(_("Only officers and operators erase others."))
    person = Person.objects.select_for_update().filter(uid=uid).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


@transaction.atomic
def erase_next(*, now: datetime) -> bool:
    """Erase the person whose day came first, whole or not at all; False where nobody's day has come.

    Where something must be handed over meanwhile, they are told, and it is tried again the next day.
    """
    first = queries.erasures_due(now).first()
    if first is None:
        return False
    person = Person.objects.select_for_update().get(pk=first.person_id)
    if not queries.erasures_due(now).filter(pk=first.pk).exists():
        return True  # cancelled, or done by another worker, meanwhile
    if missing := queries.hindrances(person, now):
        Erasure.objects.filter(pk=first.pk).update(next_try_at=now + AGAIN)
        tell_person(person, "erasure_waits", now, first.pk, page=PAGE, missing=missing)
        return True
    gone = _erase(person, now)
    Erasure.objects.filter(pk=first.pk).update(state=ErasureState.DONE, ended_at=now)
    record(verb="person.erase", by=None, subject=f"person:{person.uid}", now=now, cause=first.cause, rows=gone)
    return True


def _erase(person: Person, now: datetime) -> int:
    """Take everything away that nothing keeps; how many rows."""
    name, addresses = person.name, [person.email, *addresses_of(person)]
    drop_sessions_of(person)
    for leave in queries.leavings():
        leave(person, now)
    Invitation.objects.filter(invited_by=person, used_at=None, revoked_at=None).update(revoked_at=now)
    for one in own_data().tables:
        if one.clear:
            rows_of(person, one, one.email).update(**dict.fromkeys(one.clear, ""))
        if one.forget:
            rows_of(person, one, one.person).update(**dict.fromkeys(one.forget, ""))
    found = [rows_of(person, one, one.delete) for one in own_data().tables if one.delete]
    keys = [(rows, list(rows.values_list("pk", flat=True))) for rows in found]  # addresses are rows too
    gone = sum(rows.model._default_manager.filter(pk__in=pks).delete()[0] for rows, pks in keys)
    _blank(person)
    unname(name=name, addresses=addresses, instead=person.name)
    return gone


def _blank(person: Person) -> None:
    """Leave of the account what others' rows point to."""
    person.email, person.name = f"{person.uid}@{ERASED_HOST}", f"Erased person {person.uid[:8]}"
    person.is_active = person.is_staff = person.is_superuser = False
    person.language, person.terms_version, person.terms_accepted_at, person.last_login = "en", "", None, None
    person.sessions_ended += 1
    person.set_unusable_password()
    person.save()
    noted = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Person), object_id=str(person.pk))
    noted.update(object_repr=person.name, change_message="")
