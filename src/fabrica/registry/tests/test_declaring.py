"""What a project declares goes into the documents: by whom it may be said, how it is kept, and where it shows."""

import json
from datetime import timedelta

import pytest
from fabrica.audit.models import Entry
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.registry import declaring
from fabrica.registry.engine.documents import completeness
from fabrica.registry.engine.documents.answers import digest
from fabrica.registry.engine.documents.rows import table
from fabrica.registry.engine.documents.schema import DATASET, PARTS, WHOLE
from fabrica.registry.facts import facts_of
from fabrica.registry.models import Intake, Statement
from fabrica.registry.tests.test_api import api  # noqa: F401
from fabrica.trust.services import purposes
from fabrica.trust.tests.answers import answers_for


def declare(version, cast, now, given, before=None, by="applicant"):
    seen = digest(before or {}, given)
    return declaring.declare(model=version.model, given=given, seen=seen, by=getattr(cast, by), now=now)


def test_a_statement_grows_in_a_sitting_and_is_kept_when_another_one_begins(version, cast, now):
    first = declare(version, cast, now, {"licence": "Apache-2.0"})
    again = declare(version, cast, now + timedelta(minutes=50), {"limits": "Short texts."})
    later = declare(version, cast, now + timedelta(hours=2), {"licence": None}, {"licence": "Apache-2.0"})
    assert (first.pk, first.number, later.number) == (again.pk, 1, 2)
    assert [one.declared for one in Statement.objects.order_by("number")] == [
        {"licence": "Apache-2.0", "limits": "Short texts."},
        {"limits": "Short texts."},
    ]
    assert [(one.facts["statement"], one.actor) for one in Entry.objects.filter(verb="model.declare")] == [
        (1, cast.applicant.uid), (1, cast.applicant.uid), (2, cast.applicant.uid)
    ]  # fmt: skip


def test_only_who_leads_the_project_declares_and_nobody_over_what_another_wrote(version, cast, now):
    for name in ("mate", "outsider", "officer"):
        with pytest.raises(NotAllowed):
            declare(version, cast, now, {"licence": "MIT"}, by=name)
    declare(version, cast, now, {"licence": "MIT"})
    with pytest.raises(declaring.DeclaredMeanwhile):
        declare(version, cast, now, {"licence": "Apache-2.0"})
    for wrong in ({"licence": "x" * 201}, {"nothing": "x"}, {"crawled": "yes"}, {"modalities": ["smell"]},
                  {"released_on": "soon"}, {"parameters_said": 0}):  # fmt: skip
        with pytest.raises(Refused):
            declare(version, cast, now, wrong, {"licence": "MIT"})
    assert declaring.newest(version.model).declared == {"licence": "MIT"}


def test_the_facts_of_a_release_are_the_signed_ones_and_the_newest_statement(version, cast, now):
    signed = json.loads(version.manifest)["facts_sha256"]
    assert declaring.facts_with_statement(version)["release"] == {
        "signed_facts_sha256": signed,
        "statement_sha256": None,
    }
    declare(version, cast, now, {"licence": "MIT"})
    facts = declaring.facts_at_release(version, now=now)
    told = facts.pop("statement")
    assert (told["version"], told["by"], told["declared"]) == (1, cast.applicant.uid, {"licence": "MIT"})
    assert facts.pop("release") == {
        "signed_facts_sha256": signed, "statement_sha256": told["sha256"], "prepared_at": now.isoformat()
    }  # fmt: skip
    assert {name: facts[name] for name in version.facts if name != "statement"} == {
        name: value for name, value in version.facts.items() if name != "statement"
    }
    assert declaring.facts_with_statement(version) == declaring.facts_with_statement(version)


def changed(project, cast, now, purpose, **answers):
    one = purposes.propose_purpose(project=project, purpose=purpose, reason="So.", by=cast.applicant, now=now)
    purposes.answer_gate(change=one, answers=answers_for("ACCEPT", **answers), by=cast.applicant, now=now)


