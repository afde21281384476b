"""The way of a version to publication: what each step needs, the second person, and releases that survive a kill."""

import pytest
from fabrica.evaluation.battery import energy
from fabrica.evaluation.battery.battery import ENTRIES
from fabrica.evaluation.battery.informed import WHY_NOT
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.registry import battery_rows, facts, packing, queries, readiness, services, shown, telling
from fabrica.registry.engine import State, verify_folder
from fabrica.registry.engine.documents import render_all
from fabrica.registry.models import ModelVersion, Release, Step
from fabrica.registry.tests.conftest import WHY, published, reviewed
from fabrica.registry.tests.papers import FACTS


def battery(*verdicts, **why):
    """Verdicts of one probe; the others passed, but those that were not run, with why."""
    rows = [Result(probe="held_out", name=f"figure {n}", verdict=one) for n, one in enumerate(verdicts)]
    others = [not_run(one, one, why[one]) if one in why else Result(probe=one, name="own", verdict=Verdict.PASS)
              for one in readiness.PROBES[1:]]  # fmt: skip
    return {"battery": {"results": [one.as_dict() for one in (*rows, *others)], "summary": {}}}


PASSED = battery(Verdict.PASS)["battery"]["results"]
ENERGY = Result(probe="energy", name="energy of the run", verdict=Verdict.TOLD, value=1.0, unit="Wh")
ONLY_ENERGY = {"battery": {"results": [ENERGY.as_dict()]}}
NOTHING = {"battery": {"results": [not_run(one, one, "Not begun.").as_dict() for one in readiness.PROBES]}}


def change(version, **facts):
    """What is known of it is another thing from now on."""
    ModelVersion.objects.filter(pk=version.pk).update(facts={**version.facts, **facts})
    version.refresh_from_db()


def told(version):
    return [str(one.what) for one in services.waits_for(version=version)]


@pytest.mark.parametrize(
    ("facts", "open_points"),
    [
        ({}, ["This model was not evaluated by the battery of this site."]),
        (battery(Verdict.PASS, Verdict.WARN, Verdict.NOT_RUN), []),
        (battery(Verdict.PASS, Verdict.FAIL), ["held_out: figure 1"]),
        (NOTHING, ["This model was not evaluated by the battery of this site."]),
        (battery(Verdict.PASS, personal="Not begun."), ["personal: not run. Not begun."]),
        (battery(Verdict.PASS, bias=f"{WHY_NOT} (2)."), []),
        (battery(Verdict.PASS, Verdict.TOLD), []),
        (battery(Verdict.TOLD), ["held_out: not run."]),
        (ONLY_ENERGY, ["This model was not evaluated by the battery of this site."]),
        (battery(), ["held_out: not run."]),
        ({"battery": {"results": [{"probe": "bits", "name": "own", "verdict": ["pass"]}, *PASSED]}}, ["bits: own"]),
    ],
)
def test_what_failed_or_was_never_measured_needs_a_justification(facts, open_points):
    assert readiness.must_justify(facts) == open_points
    assert [one.what for one in readiness.lacks_evaluation(facts, "")] == [f"Not passed: {one}" for one in open_points]
    assert readiness.lacks_evaluation(facts, WHY) == []


def test_a_document_that_is_owed_by_law_and_lacks_what_it_must_tell_needs_a_justification():
    declared = {**FACTS["statement"]["declared"], "opt_outs": None, "illegal_content": ""}
    owed = {**FACTS, **battery(Verdict.PASS), "statement": {**FACTS["statement"], "declared": declared}}
    told = [(one.what, one.todo) for one in readiness.lacks_evaluation(owed, "")]
    assert [what.partition(":")[0] for what, _todo in told] == ["Public summary of training content"]
    assert told[0][0].endswith("Unknown: How reservations of rights were heeded, Illegal content."), told
    assert told[0][1].startswith("Declare it, or write why")
    assert readiness.lacks_evaluation(owed, WHY) == []
    assert readiness.lacks_evaluation({**owed, "trust": {**FACTS["trust"], "labels": ["ROLE_PROVIDER"]}}, "") == []


def test_every_probe_of_the_battery_must_be_heard_but_energy_which_not_every_machine_counts():
    assert readiness.PROBES == tuple(one.name for one in ENTRIES if one.name != energy.PROBE)


def test_a_model_that_too_little_is_known_of_is_not_documented(version, cast, settings, now):
    settings.FABRICA_COMPLETENESS_AT_LEAST = 100
    with pytest.raises(Refused, match=r"complete to \d+ %; this site asks for 100 %. Unknown so far: .*Licence"):
        services.document(version=version, by=cast.applicant, now=now)
    settings.FABRICA_COMPLETENESS_AT_LEAST = 0
    change(version, title="")
    with pytest.raises(Refused, match="title is unknown"):
        services.document(version=version, by=cast.applicant, now=now)


