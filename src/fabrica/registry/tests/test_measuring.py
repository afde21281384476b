"""A version evaluated again: a run that the award pays, results beside those there were, and which of them count."""

import json
from hashlib import sha256

import pytest
from django.utils.translation import override
from fabrica.allocations.queries import balance
from fabrica.evaluation.battery import (
    bounds,
    context,
    contamination,
    energy,
    membership,
    memorising,
    personal,
    quality,
    thresholds,
    toxicity,
)
from fabrica.evaluation.battery.result import Result, Verdict, not_run
from fabrica.evaluation.measure import METHOD
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.registry import battery_words, comparing, measured, queries, readiness, services
from fabrica.registry.models import Intake, Measurement, ModelVersion
from fabrica.registry.tasks import register, take_in_evaluation
from fabrica.registry.tests.conftest import WHY, published
from fabrica.registry.tests.folders import FILES
from fabrica.training import services as training
from fabrica.training.models import Run
from fabrica.training.tasks.job_file import job_values

WEIGHTS = sha256(FILES["model.safetensors"]).hexdigest()


def battery(*verdicts, profile="quick", own=True, cut=(), weights=WEIGHTS):
    rows = [
        Result(probe="bias", name=f"figure {n}", verdict=one, value=1.0).as_dict() for n, one in enumerate(verdicts)
    ]
    rows += [not_run(one, one, "Not begun.").as_dict() for one in cut]
    return {
        "format": 1, "version": 2, "profile": profile, "seed": 1, "results": rows, "summary": {"pass": len(rows)},
        "model": {"sha256": weights}, "data": {"training_documents": 9 if own else 0},
    }  # fmt: skip


def ask(version, site, now, **changes):
    wish = {"profile": "quick", "stagings": [site.staging], "seed": 7, "by": site.cast.mate, **changes}
    return services.measure_again(version=version, now=now, **wish)


def end(measurement, now, found, state="succeeded"):
    """Its run, as training and the runner leave it; then the registry's worker."""
    run = measurement.run
    (run.folder / "out").mkdir(parents=True, exist_ok=True)
    raw = json.dumps(found).encode()
    (run.folder / "out" / "battery.json").write_bytes(raw)
    files = [{"path": "battery.json", "size_bytes": len(raw), "sha256": sha256(raw).hexdigest()}]
    Run.objects.filter(pk=run.pk).update(state=state, ended_at=now, result={"files": files, "summary": {}})
    assert take_in_evaluation(now)
    measurement.refresh_from_db()
    return ModelVersion.objects.get(pk=measurement.version_id)


def released(version, cast, now):
    """What was published already, published again with its new figures."""
    services.evaluate(version=version, justification=WHY, by=cast.applicant, now=now)
    services.review(version=version, note="Read the new figures.", by=cast.mate, now=now)
    services.publish(version=version, by=cast.applicant, now=now)


def test_a_member_has_it_evaluated_and_the_award_holds_the_most_it_may_cost(version, site, now):
    before = balance(site.award).held
    made = ask(version, site, now)
    run = made.run
    assert (made.number, made.state, run.kind, run.created_by) == (2, "running", "evaluate", site.cast.mate)
    assert (run.time_limit_seconds, balance(site.award).held - before) == (600, 600)
    job = job_values(run, training.prepare(run=_claimed(run, now), now=now))
    assert (job["profile"], job["seed"], job["model"]["path"]) == ("quick", 7, str(version.path))
    assert job["model"]["sha256"] == WEIGHTS
    assert {one["path"] for one in job["model"]["files"]} == {*FILES, "evaluation.json", "sample.txt"}
    assert [one["name"] for one in job["data"]] == [str(site.staging.version)]
    with pytest.raises(Refused, match="is under way"):
        ask(version, site, now)


def _claimed(run, now):
    return Run.claim(Run.objects.filter(pk=run.pk), now)