def test_documents_tell_of_the_purpose_in_force_until_a_version_is_published(version, run, cast, now):
    def told():
        facts = declaring.facts_with_statement(version)
        labels = [one["label"] for one in facts["trust"]["labels"]]
        return facts["project"]["purpose"], facts["trust"]["decision"], "TR_50_2" in labels

    assert declaring.facts_with_statement(version)["trust"] == version.facts["trust"]
    changed(version.model.project, cast, now, "A chat model.", text="yes", interacts="yes")
    assert told() == ("A chat model.", "ACCEPT_CONDITIONS", True)
    run.refresh_from_db()
    sealed = facts_of(Intake.objects.get(run=run), run.folder / "out", signer="", now=now)
    assert sealed["trust"]["decision"] == told()[1]
    version.published_at = now
    changed(version.model.project, cast, now + timedelta(days=1), "To forecast.")
    assert told() == ("A chat model.", "ACCEPT_CONDITIONS", True)
    version.published_at = None
    assert told() == ("To forecast.", "ACCEPT", False)


def test_the_record_of_a_run_has_the_paths_of_the_schema_and_no_others(version, run, now):
    facts = facts_of(Intake.objects.get(run=run), run.folder / "out", signer="sha256:0", now=now)
    assert set(facts) - WHOLE == set()
    for name in set(PARTS) - {"recipe", "evaluation"}:  # of which the trainer and the runner write more
        assert set(facts.get(name) or ()) <= PARTS[name], name
    assert facts["trust"]["decision"] == "ACCEPT"
    [data] = facts["datasets"]
    assert set(data) == DATASET
    assert (data["description"], data["files"]) == (None, None)  # of what a project brought for itself


def test_the_pages_save_each_section_and_show_what_is_missing(client, version, cast):
    client.force_login(cast.applicant)
    address = f"/models/{version.model.slug}/statement/"
    assert b'id="documents"' in client.get(version.page).content
    first = client.get(address)
    seen = client.get(f"{address}use/").context["form"].initial["seen"]
    saved = client.post(f"{address}use/autosave/", {"licence": "MIT", "seen": seen}).json()
    assert client.post(f"{address}use/autosave/", {"licence": "GPL", "seen": seen}).status_code == 409
    done = client.post(f"{address}use/", {"licence": "MIT", "limits": "Many.", "seen": saved["seen"], "go_on": "1"})
    assert done.url == f"{address}data/"
    data = client.get(f"{address}data/").context["form"].initial["seen"]
    answers = {"modalities": ["text"], "crawled": "true", "continuous": "false", "seen": data}
    assert client.post(f"{address}data/", answers).url == address
    wrong = client.get(f"{address}about/").context["form"].initial["seen"]
    told = client.post(f"{address}about/autosave/", {"released_on": "soon", "outputs": "Text.", "seen": wrong})
    assert (told.status_code, [one["path"] for one in told.json()["fields"]]) == (422, ["released_on"])
    assert declaring.newest(version.model).declared == {
        "licence": "MIT", "limits": "Many.", "modalities": ["text"], "crawled": True, "continuous": False,
        "outputs": "Text.",
    }  # fmt: skip
    last = client.get(address)
    assert last.context["score"] > first.context["score"]
    fields = {one["link"].rpartition("#id_")[2] for part in last.context["missing"] for one in part["items"]}
    assert {"intended_use", "licence", "limits"} & fields == {"intended_use"}
    given = client.get(f"{version.page}documents/card.md")
    assert b"- Licence of the model: MIT (declared)\n" in given.content


def test_a_member_reads_and_an_outsider_finds_nothing(client, version, cast):
    address = f"/models/{version.model.slug}/statement/"
    client.force_login(cast.mate)
    assert (client.get(address).context["can_declare"], client.get(f"{address}use/").status_code) == (False, 403)
    assert client.get(f"{address}nothing/").status_code == 404
    assert client.get(f"{version.page}documents/nothing.md").status_code == 404
    client.force_login(cast.outsider)
    for path in (address, f"{address}use/", f"{version.page}documents/card.md"):
        assert client.get(path).status_code == 404


def test_the_api_reads_and_declares(api, version, cast):  # noqa: F811
    path = f"/models/{version.model.slug}/statement"
    found = api(cast.mate, "GET", path).json()
    assert (found["statement"], len(found["questions"])) == (None, len(table().asked))
    assert found["score"] == completeness(declaring.facts_with_statement(version)).score
    body = {"declared": {"licence": "MIT"}, "seen": found["seen"]}
    assert api(cast.mate, "PUT", path, body).status_code == 403
    assert api(cast.applicant, "PUT", path, body).json()["statement"]["declared"] == {"licence": "MIT"}
    assert api(cast.applicant, "PUT", path, body).status_code == 409
    assert api(cast.outsider, "GET", path).status_code == 404