def test_each_step_is_taken_once_and_in_order(version, cast, now):
    with pytest.raises(Refused, match="that is draft cannot become evaluated"):
        services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="that is draft cannot become published"):
        services.publish(version=version, by=cast.applicant, now=now)
    services.document(version=version, by=cast.applicant, now=now)
    with pytest.raises(Refused, match="Not passed: This model was not evaluated"):
        services.evaluate(version=version, by=cast.applicant, now=now)
    published(services.send_back(version=version, reason="Once more.", by=cast.applicant, now=now), cast, now)
    assert list(Step.objects.order_by("pk").values_list("before", "after", "by__name")) == [
        ("registered", "documented", "Ada"),
        ("documented", "registered", "Ada"),
        ("registered", "documented", "Ada"),
        ("documented", "evaluated", "Ada"),
        ("evaluated", "reviewed", "Max"),
        ("reviewed", "published", "Ada"),
    ]


def test_the_second_person_neither_launched_the_run_nor_asked_and_is_told(version, cast, now):
    services.document(version=version, by=cast.applicant, now=now)
    services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    assert list(Notice.objects.filter(kind="model_review_asked").values_list("person__name", flat=True)) == ["Olga"]
    with pytest.raises(NotAllowed, match="You launched its run, or asked for the review"):
        services.review(version=version, note="Fine.", by=cast.applicant, now=now)
    for name in ("operator", "assessor", "outsider"):
        with pytest.raises(NotAllowed, match="Only somebody who works in the project, or an officer"):
            services.review(version=version, note="Fine.", by=getattr(cast, name), now=now)
    with pytest.raises(Refused, match="A note is missing"):
        services.review(version=version, note=" ", by=cast.officer, now=now)
    assert services.review(version=version, note="Fine.", by=cast.officer, now=now).state == "reviewed"


def test_who_sends_it_back_says_why_and_all_is_looked_at_again(version, cast, now):
    reviewed(version, cast, now)
    services.send_back(version=version, reason="The licence is wrong.", by=cast.officer, now=now)
    notice = Notice.objects.get(kind="model_sent_back")
    assert (version.state, notice.person, "The licence is wrong." in notice.body) == (
        "registered",
        cast.applicant,
        True,
    )
    services.document(version=version, by=cast.applicant, now=now)
    services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    assert told(version) == ["A second person has not reviewed it yet."]


def test_release_goes_as_far_as_it_may_and_says_what_is_missing(version, cast, now):
    first = services.release(version=version, by=cast.applicant, now=now)
    assert (first.passed, [one.what for one in first.missing]) == (
        ["documented"],
        ["Not passed: This model was not evaluated by the battery of this site."],
    )
    second = services.release(version=version, justification=WHY, by=cast.applicant, now=now)
    assert (second.passed, [one.what for one in second.missing]) == (
        ["evaluated"],
        ["A second person has not reviewed it yet."],
    )
    services.review(version=version, note="Fine.", by=cast.mate, now=now)
    assert services.release(version=version, by=cast.applicant, now=now).passed == ["published"]
    with pytest.raises(NotAllowed):
        services.release(version=version, by=cast.mate, now=now)


def test_a_publication_writes_and_signs_the_documents_and_changes_nothing_signed_before(version, key, cast, now):
    before = {one: one.read_bytes() for one in version.path.rglob("*") if one.is_file()}
    published(version, cast, now)
    verdict = verify_folder(version.path, key.public_key())
    assert (verdict.state, verdict.releases) == (State.VERIFIED, 1)
    assert {one: one.read_bytes() for one in before} == before
    listed = [one.path for one in queries.downloads_of(version) if one.path.startswith("release/")]
    assert sorted(listed) == sorted(
        f"release/1/{one.name}" for one in (version.path / "release" / "1").iterdir() if one.is_file()
    )
    assert queries.file_of(None, version, "release/1/manifest.json").read_text() == Release.objects.get().manifest


def test_a_change_is_published_as_the_next_release_once_it_was_reviewed(version, key, cast, client, settings, now):
    published(version, cast, now)
    change(version, limits="It reads Python only.")
    version = queries.version_of(cast.applicant, version.model.slug, 1)
    with pytest.raises(Refused, match="Its facts changed since it was reviewed"):
        services.publish(version=version, by=cast.applicant, now=now)
    services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    services.review(version=version, note="The limits are right.", by=cast.mate, now=now)
    services.publish(version=version, by=cast.applicant, now=now)
    verdict = verify_folder(version.path, key.public_key())
    assert (version.state, verdict.state, verdict.releases) == ("published", State.VERIFIED, 2)
    assert [one.facts["limits"] for one in Release.objects.order_by("number")] == [None, "It reads Python only."]
    first, second = (
        [line.split(" | ")[1] for line in summary_of(version, number).splitlines() if " of this summary" in line]
        for number in (1, 2)
    )
    earlier = f"{settings.FABRICA_URL}{version.page}files/release/1/training-content-summary.md"
    assert (first, second) == (["1", "none"], ["2", earlier])
    for address in (earlier.removeprefix(settings.FABRICA_URL), f"{version.page}files/release/2/facts.json"):
        assert client.get(address).status_code == 200


