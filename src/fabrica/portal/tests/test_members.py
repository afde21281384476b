"""Coming, going and roles, on the pages of a project and by the API."""

import json

import pytest
from django.core import mail
from fabrica.allocations.queries import wanted
from fabrica.clusters import services as clusters
from fabrica.kit.paging import PAGE_SIZE
from fabrica.people.models import Person
from fabrica.portal.queries.workplace import workplace_of
from fabrica.projects import queries, services
from fabrica.projects import tasks as letters
from fabrica.projects.models import Invitation, Member
from fabrica.projects.states import Role
from fabrica.registry.tests.conftest import key, run, site, version  # noqa: F401 - fixtures


def page(site):  # noqa: F811
    return f"/projects/{site.project.slug}/"


def roles(site):  # noqa: F811
    return dict(site.project.members.values_list("person__name", "role"))


def call(browser, who, method, path, **body):
    answer = browser(who).generic(method, f"/api{path}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json() if answer.content else None


def test_the_way_from_the_form_by_the_letter_to_the_members(browser, site, now, settings):  # noqa: F811
    settings.FABRICA_URL = ""
    form = {"email": "otto@elsewhere.example", "role": "guest"}
    assert browser("applicant").post(f"{page(site)}invite/", form).status_code == 302
    letters.send_invitation(now)
    path = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("/invitations/"))
    assert browser().get(path)["Location"] == f"/accounts/login/?next={path.replace('/', '%2F')}".replace("%2F", "/")
    shown = browser("outsider").get(path).content.decode()
    assert [one in shown for one in ("otto@elsewhere.example", "otto@example.org", "Guest", "Ada")] == [True] * 4
    assert browser("outsider").post(path)["Location"] == page(site)
    assert roles(site) == {"Ada": "pi", "Max": "member", "Otto": "guest"}
    assert browser("outsider").get(page(site)).status_code == 200
    assert browser("operator").post(path).status_code == 409
    assert "no longer open" in browser("operator").get(path).content.decode()


@pytest.mark.parametrize(
    "form", [{}, {"email": "no address", "role": "guest"}, {"email": "a@example.org", "role": "pi"},
             {"email": "MAX@example.org", "role": "guest"}],
)  # fmt: skip
def test_what_cannot_be_invited_is_told_on_the_form(browser, site, form):  # noqa: F811
    answer = browser("applicant").post(f"{page(site)}invite/", form)
    assert (answer.status_code, bool(answer.context["form"].errors), Invitation.objects.count()) == (200, True, 0)


def test_only_who_leads_sees_who_is_invited(cast, site, now):  # noqa: F811
    services.invite(project=site.project, email="a@example.org", role=Role.MEMBER, by=cast.applicant, now=now)
    seen = {who: len(workplace_of(getattr(cast, who), site.project.slug, now).invitations)
            for who in ("applicant", "mate", "officer")}  # fmt: skip
    assert seen == {"applicant": 1, "mate": 0, "officer": 0}


def test_an_invitation_is_sent_again_and_revoked_on_the_page(browser, cast, site, now):  # noqa: F811
    made = services.invite(project=site.project, email="a@example.org", role=Role.MEMBER, by=cast.applicant, now=now)
    path = f"{page(site)}invitations/{made.uid}"
    assert [browser(who).post(f"{path}/again/").status_code for who in ("applicant", "mate")] == [302, 403]
    assert browser("applicant").post(f"{path}/revoke/").status_code == 302
    made.refresh_from_db()
    assert (made.serial, made.revoked_at) == (2, now)
    assert browser("applicant").post(f"{path}/revoke/").status_code == 404


def test_the_principal_investigator_changes_on_the_page(browser, cast, site):  # noqa: F811
    client = browser("applicant")
    assert client.post(f"{page(site)}members/{cast.mate.uid}/propose/").status_code == 302
    assert "is asked to become principal investigator" in browser("officer").get(page(site)).content.decode()
    assert client.post(f"{page(site)}proposal/", {"answer": "accept"}).status_code == 403
    assert browser("mate").post(f"{page(site)}proposal/", {"answer": "accept"}).status_code == 302
    assert roles(site) == {"Ada": "co_pi", "Max": "pi"}
    assert client.post(f"{page(site)}leave/")["Location"] == "/home/"
    assert roles(site) == {"Max": "pi"}