def test_who_may_not_train_or_has_no_text_has_nothing_evaluated(version, site, cast, now):
    before = balance(site.award).held
    for who in (cast.outsider, cast.officer):
        with pytest.raises(NotAllowed):
            ask(version, site, now, by=who)
    with pytest.raises(Refused, match="An evaluation needs text"):
        ask(version, site, now, stagings=[])
    with pytest.raises(Refused, match="no profile called 'huge'"):
        ask(version, site, now, profile="huge")
    services.withdraw(version=version, reason="Wrong.", by=cast.applicant, now=now)
    version.refresh_from_db()
    with pytest.raises(Refused, match="withdrawn"):
        ask(version, site, now)
    assert (Measurement.objects.count(), balance(site.award).held) == (0, before)


def test_results_join_the_facts_and_no_model_is_made_of_the_run(version, site, now):
    found = battery(Verdict.PASS)
    made = ask(version, site, now)
    again = end(made, now, found)
    facts = readiness.facts_now(again)
    assert facts["battery"] == {**found, "counts": 2, "history": facts["battery"]["history"]}
    assert [(one["number"], one["run"]) for one in facts["battery"]["history"]] == [(2, made.run.uid)]
    assert again.facts == version.facts  # what was signed
    assert not register(now)
    assert (Intake.objects.count(), ModelVersion.objects.count()) == (1, 1)
    assert queries.version_made_by(site.cast.mate, made.run.uid) == version
    assert ask(again, site, now).number == 3


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"weights": "0" * 64}, "The results are of another model. They name other weights than those registered."),
        ({"profile": "full"}, "The run left no results that can be read. Look at its log, and evaluate it again."),
    ],
)
def test_results_of_something_else_are_not_taken_in(version, site, now, change, why):
    made = ask(version, site, now)
    again = end(made, now, battery(Verdict.PASS, **change))
    assert (made.state, made.error) == ("ended", why)
    assert readiness.facts_now(again)["battery"] is None


def test_a_run_that_ended_without_results_is_told(version, site, now):
    made = ask(version, site, now)
    end(made, now, battery(Verdict.PASS), state="cancelled")
    assert (made.state, made.error, made.battery) == ("ended", "", None)


