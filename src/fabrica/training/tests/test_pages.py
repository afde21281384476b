import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from fabrica.training import services, tasks
from fabrica.training.models import Attempt, Run
from fabrica.training.states import State


@pytest.fixture
def browse(client, site):
    """A browser of the applicant, or of the person given."""

    def sign_in(person=site.cast.applicant):
        client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def base(site):
    return f"/projects/{site.project.slug}/runs/"


def text_of(answer):
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain)


class Links(HTMLParser):
    def __init__(self, answer):
        super().__init__()
        self.ids, self.found = [], []
        self.feed(answer.content.decode())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.found += [values["href"]] if tag == "a" else []


def wish(site, **changes):
    return {"choice": "tiny", "changes": "", "command": "", "datasets": [site.staging.pk], "devices": 1,
            "time_limit_minutes": "", **changes}  # fmt: skip


def test_a_project_without_runs_says_how_to_get_the_first(browse, base):
    answer = browse().get(base)
    assert answer.status_code == 200
    assert f"{base}new/" in Links(answer).found


def test_the_plan_is_shown_before_anything_starts(browse, site, base):
    answer = browse().post(f"{base}new/", wish(site))
    assert (answer.status_code, Run.objects.count()) == (200, 0)
    assert "Until it ends, 0.17 GPU-hours are held for it; what it does not use goes back." in text_of(answer)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    sent = {name: value for name, value in hidden if name != "csrfmiddlewaretoken"}
    assert sent["choice"] == "tiny"
    confirmed = browse().post(f"{base}new/", {**sent, "launch": "1"})
    assert (confirmed.status_code, confirmed.url) == (302, f"{base}1/")
    run = Run.objects.get()
    assert (run.recipe["name"], [row.staging for row in run.data.all()]) == ("tiny", [site.staging])


def test_changes_to_a_recipe_reach_the_run(browse, site, base):
    changes = "steps = 77\n\nmodel.width=96\noptimiser.kind=adamw"
    browse().post(f"{base}new/", wish(site, changes=changes, devices=2, time_limit_minutes=4, launch=1))
    run = Run.objects.get()
    assert (run.recipe["steps"], run.recipe["model"]["width"], run.recipe["optimiser"]["kind"]) == (77, 96, "adamw")
    assert (run.devices, run.time_limit_seconds) == (2, 240)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"changes": "wdith=3"}, "wdith: unknown key."),
        ({"changes": "steps"}, "steps assigns nothing. Write it as steps=400."),
        ({"changes": "model=3\nmodel.width=4"}, "model.width=4 does not fit the lines before it."),
        ({"datasets": []}, "A training needs data."),
        ({"choice": "command"}, "Write the command, or choose a recipe."),
        ({"choice": "command", "command": "sh -c 'x"}, "A quotation mark is not closed."),
        ({"devices": 1, "nodes": 2}, "1 devices cannot be spread evenly over 2 nodes."),
        ({"devices": 3}, "less than or equal to 2."),
        ({"choice": "huge"}, "huge is not one of the available choices."),
    ],
)
def test_mistakes_are_told_and_nothing_is_launched(browse, site, base, changes, told):
    for button in ({}, {"launch": 1}):
        answer = browse().post(f"{base}new/", wish(site, **changes, **button))
        assert answer.status_code == 200
        assert told in text_of(answer)
    assert Run.objects.count() == 0


def test_an_own_command_is_read_without_a_shell(browse, site, base):
    sent = wish(site, choice="command", command="python3 -c 'print(\"$HOME; x\")'", datasets=[])
    assert "all of its time limit is held" in text_of(browse().post(f"{base}new/", sent))
    browse().post(f"{base}new/", {**sent, "launch": 1})
    assert Run.objects.get().command == ["python3", "-c", 'print("$HOME; x")']


def test_a_run_is_shown_while_it_runs(browse, site, base, clock):
    run = site.launch(clock.now)
    tasks.submit(clock.now)
    tasks.follow(clock.advance(2))
    (run.folder / "log.txt").write_text("first\n<script>alert(1)</script>\n\x1b[31mred\n")
    answer = browse().get(f"{base}1/")
    page = answer.content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "first\n&lt;script&gt;alert(1)&lt;/script&gt;\n[31mred\n" in page
    assert "<script>alert" not in page
    still = browse().get(f"{base}1/?still=1").content.decode()
    assert 'hx-trigger="every 2s"' not in still
    part = browse().get(f"{base}1/live/").content.decode()
    assert part.startswith('<div id="live"')


def test_a_run_that_ended_is_asked_for_no_more(browse, site, base, clock):
    services.cancel(run=site.launch(clock.now), by=site.cast.applicant, now=clock.now)
    page = browse().get(f"{base}1/").content.decode()
    assert ("hx-get" in page, "Cancel this run" in page) == (False, False)


def test_a_failure_is_shown_with_what_why_and_todo(browse, site, base, clock):
    run = site.launch(clock.now)
    Run.objects.filter(pk=run.pk).update(
        state=State.FAILED, ended_at=clock.now, error_what="What.", error_why="Why.", error_todo="Do."
    )
    assert "What. Why. Do." in text_of(browse().get(f"{base}1/"))