def test_a_role_is_changed_on_the_page(browser, cast, site):  # noqa: F811
    path = f"{page(site)}members/{cast.mate.uid}/role/"
    assert [browser("applicant").post(path, {"role": one}).status_code for one in ("antenna", "king")] == [302, 409]
    assert roles(site)["Max"] == "antenna"
    assert "You only read here" in browser("mate").get(page(site)).content.decode()


def test_a_member_of_the_second_page_is_changed_there(browser, cast, site, now):  # noqa: F811
    crowd = Person.objects.bulk_create(Person(uid=f"{n:032x}", email=f"{n}@example.org") for n in range(PAGE_SIZE))
    Member.objects.bulk_create(
        Member(project=site.project, person=one, role=Role.MEMBER, joined_at=now) for one in crowd
    )
    client, last = browser("applicant"), crowd[-1].uid
    first = client.get(page(site))
    second = client.get(page(site), {"members": first.context["place"].members.next_cursor})
    form = f'action="{page(site)}members/{last}/role/"'
    assert [form in one.content.decode() for one in (first, second)] == [False, True]
    assert [len(one.context["place"].members.rows) for one in (first, second)] == [PAGE_SIZE, 2]
    assert [one.context["place"].leads for one in (first, second)] == [True, True]
    assert client.post(f"{page(site)}members/{last}/role/", {"role": "guest"}).status_code == 302
    assert site.project.members.get(person=crowd[-1]).role == "guest"
    _, shown = call(browser, "mate", "GET", f"/projects/{site.project.slug}/members")
    _, rest = call(browser, "mate", "GET", f"/projects/{site.project.slug}/members?cursor={shown['next_cursor']}")
    assert (len(shown["rows"]), rest["rows"][-1]["uid"], rest["next_cursor"]) == (PAGE_SIZE, last, "")


def names_wanted(machine, now):
    return {one.name: one.members for one in wanted(machine, now)}[queries.Project.objects.get().slug]


def test_the_account_on_the_machine_is_to_have_who_works_and_nobody_else(cast, site, now):  # noqa: F811
    for person in (cast.applicant, cast.mate, cast.outsider):
        clusters.assign_unix_name(site=site.machine.site, person=person, now=now)
    before = names_wanted(site.machine, now)
    made = services.invite(project=site.project, email="o@example.org", role=Role.GUEST, by=cast.applicant, now=now)
    services.accept_invitation(invitation=made, by=cast.outsider, now=now)
    assert names_wanted(site.machine, now) == before
    services.set_role(project=site.project, person=cast.outsider, role=Role.MEMBER, by=cast.applicant, now=now)
    assert len(names_wanted(site.machine, now)) == len(before) + 1
    services.leave(project=site.project, by=cast.outsider, now=now)
    services.leave(project=site.project, by=cast.mate, now=now)
    assert len(names_wanted(site.machine, now)) == len(before) - 1


def test_all_of_it_by_the_api(browser, cast, site, now):  # noqa: F811
    path = f"/projects/{site.project.slug}"
    status, made = call(browser, "applicant", "POST", f"{path}/invitations", email="A@example.org", role="facilitator")
    assert (status, made["email"], made["role"], made["state"]) == (201, "a@example.org", "facilitator", "open")
    assert set(made) == {
        "uid", "email", "role", "invited_at", "expires_at", "state", "letters", "is_mailed",
    }  # fmt: skip
    assert call(browser, "mate", "GET", f"{path}/invitations")[0] == 403
    assert call(browser, "applicant", "POST", f"{path}/invitations/{made['uid']}/resend")[1]["letters"] == 2
    code = queries.code_of(Invitation.objects.get())
    assert call(browser, "outsider", "POST", "/invitations/accept", code=code)[1]["role"] == "facilitator"
    assert call(browser, "outsider", "POST", "/invitations/accept", code=code)[0] == 409
    assert call(browser, "outsider", "POST", f"{path}/leave")[0] == 204
    assert call(browser, "applicant", "PUT", f"{path}/members/{cast.mate.uid}", role="co_pi")[1]["role"] == "co_pi"
    assert call(browser, "applicant", "GET", f"{path}/proposal")[0] == 404
    assert call(browser, "applicant", "POST", f"{path}/proposal", uid=cast.mate.uid)[0] == 201
    assert call(browser, "mate", "POST", f"{path}/proposal/answer", accept=True)[0] == 204
    assert roles(site) == {"Ada": "co_pi", "Max": "pi"}
    assert call(browser, "applicant", "POST", f"{path}/invitations", email="no address")[0] == 409