def summary_of(version, number):
    return queries.file_of(None, version, f"release/{number}/training-content-summary.md").read_text()


@pytest.mark.parametrize("is_published", [False, True])
def test_who_changes_the_facts_cannot_review_the_change_that_nobody_asked_about(version, cast, now, is_published):
    if is_published:
        published(version, cast, now)
    else:
        services.document(version=version, by=cast.applicant, now=now)
        services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    change(version, limits="It reads Python only.")
    with pytest.raises(Refused, match="Its facts changed since the review was asked for"):
        services.review(version=version, note="My own words are fine.", by=cast.mate, now=now)


class Killed(BaseException):
    """What no code of ours catches."""


@pytest.mark.parametrize("moment", ["render_all", "_sync_folder"])
def test_killed_before_or_after_the_rename_it_is_not_published_and_a_retry_works(
    version, key, cast, now, monkeypatch, settings, moment
):
    reviewed(version, cast, now)

    def kill(*_):
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(packing, moment, kill)
        services.publish(version=version, by=cast.applicant, now=now)
    version.refresh_from_db()
    assert (version.state, Release.objects.count(), Step.objects.filter(after="published").count()) == (
        "reviewed",
        0,
        0,
    )
    services.publish(version=version, by=cast.applicant, now=now)
    verdict = verify_folder(version.path, key.public_key())
    assert (version.state, verdict.state, verdict.releases) == ("published", State.VERIFIED, 1)
    assert (version.path / "release" / "1" / "manifest.json").read_text() == Release.objects.get().manifest
    assert list((settings.FABRICA_STORAGE / "models" / ".building").iterdir()) == []


def test_readers_see_what_was_reviewed_until_the_change_is(client, version, cast, now):
    published(version, cast, now)
    change(version, limits="Not reviewed yet.")
    services.evaluate(version=version, justification="Nobody read this.", by=cast.applicant, now=now)
    page = client.get(version.page)
    assert "Not reviewed yet." not in page.content.decode()
    assert (page.context["justification"], page.context["reviewed_at"]) == (WHY, now)
    assert page.context["way"] is None
    client.force_login(cast.applicant)
    assert client.get(version.page).context["way"].has_changes is True
    client.logout()
    told = client.get(f"{version.page}export.json").json()
    assert (told["name"], told["state"], told["limits"]) == (str(version), "published", None)
    assert [one["path"] for one in told["releases"][0]["documents"]][-1] == "release/1/manifest.sig"


def test_the_page_shows_the_way_with_the_next_button_for_each_person(client, version, cast, now):
    def following(person):
        client.force_login(person)
        context = client.get(version.page).context
        return context["way"].next, context["can_decide"], context["can_review"]

    assert following(cast.applicant) == ("documented", True, False)
    client.post(f"{version.page}documented/")
    client.post(f"{version.page}evaluate/", {"justification": WHY})
    assert following(cast.applicant) == ("reviewed", True, False)
    assert following(cast.mate) == ("reviewed", False, True)
    client.post(f"{version.page}review/", {"note": "Look at the licence.", "verdict": "back"})
    assert following(cast.mate) == ("documented", False, True)
    assert client.get(version.page).context["way"].sent_back == "Look at the licence."


def test_figures_that_no_run_of_ours_writes_neither_break_the_page_nor_the_documents(tmp_path):
    path = tmp_path / "battery.json"
    path.write_text('{"results": [{"value": 1e999, "n": %s, "verdict": ["pass"], "note": {}}]}' % ("9" * 400))
    found = facts.read_json(path)
    assert found == {"results": [{"value": None, "n": None, "verdict": ["pass"], "note": {}}]}
    huge = {"battery": {"results": [{**found["results"][0], "value": 10**400, "low": True}] * 600}, "name": "a@1"}
    assert [len(one) for one in battery_rows.told(huge)] == [6] * 500
    assert render_all(huge)
    shown._evaluation({"evaluation": {"rivals": {"xz": ["won"]}, "bits_per_byte_xz": 10**400}})


def test_the_page_tells_what_applies_in_words_of_its_reader(client, version, cast):
    trust = {"version": "act-2026-11-1", "labels": [{"label": "LITERACY", "text": "AI literacy"}, "A <b>", {"x": 1}]}
    change(version, trust={**(version.facts["trust"] or {}), **trust})
    client.force_login(cast.applicant)
    assert client.get(version.page).context["labels"] == ["A <b>", "AI literacy", "None"]
    shown = client.get(version.page, headers={"accept-language": "fr"}).context["labels"]
    assert shown[1] not in ("AI literacy", "LITERACY")
