"""Taking one's data along and being erased: who may, what stands in the way, and until when it can be cancelled."""

import copy
import io
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.config.wiring import wire
from fabrica.conftest import PASSWORD
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.facts import load
from fabrica.notices.models import Notice
from fabrica.notices.services import tell
from fabrica.people import queries, services
from fabrica.people.engine.own_data import read
from fabrica.people.engine.unnaming import without_names
from fabrica.people.models import Member, Person
from fabrica.people.services import unnaming
from fabrica.people.states import MemberRole

DATA = load("fabrica.people", "own-data.json")


@pytest.fixture
def ask(cast, now):
    wire()

    def asked(who, by=None, cause="own", typed=None):
        mail = who.email if typed is None else typed
        return services.ask_erasure(uid=who.uid, cause=cause, typed=mail, by=by or who, now=now)

    return asked


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("people.Token", {"delete": []}, "needs a reason"),
        ("people.Token", {"keep": "proof"}, "needs a reason"),
        ("people.Token", {"delete": ["somebody"]}, "there is not"),
        ("registry.Report", {"clear": ["reporter_name"]}, "keep the address"),
        ("training.Run", {"keep": "because"}, "there is not"),
        ("training.Run", {"export": []}, "hands nothing out"),
        ("training.Run", {"persons": []}, "says persons"),
    ],
)
def test_a_rule_with_a_gap_is_refused(table, change, named):
    document = copy.deepcopy(DATA)
    document["tables"][table].update(change)
    with pytest.raises(ValueError, match=named):
        read(document)


def test_a_person_downloads_their_own_data_after_signing_in_and_a_window_left_open_gets_none(cast):
    client = Client()
    client.post("/accounts/login/", {"login": cast.applicant.email, "password": PASSWORD})
    answer = client.post("/account/privacy/export/")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/zip", "no-store")
    index = ZipFile(io.BytesIO(b"".join(answer.streaming_content))).read("README.txt").decode()
    assert cast.applicant.name in index
    assert Entry.objects.get(verb="person.export").subject == f"person:{cast.applicant.uid}"
    session = client.session
    session["account_authentication_methods"] = [{**one, "at": 0} for one in session["account_authentication_methods"]]
    session.save()
    for path in ("/account/privacy/export/", f"/people/{cast.applicant.uid}/erase/"):
        assert client.post(path)["Location"].startswith("/accounts/reauthenticate/?next=")


def test_it_can_be_cancelled_until_its_day_and_nobody_signs_in_after_it(ask, cast, now):
    made = ask(cast.outsider)
    assert Notice.objects.get(person=cast.outsider).kind == "erasure_asked"
    services.cancel_erasure(uid=cast.outsider.uid, by=cast.outsider, now=now)
    assert services.erase_next(now=made.due_at) is False
    client = Client()
    credentials = {"login": cast.outsider.email, "password": PASSWORD}
    assert client.post("/accounts/login/", credentials).status_code == 302
    ask(cast.outsider)
    assert services.erase_next(now=made.due_at) is True
    assert client.get("/account/").status_code == 302
    assert Client().post("/accounts/login/", credentials).status_code == 200
    gone = Person.objects.get(pk=cast.outsider.pk)
    tell(person=gone, kind="sessions_ended", event="x", now=now, cause="x")
    assert not Notice.objects.filter(person=gone).exists()
    with pytest.raises(Refused, match="cannot be let in again"):
        services.set_active(uid=gone.uid, active=True, by=cast.operator, now=now)


def test_only_oneself_and_the_site_ask_and_each_says_why_and_whom(ask, cast):
    for by, cause, typed, problem in (
        (cast.applicant, "written", None, NotAllowed), (cast.officer, "own", None, Refused),
        (cast.officer, "written", "other@example.org", Refused), (cast.mate, "order", None, Refused),
    ):  # fmt: skip
        with pytest.raises(problem):
            ask(cast.mate, by, cause, typed)
    made = ask(cast.mate, cast.officer, "written")
    assert (made.asked_by, made.cause) == (cast.officer, "written")
    with pytest.raises(Refused, match="asked for already"):
        ask(cast.mate, cast.operator, "order")