def test_what_was_published_stays_until_the_next_release_takes_it_in(version, site, cast, client, now):
    first = published(version, cast, now)
    before = {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    again = end(ask(first, site, now), now, battery(Verdict.PASS, Verdict.FAIL))
    assert {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()} == before
    public = client.get(first.page).context
    assert (public["battery"], public["evaluations"], public["newer_at"]) == ([], [], now)
    client.force_login(cast.mate)
    inside = client.get(first.page).context
    assert (len(inside["evaluations"]), inside["way"].has_changes, inside["can_measure"]) == (1, True, True)

    released(again, cast, now)
    client.logout()
    public = client.get(first.page).context
    assert (len(public["battery"]), len(public["evaluations"]), public["newer_at"]) == (2, 1, None)


def test_then_and_now_stand_side_by_side(version, site, now):
    end(ask(version, site, now), now, battery(Verdict.PASS, Verdict.PASS))
    again = end(ask(version, site, now), now, battery(Verdict.FAIL))
    facts = readiness.facts_now(again)
    rows = comparing.page(again, facts, is_inside=True)["changes"]
    assert [(name, [("pass" in side, "fail" in side) for side in sides]) for _probe, name, *sides in rows] == [
        ("figure 0", [(True, False), (False, True)]),
        ("figure 1", [(True, False), (False, False)]),
    ]


def whole(*verdicts):
    """A battery with all that its report tells."""
    found = battery(*verdicts)
    return {
        **found, "summary": {one.value: verdicts.count(one) for one in Verdict}, "seconds": {"bias": 1.0},
        "data": {"held_out_documents": 2, "held_out_sha256": "ab", "training_documents": 9},
        "training_languages": {"en": 1.0}, "device": "cpu", "versions": {"torch": "2"},
    }  # fmt: skip


def test_each_evaluation_has_its_report_and_others_see_that_of_what_is_told(version, site, cast, client, now):
    published(version, cast, now)
    again = end(ask(version, site, now), now, whole(Verdict.FAIL))
    address = f"{version.page}evaluations/2/report.html"
    assert client.get(address).status_code == 404  # nobody reviewed it yet
    client.force_login(cast.mate)
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Disposition"].partition(";")[0]) == (200, "attachment")
    assert "figure 0" in answer.text
    assert address in client.get(version.page).text
    assert client.get(f"{version.page}evaluations/9/report.html").status_code == 404
    client.logout()
    released(again, cast, now)
    assert client.get(address).status_code == 200
    assert address in client.get(version.page).text


def test_results_that_lack_what_a_report_tells_are_refused_in_words(version, site, cast, client, now):
    end(ask(version, site, now), now, battery(Verdict.PASS))
    client.force_login(cast.mate)
    answer = client.get(f"{version.page}evaluations/2/report.html")
    assert (answer.status_code, "Evaluate the model again." in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("later", "counts"),
    [
        ({}, 2),
        ({"profile": "full"}, 2),
        ({"own": False}, 1),
        ({"cut": ["toxicity"]}, 2),
    ],
)
def test_the_newest_counts_that_is_no_less_complete(later, counts):
    first = battery(Verdict.PASS)
    every = [measured.Measured(n, one, "", 0, "") for n, one in enumerate((first, battery(Verdict.FAIL, **later)), 1)]
    assert measured.counting(every).number == counts
    assert not measured.is_no_less_complete(first, battery(Verdict.PASS, profile="full"))
    assert not measured.is_no_less_complete(battery(cut=["bias"]), first)


def test_pages_ask_who_may_and_what_it_costs_and_launch(version, site, cast, client, now):
    address = f"{version.page}evaluate-again/"
    client.force_login(cast.outsider)
    assert client.get(address).status_code == 404
    client.force_login(cast.mate)
    form = client.get(address).context["form"]
    assert form["texts"].initial == [str(site.staging.pk)]
    assert [str(label).partition(" At most ")[2] for _key, label in form.fields["profile"].choices] == [
        "0.17 GPU-hours", "0.5 GPU-hours",
    ]  # fmt: skip
    wish = {"profile": "quick", "texts": [str(site.staging.pk)], "seed": "3"}
    assert client.post(address, {**wish, "seed": "0"}).context["form"].errors.keys() == {"seed"}
    answer = client.post(address, wish)
    made = Measurement.objects.get()
    assert (answer.status_code, answer.url, made.run.evaluation["seed"]) == (302, made.run.path, 3)
    assert client.get(made.run.path).status_code == 200


def constants():
    """The fixed texts of the battery that a page may show."""
    for module in (context, quality, membership, energy):
        yield from (value for name, value in vars(module).items() if name.isupper() and str(value).endswith("."))
    yield from (one.words for one in bounds.bounds().values() if one.words)
    yield from map(str, (one for key, one in thresholds.thresholds().items() if "." in key))
    yield from (one.unit for key, one in thresholds.thresholds().items() if "." in key)
    yield METHOD
    yield f"{personal.HOW} {personal.searched_in(0.1)}"
    yield f"100% of the training text was looked through. {contamination.NO_BASELINE}"
    yield f"{toxicity.HOW} Too few words for a pass. {toxicity.NO_BASELINE}"
    yield from (contamination.NAME, memorising.HOW, f"{memorising.HOW} {memorising.beside(3, 2.5)}")


def test_every_fixed_text_of_the_battery_has_its_french():
    assert [one for one in constants() if not battery_words.is_known(one)] == []
    with_numbers = "pass: at most 1; fail: above 1 (bits, either way, whole interval; n at least 20)"
    with override("en"):
        assert battery_words.said(with_numbers) == with_numbers
    with override("fr"):
        assert battery_words.said("planted secrets, each planted 4 times") == "secrets glissés, chacun 4 fois"