def test_a_machine_that_does_not_answer_leaves_the_page_readable(browse, site, base, clock, fake):
    site.launch(clock.now)
    fake.unreachable = True
    answer = browse().get(f"{base}1/")
    assert answer.status_code == 200
    assert "The fake cluster does not answer." in text_of(answer)


def test_cancelling_by_page(browse, site, base, clock):
    run = site.launch(clock.now)
    assert browse().get(f"{base}1/cancel/").status_code == 405
    assert browse().post(f"{base}1/cancel/").url == f"{base}1/"
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert browse().post(f"{base}1/cancel/").status_code == 409


def test_ids_are_unique_on_a_runs_page(browse, site, base, clock):
    site.launch(clock.now)
    ids = Links(browse().get(f"{base}1/")).ids
    assert sorted(ids) == sorted(set(ids))


def test_outsiders_find_nothing_and_officers_only_look(browse, site, base, clock):
    site.launch(clock.now)
    outside = browse(site.cast.outsider)
    assert [outside.get(base + part).status_code for part in ("", "new/", "1/", "1/live/")] == [404] * 4
    assert outside.post(f"{base}1/cancel/").status_code == 404
    officer = browse(site.cast.officer)
    assert [officer.get(base + part).status_code for part in ("", "1/", "1/live/")] == [200] * 3
    assert "Cancel this run" not in text_of(officer.get(f"{base}1/"))
    assert officer.get(f"{base}new/").status_code == 403
    assert officer.post(f"{base}1/cancel/").status_code == 403


def test_the_list_of_runs_takes_few_questions(browse, site, base, clock, django_assert_max_num_queries):
    for _ in range(8):
        site.launch(clock.now)
    browse().get(base)
    with django_assert_max_num_queries(14):
        browse().get(base)


def test_a_plan_beyond_the_hours_left_says_so_and_cannot_be_launched(browse, site, base):
    answer = browse().post(f"{base}new/", wish(site, time_limit_minutes=10_000))
    assert "There are not hours enough" in text_of(answer)
    assert 'name="launch"' not in answer.content.decode()


def test_a_run_that_waits_again_says_that_it_was_interrupted(browse, site, base, now):
    run = site.launch(now)
    assert "It was interrupted" not in text_of(browse().get(f"{base}{run.number}/"))
    Run.objects.filter(pk=run.pk).update(used_gpu_seconds=20)
    assert "It was interrupted" in text_of(browse().get(f"{base}{run.number}/"))


def waits(site, now, code, **changes):
    run = site.launch(now)
    Run.objects.filter(pk=run.pk).update(state=State.SUBMITTED, waiting_code=code, reason=code, **changes)


def test_a_waiting_run_says_why_and_what_to_do_on_its_page_and_in_the_list(browse, site, base, now):
    waits(site, now, "Resources")
    for path in ("1/", "1/live/"):
        page = text_of(browse().get(base + path))
        assert "Why it waits It is next, and waits until enough devices are free. It starts by itself." in page
        assert "Expected start" not in page
    assert "It is next, and waits until enough devices are free." in text_of(browse().get(base))


def test_the_machines_estimate_is_shown_as_what_it_is(browse, site, base, now):
    waits(site, now, "Priority", machine_starts_at=now + timedelta(days=4000))
    page = text_of(browse().get(f"{base}1/"))
    assert re.search(r"Expected start: in \d+ years . This is the machine's own estimate, which assumes", page)
    Run.objects.update(machine_starts_at=now - timedelta(days=4000))
    assert "Expected start" not in text_of(browse().get(f"{base}1/"))


def test_too_few_hours_lead_to_the_project(browse, site, base, now):
    waits(site, now, "QOSGrpGRESMinutes")
    answer = browse().get(f"{base}1/")
    assert "Ask for more hours; it starts by itself as soon as they are there." in text_of(answer)
    assert f"/projects/{site.project.slug}/" in Links(answer).found
    Run.objects.update(waiting_code="Priority")
    part = browse().get(f"{base}1/live/")
    assert f"/projects/{site.project.slug}/" not in Links(part).found


def test_why_it_waits_is_told_in_french(browse, site, base, now):
    waits(site, now, "QOSGrpGRES")
    page = text_of(browse().get(f"{base}1/", headers={"Accept-Language": "fr"}))
    assert "Le projet utilise autant d’accélérateurs qu’il peut en avoir à la fois." in page


def test_nodes_stand_under_more_choices_which_open_when_they_matter(browse, site, base):
    closed = browse().get(f"{base}new/").content.decode()
    assert "<details><summary>More choices" in closed
    answer = browse().post(f"{base}new/", wish(site, devices=1, nodes=2))
    assert "<details open><summary>More choices" in answer.content.decode()
    browse().post(f"{base}new/", wish(site, devices=2, nodes=2, launch=1))
    assert Run.objects.get().nodes == 2
    assert "2, spread over 2 nodes" in text_of(browse().get(f"{base}1/"))


def test_the_page_says_how_often_the_machine_started_it_again(browse, site, now):
    run = site.launch(now)
    attempt = Attempt.objects.create(run=run, number=1, token="a", time_limit_seconds=60, created_at=now)
    assert "started it again" not in browse().get(run.path).content.decode()
    Attempt.objects.filter(pk=attempt.pk).update(restarts=2)
    told = browse().get(run.path).content.decode()
    assert "Its machine started it again 2 times: after a job of higher rank took its place" in told