def test_on_somebodys_behalf_two_persons_stand_behind_it_and_only_a_reason_stops_it(ask, cast, now):
    asked = ask(cast.mate, cast.officer, "order")
    later, day = now + timedelta(days=20), timedelta(days=14)
    told = Notice.objects.filter(kind__startswith="erasure").values_list("person", "kind")
    assert [*told] == [(cast.operator.pk, "erasure_to_confirm")]
    assert services.erase_next(now=later) is False
    for by in (cast.officer, cast.mate, cast.outsider):
        with pytest.raises(NotAllowed):
            services.confirm_erasure(uid=cast.mate.uid, by=by, now=now)
    made = services.confirm_erasure(uid=cast.mate.uid, by=cast.operator, now=later)
    assert (made.pk, made.due_at, made.confirmed_by) == (asked.pk, later + day, cast.operator)
    assert Notice.objects.filter(person=cast.mate, kind="erasure_asked").count() == 1
    with pytest.raises(Refused, match="waits to be confirmed"):
        services.confirm_erasure(uid=cast.mate.uid, by=cast.operator, now=later)
    for why in ("", "because"):
        with pytest.raises(Refused, match="Say why"):
            services.cancel_erasure(uid=cast.mate.uid, by=cast.officer, now=later, why=why)
    services.cancel_erasure(uid=cast.mate.uid, by=cast.officer, now=later, why="held")
    verbs = [(one.verb, one.facts) for one in Entry.objects.filter(verb__endswith="_erasure").order_by("pk")]
    assert verbs == [
        ("person.ask_erasure", {"cause": "order"}), ("person.confirm_erasure", {"cause": "order"}),
        ("person.cancel_erasure", {"why": "held"}),
    ]  # fmt: skip


def test_the_persons_own_word_takes_the_place_of_what_one_officer_asked_for(ask, cast, now):
    ask(cast.mate, cast.officer, "written")
    own = ask(cast.mate)
    assert (own.is_confirmed, queries.erasure_of(cast.mate)) == (True, own)
    assert services.erase_next(now=own.due_at) is True


def test_the_last_administrator_and_the_last_operator_hand_over_first(ask, cast, now):
    for who in (cast.applicant, cast.operator):
        with pytest.raises(Refused, match="handed over first"):
            ask(who)
    member = Member.objects.get(person=cast.mate)
    startup = member.organisation
    with pytest.raises(NotAllowed):
        services.appoint_administrator(organisation=startup, uid=cast.mate.uid, by=cast.mate, now=now)
    services.appoint_administrator(organisation=startup, uid=cast.mate.uid, by=cast.applicant, now=now)
    made = ask(cast.applicant)
    Member.objects.filter(pk=member.pk).update(role=MemberRole.MEMBER)
    assert services.erase_next(now=made.due_at) is True
    assert services.erase_next(now=made.due_at) is False
    assert Notice.objects.filter(person=cast.applicant, kind="erasure_waits").count() == 1
    Member.objects.filter(pk=member.pk).update(role=MemberRole.ADMIN)
    assert services.erase_next(now=made.due_at + timedelta(days=1)) is True
    assert queries.erasure_of(cast.applicant) is None


def test_the_page_says_what_stays_and_an_officer_opens_that_of_somebody_else(ask, cast, client):
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    for who, path, status in (
        (cast.mate, "/account/privacy/", 200), (cast.mate, f"/people/{cast.applicant.uid}/privacy/", 404),
        (cast.officer, f"/people/{cast.applicant.uid}/privacy/", 200),
    ):  # fmt: skip
        client.force_login(who, backend=backend)
        page = client.get(path)
        assert page.status_code == status
    assert len(page.context["hindrances"]) == 1
    assert page.context["kept"][0][1] == 1
    ask(cast.mate, cast.officer, "written")
    for who, may in ((cast.officer, False), (cast.operator, True)):
        client.force_login(who, backend=backend)
        page = client.get(f"/people/{cast.mate.uid}/privacy/").content.decode()
        assert (f"/people/{cast.mate.uid}/erase/confirm/" in page) is may


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann Lee joined. (Ann Lee)", "Erased joined. (Erased)"), ("Mary-Ann Leeds, ann lee", "Mary-Ann Leeds, ann lee"),
        ("Ask ann@x.example.", "Ask Erased."), ("Ann Lee's work, L'Ann Lee", "Erased's work, L'Erased"),
    ],
)  # fmt: skip
def test_a_name_is_taken_out_of_a_text_where_it_stands_as_it_is(text, left):
    assert without_names(text, ["Ann Lee", "ann@x.example"], "Erased") == left
    assert without_names(text, [" ", "An"], "Erased") == text


def test_what_others_were_written_keeps_no_name_of_who_is_erased(ask, cast, now, monkeypatch):
    monkeypatch.setattr(unnaming, "BATCH", 2)
    gone, name = cast.outsider, "Edda Holm"
    Person.objects.filter(pk__in=[gone.pk, cast.provider.pk]).update(name=name)
    readers = (cast.officer, cast.mate, cast.applicant, cast.provider)
    for one in readers:
        Notice.objects.create(
            person=one, kind="x", event="x", subject=f"{name} joined", body=f"{name} ({gone.email}) did.",
            created_at=now, next_try_at=now,
        )  # fmt: skip
    assert services.erase_next(now=ask(gone).due_at) is True
    left = f"Erased person {gone.uid[:8]}"
    assert {one.person: (one.subject, one.body) for one in Notice.objects.filter(event="x")} == {
        **{one: (f"{left} joined", f"{left} ({left}) did.") for one in readers[:3]},
        cast.provider: (f"{name} joined", f"{name} ({left}) did."),
    }
