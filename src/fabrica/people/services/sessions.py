"""Sessions: which browsers are signed in as whom, and how one, some or all of them end."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit.errors import NotAllowed, NotFound, Refused
from fabrica.people import rules
from fabrica.people.models import HeardLogout, Identity, OpenSession, Person
from fabrica.people.services.telling import tell_person
from fabrica.people.states import Cause, Role

MOST_SESSIONS = 50
BATCH = 500
REMEMBERED = timedelta(hours=1)


@transaction.atomic
def begin_session(*, person: Person, session_key: str, now: datetime, **facts: object) -> OpenSession:
    """Note a browser that signed in. Whoever opens too many ends their oldest with it."""
    known = OpenSession.objects.filter(person=person)
    alive = Session.objects.filter(session_key__in=known.values("session_key"), expire_date__gt=now)
    known.exclude(session_key__in=alive.values("session_key")).delete()
    _end(known.order_by("-pk")[MOST_SESSIONS - 1 :])
    return OpenSession.objects.create(person=person, session_key=session_key, begun_at=now, **facts)


def rename_session(*, uid: str, session_key: str) -> bool:
    """Follow a session to its new name, as after a change of password. False where it was ended meanwhile."""
    return OpenSession.objects.filter(uid=uid).update(session_key=session_key) == 1


def forget_session(*, uid: str) -> None:
    """Its person signed out in it."""
    OpenSession.objects.filter(uid=uid).delete()


@transaction.atomic
def forget_ended(*, now: datetime) -> int:
    """Delete sessions whose time is over, at most a batch at a time; how many."""
    ended = list(Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)[:BATCH])
    if ended:
        OpenSession.objects.filter(session_key__in=ended).delete()
        Session.objects.filter(pk__in=ended).delete()
    return len(ended)


@transaction.atomic
def end_session(*, session: OpenSession, by: Person, now: datetime) -> None:
    """End one of one's own sessions. Raises NotAllowed for another's."""
    if session.person_id != by.pk:
        raise NotAllowed(_("This session is not yours."))
    _end([session])
    record(verb="session.end", by=by, subject=f"person:{by.uid}", now=now, sessions=1)


@transaction.atomic
def end_sessions(*, uid: str, cause: str, by: Person, now: datetime, but: str = "") -> Person:
    """End every session of a person, known or not, and write to them; for oneself, no cause is asked.

    `but` is the one in hand, whose page lets it live on.

    Raises NotAllowed for all but officers and operators, NotFound, Refused for another cause.
    """
    is_own = uid == by.uid
    if not is_own and not rules.has_role(by, Role.OFFICER, Role.OPERATOR):
        raise NotAllowed(_("Only officers and operators end the sessions of others."))
    if not is_own and cause not in Cause.values:
        raise Refused(_("Say why."), todo=", ".join(Cause.values))
    person = Person.objects.select_for_update().filter(uid=uid).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    Person.objects.filter(pk=person.pk).update(sessions_ended=F("sessions_ended") + 1)
    person.refresh_from_db(fields=["sessions_ended"])
    ended = _end(OpenSession.objects.filter(person=person).exclude(uid=but if is_own else ""))
    facts = {"sessions": ended} if is_own else {"sessions": ended, "cause": cause}
    record(verb="session.end_all", by=by, subject=f"person:{uid}", now=now, **facts)
    if not is_own:
        tell_person(person, "sessions_ended", now, cause=Cause(cause).label)
    return person


def end_sessions_of(*, identity: Identity) -> int:
    """End the sessions that were begun with an identity; how many there were."""
    return _end(OpenSession.objects.filter(account=identity.account))


def drop_sessions_of(person: Person) -> int:
    """End every known session of a person who is being erased; how many there were."""
    return _end(OpenSession.objects.filter(person=person))


@transaction.atomic
def hear_logout(*, key: str, identity_key: str, provider_session: str, provider: str, now: datetime) -> int:
    """End what a provider says has ended there: one session, or all of a person. Raises Refused for what was heard.

    A session of which the provider never told its own name ends with its person's.
    """
    HeardLogout.objects.filter(heard_at__lt=now - REMEMBERED).delete()
    try:
        with transaction.atomic():
            HeardLogout.objects.create(key=key, heard_at=now)
    except IntegrityError as error:
        raise Refused("This logout token was used already.") from error
    found = OpenSession.objects.filter(provider=provider)
    if identity_key:
        found = found.filter(account__uid=identity_key)
    if provider_session:
        found = found.filter(provider_session__in=[provider_session, ""] if identity_key else [provider_session])
    persons = set(found.values_list("person__uid", flat=True))
    ended = _end(found)
    for uid in sorted(persons):
        record(verb="session.end_elsewhere", by=None, subject=f"person:{uid}", now=now, provider=provider)
    return ended


def _end(sessions: QuerySet[OpenSession] | Iterable[OpenSession]) -> int:
    """Sessions are found by their key on each request: without it there is none, whatever the browser sends."""
    found = list(sessions)
    for one in found:
        SessionStore().delete(one.session_key)
    OpenSession.objects.filter(pk__in=[one.pk for one in found]).delete()
    return len(found)
