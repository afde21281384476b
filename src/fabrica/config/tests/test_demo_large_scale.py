"""The demonstration's Large Scale call: everybody who judges there finds something to do, and nobody decided."""

from datetime import timedelta

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from fabrica.applications.models import Application
from fabrica.cli.client import Client
from fabrica.config.demo import large_scale, stage
from fabrica.config.demo.cast import CAST
from fabrica.config.demo.play import Play, meet
from fabrica.kit.time import utcnow
from fabrica.portal.queries.home import home_of

pytestmark = pytest.mark.long


def played(people, now, tmp_path):
    made = Play("http://127.0.0.1", {part.key: stage.token_of(part, people[part.key], now) for part in CAST}, tmp_path)
    transport = httpx.WSGITransport(app=get_wsgi_application())
    made.clients = {who: Client(made.url, token, transport=transport) for who, token in made.tokens.items()}
    return made


@pytest.fixture
def one_connection(db):
    """The requests of this process leave the connection of its test open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_a_newcomer_finds_something_to_do_in_each_role(one_connection, settings, tmp_path):
    settings.FABRICA_HOME, settings.FABRICA_DEMO = tmp_path, True
    now = utcnow()
    people = stage.people_of(now)
    machine = stage.machine_of(stage.Stage(adapter="fake"), people["ingrid"], now)
    call = stage.large_call_on(machine, people["ingrid"], now)
    play = played(people, now, tmp_path)
    meet(play)
    large_scale.review(play)
    large_scale.review(play)  # a second play adds nothing
    assert sorted(Application.objects.filter(call=call).values_list("title", "state")) == [
        (large_scale.TO_RANK, "evaluated"), (large_scale.IN_REVIEW, "assessed"),
    ]  # fmt: skip
    steps = {
        who: home_of(people[who], now + timedelta(minutes=1)).step.kind for who in ("olga", "erik", "nadia", "paula")
    }
    assert steps == {"olga": "decide", "erik": "review", "nadia": "nothing_to_review", "paula": "rank"}
