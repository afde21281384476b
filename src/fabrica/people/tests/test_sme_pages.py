"""From figures to a signed declaration: what its people enter, what they see at once, what officers see."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from fabrica.audit.models import Entry
from fabrica.kit.errors import Refused
from fabrica.kit.facts import load
from fabrica.people import queries, services, shown
from fabrica.people.engine.sme.draft import empty, term, with_other, with_own
from fabrica.people.models import SmeDeclaration, SmeDraft
from fabrica.people.services import EnteredMeanwhile

OWN = {
    "latest": "2025", "staff_0": "20", "turnover_0": "3 000 000", "balance_0": "2.000.000", "staff_1": "19",
    "turnover_1": "2900000", "balance_1": "1900000,50", "category_before": "small", "dispersed": "on", "version": "0",
}  # fmt: skip
OWNER = {
    "name": "Big <b>Holding</b>", "kind": "enterprise", "country": "be", "side": "owner", "capital": "30", "votes": "",
    "staff_0": "300", "turnover_0": "1", "balance_0": "1", "staff_1": "300", "turnover_1": "1", "balance_1": "1",
    "dispersed": "on",
}  # fmt: skip


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def client(cast):
    return signed_in(cast.applicant)


@pytest.fixture
def path(cast):
    return f"/organisations/{cast.startup.uid}/sme/"


def entered(client, path, **change):
    assert client.post(f"{path}accounts/", {**OWN, **change})["Location"] == path
    return client.get(path)


def live(page):
    return page.context["live"]


def test_an_empty_page_says_what_is_needed(client, path):
    page = client.get(path)
    assert live(page) is None
    assert "Begin with your own figures" in page.content.decode()


def test_the_category_is_seen_at_once_and_an_owner_of_thirty_per_cent_changes_it(client, path):
    page = entered(client, path)
    assert (live(page).category, live(page).years[0]) == (
        "small", {"year": "2025", "staff": "20", "turnover": "3,000,000", "balance": "2,000,000"},
    )  # fmt: skip
    assert live(page).years[1]["balance"] == "1,900,000.5"
    assert client.post(f"{path}others/new/", {**OWNER, "version": "1"})["Location"] == path
    page = client.get(path)
    assert (live(page).category, live(page).years[0]["staff"]) == ("medium", "110")
    assert "Big &lt;b&gt;Holding&lt;/b&gt; is a partner" in page.content.decode()
    assert client.post(f"{path}others/e1/", {"action": "remove", "version": "2"})["Location"] == path
    assert live(client.get(path)).category == "small"


def test_each_answer_beside_the_category_tells_its_source_and_how_sure_it_is(client, path):
    page = entered(client, path).content.decode()
    (start_up,) = re.findall(r"<li>Start-up: .*?</li>", page)
    assert "Confidence C</strong>" in start_up
    assert "Source: The Recommendation has no threshold for a start-up; this one follows Regulation" in start_up
    assert len(re.findall(r"<li>Small mid-cap: .*?Confidence C</strong>.*?checked 2026-11-26.*?</li>", page)) == 1


def test_a_version_of_endless_digits_is_none_that_there_was(client, path):
    answer = client.post(f"{path}accounts/", {**OWN, "version": "9" * 5_000})
    assert answer.context["form"].errors["__all__"][0].startswith("Somebody else changed these figures meanwhile.")


def test_what_is_missing_is_said_in_plain_words_and_nothing_is_guessed(client, path):
    page = entered(client, path, dispersed="", turnover_1="", balance_1="", staff_1="", category_before="")
    assert not live(page).is_certain
    assert live(page).open == [
        "Name who holds the other 100 % of Novalis Labs, or tick that nobody among them holds 25 % or more.",
        "Enter the figures of the year before as well, or say that these are the first accounts.",
    ]
    assert client.get(f"{path}declare/")["Location"] == path


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"staff_0": "many"}, "staff_0"), ({"turnover_0": "-5"}, "turnover_0"), ({"balance_0": "1e99"}, "balance_0"),
        ({"latest": ""}, "latest"), ({"founded_on": "soon"}, "founded_on"), ({"latest": "2199"}, "__all__"),
        ({"is_new": "on"}, "__all__"),
    ],
)  # fmt: skip
def test_nothing_is_lost_when_something_is_wrong(client, path, change, field):
    page = client.post(f"{path}accounts/", {**OWN, **change})
    form = page.context["form"]
    assert list(form.errors) == [field]
    typed = {key: value for key, value in {**OWN, **change}.items() if key not in ("version", "dispersed", "is_new")}
    assert {key: form[key].value() for key in typed} == typed
    assert not SmeDraft.objects.exists()


def test_a_holding_beyond_all_that_there_is_comes_back_with_all_that_was_written(client, path):
    entered(client, path)
    client.post(f"{path}others/new/", {**OWNER, "capital": "60", "version": "1"})
    page = client.post(f"{path}others/new/", {**OWNER, "name": "Other", "capital": "60", "version": "2"})
    assert "120 % of the capital of self are held." in page.context["form"].errors["__all__"][0]
    assert page.context["form"]["name"].value() == "Other"
    angel = {**OWNER, "kind": "business_angel", "name": "Anna", "version": "2"}
    assert list(client.post(f"{path}others/new/", angel).context["form"].errors) == ["invested"]


def test_two_who_write_at_once_lose_nothing(client, cast, path, now):
    entered(client, path)
    page = signed_in(cast.mate).post(f"{path}accounts/", {**OWN, "staff_0": "77"})
    assert "Somebody else changed these figures meanwhile." in page.content.decode()
    assert page.context["form"]["staff_0"].value() == "77"
    with pytest.raises(EnteredMeanwhile):
        services.save_sme_draft(organisation=cast.startup, content=empty(), by=cast.mate, now=now, version=0)


def declared(client, path, **change):
    digest = client.get(f"{path}declare/").context["live"].digest
    told = {"digest": digest, "name": "Ada  Novalis", "role": "Managing director", "is_true": "on", **change}
    return client.post(f"{path}declare/", told)


def test_it_is_signed_kept_as_it_is_and_read_by_officers(client, cast, path):
    entered(client, path)
    assert declared(client, path)["Location"] == path
    entered(client, path, version="1", staff_0="400")
    one = SmeDeclaration.objects.get()
    assert (one.number, one.category, one.signer_name, one.signer_role) == (
        1, "small", "Ada Novalis", "Managing director",
    )  # fmt: skip
    assert one.valid_until == term().until(one.signed_at.date())
    facts = {"number": 1, "category": "small", "digest": one.digest, "rule": one.rule_version}
    assert Entry.objects.get(verb="organisation.declare_sme").facts == facts
    for person in (cast.mate, cast.officer):
        page = signed_in(person).get(f"{path}1/").content.decode()
        assert [word for word in ("Ada Novalis", one.digest, "a small enterprise", ">20<") if word not in page] == []
    assert "400" not in signed_in(cast.officer).get(path).content.decode()
    assert [signed_in(cast.outsider).get(f"{path}{rest}").status_code for rest in ("", "1/", "1.pdf")] == [404] * 3
    assert signed_in(cast.officer).get(f"{path}accounts/").status_code == 403


@pytest.mark.parametrize(("change", "field"), [({"is_true": ""}, "is_true"), ({"role": " "}, "role")])
def test_nobody_declares_without_a_name_and_a_promise(client, path, change, field):
    entered(client, path)
    assert list(declared(client, path, **change).context["form"].errors) == [field]
    assert not SmeDeclaration.objects.exists()


def test_only_what_was_seen_is_signed_and_only_by_an_administrator(client, cast, path, now):
    entered(client, path)
    digest = client.get(f"{path}declare/").context["live"].digest
    entered(client, path, version="1", staff_0="21")
    page = declared(client, path, digest=digest)
    assert "The figures have changed since you looked." in page.content.decode()
    assert signed_in(cast.mate).get(f"{path}declare/").status_code == 403


def test_the_document_is_a_tagged_pdf_whatever_a_name_holds(client, path):
    entered(client, path)
    client.post(f"{path}others/new/", {**OWNER, "name": '#read("/etc/passwd") $x$ *b* <l>', "version": "1"})
    declared(client, path)
    answer = client.get(f"{path}1.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content[:5] == b"%PDF-"
    assert re.search(rb"/MarkInfo\s*<<\s*/Marked true", answer.content)
    assert answer.content == client.get(f"{path}1.pdf").content


def test_the_document_comes_out_with_letters_that_no_font_has(client, path):
    entered(client, path)
    client.post(f"{path}others/new/", {**OWNER, "name": "🚀 漢字", "version": "1"})
    declared(client, path)
    answer = client.get(f"{path}1.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_a_declaration_ends_and_says_so(client, cast, path, now):
    entered(client, path)
    declared(client, path)
    one = SmeDeclaration.objects.get()
    assert one.is_valid(one.signed_at)
    assert [each.pk for each in queries.sme_statuses(cast.mate, one.signed_at)] == [one.pk]
    late = one.signed_at + timedelta(days=366)
    assert (one.is_valid(late), queries.sme_statuses(cast.mate, late)) == (False, [])
    SmeDeclaration.objects.update(valid_until=one.signed_at.date() - timedelta(days=1))
    assert "expired" in signed_in(cast.officer).get(f"/organisations/{cast.startup.uid}/").content.decode()


def test_the_route_finder_knows_what_was_declared(client, path):
    entered(client, path)
    declared(client, path)
    form = client.get(reverse("calls:route")).context["form"]
    assert [form[key].value() for key in ("sme", "country", "organisation")] == ["yes", "FR", "company"]


def test_the_api_takes_the_commands_file_and_signs(client, cast, path, now):
    other = {"id": "self", "name": "Odd", "years": [{"year": 2025, "staff": 1.5, "turnover": 1, "balance": 1}]}
    own = {
        "id": "x",
        "name": "ignored",
        "dispersed": True,
        "years": [{"year": 2025, "staff": 2, "turnover": 1, "balance": 1}],
    }
    document = {
        "format": "fabrica-sme/1", "as_of": "2026-01-01", "applicant": "x", "category_before": "none",
        "enterprises": [other, own], "links": [{"holder": "x", "held": "self", "capital": 50, "votes": 50}],
    }  # fmt: skip
    api = f"/api/organisations/{cast.startup.uid}/sme"
    told = client.put(api, document, content_type="application/json").json()
    assert (told["answer"]["category"], told["answer"]["years"][0]["staff"], told["declared"]) == (
        "micro",
        "2.75",
        None,
    )
    signing = {"digest": told["answer"]["digest"], "name": "Ada", "role": "Director"}
    assert client.post(f"{api}/declarations", signing, content_type="application/json").status_code == 201
    assert [one["category"] for one in signed_in(cast.officer).get(f"{api}/declarations").json()] == ["micro"]
    assert signed_in(cast.officer).get(api).json()["answer"] is None
    assert client.put(api, {"format": "x"}, content_type="application/json").status_code == 409
    assert list(SmeDeclaration.objects.get().relatives.values_list("name", "relation")) == [("Odd", "partner")]


def test_what_cannot_be_assessed_is_never_kept(cast, now):
    draft = with_other(with_own(empty(), {"years": [{"year": 2025}]}, {}), {"id": "e1", "name": "x" * 500}, "")
    with pytest.raises(Refused):
        services.save_sme_draft(organisation=cast.startup, content=draft, by=cast.applicant, now=now)


def test_every_sentence_has_its_french(client, cast, path):
    entered(client, path)
    client.post(f"{path}others/new/", {**OWNER, "version": "1"})
    draft = queries.sme_draft_of(cast.startup).content
    found = shown.live(cast.startup, draft, queries.sme_draft_of(cast.startup).saved_at.date())
    english = found.reasons
    with translation.override("fr"):
        assert [one for one in found.reasons if one in english] == []


def test_the_days_of_a_declaration_are_the_site_s(settings):
    settings.TIME_ZONE = "Europe/Luxembourg"
    one = SmeDeclaration(valid_until=date(2027, 7, 1))
    evening = datetime(2027, 7, 1, 21, 59, tzinfo=UTC)
    assert (one.is_valid(evening), one.is_valid(evening + timedelta(minutes=1))) == (True, False)


def test_a_site_asks_by_a_rule_of_its_own_and_names_it_in_what_is_signed(client, cast, path, settings, tmp_path):
    rule = load("fabrica.people", "sme.json")
    tiny = {**rule["predicates"][0], "title": "Tiny", "all": [{"fact": "staff", "below": "3"}]}
    own = tmp_path / "sme.json"
    own.write_text(json.dumps({**rule, "version": "ours", "predicates": [tiny]}), encoding="utf-8")
    settings.FABRICA_SME_RULES = str(own)
    entered(client, path)
    page = client.get(path).content.decode()
    assert ("Tiny" in page, "Small mid-cap" in page) == (True, False)
    declared(client, path)
    assert cast.startup.sme_declarations.get().rule_version == "ours"
