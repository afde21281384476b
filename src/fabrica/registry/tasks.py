"""The worker's part: each succeeded run becomes one registered version, whenever and however often a worker dies."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import override

from fabrica.kit.claims import TTL
from fabrica.kit.database import trouble_of
from fabrica.kit.errors import Problem, Refused
from fabrica.kit.files import sha256_file
from fabrica.kit.letters import letter
from fabrica.kit.logs import carrying
from fabrica.kit.signing import load_key
from fabrica.registry import queries, services
from fabrica.registry.facts import read_json
from fabrica.registry.measured import is_battery
from fabrica.registry.models import Intake, Measurement, ReportLetter
from fabrica.registry.packing import outputs, pack
from fabrica.training.models import Run
from fabrica.training.states import Kind, State

log = logging.getLogger(__name__)
KEEP_SECONDS = 5.0
BATTERY = "battery.json"


def register(now: datetime) -> bool:
    """Register the output of one succeeded run; True when there was one."""
    found = services.open_intakes(now=now)
    intake = Intake.claim(queries.due(now), now)
    if intake is None:
        return bool(found)
    with carrying(run=intake.run.uid):
        try:
            _register(intake, now)
        except (Problem, OSError) as problem:
            services.postpone(intake=intake, why=str(problem), now=now)
        except Exception as error:
            if trouble_of(error):
                raise  # the database is away: no try of this intake's, and nothing can be noted now
            # Counted like every other try, so that it ends and its owner is told.
            log.exception("the output of %s cannot be registered", intake.run)
            why = "The worker failed on its files. The log of the site says why."
            services.postpone(intake=intake, why=why, now=now)
    return True


def _register(intake: Intake, now: datetime) -> None:
    if not outputs(intake):
        if intake.run.kind == Kind.TRAIN:
            raise Refused("The run succeeded but left no files.", why=f"{intake.run.folder}/out is empty.")
        services.leave_out(intake=intake)
        return
    key = load_key(Path(settings.FABRICA_KEYS) / "site.pem")
    services.record_key(key=key.public_key(), by=None, now=now)
    folder = pack(services.reserve(intake=intake), key, now=now, tick=_keeping(intake, now))
    services.register(intake=intake, folder=folder, now=now)


def take_in_evaluation(now: datetime) -> bool:
    """Take in what one further evaluation found, or note that it left nothing; True when there was one."""
    found = Measurement.claim(queries.measurements_due(now), now)
    if found is None:
        return False
    with carrying(run=found.run.uid):
        try:
            if found.run.state == State.SUCCEEDED:
                services.take_in(measurement=found, battery=_battery_of(found), now=now)
            else:
                services.give_up(measurement=found, why=found.run.error_what, now=now)
        except Refused as problem:
            services.give_up(measurement=found, why=str(problem), now=now)
        except (Problem, OSError) as problem:
            services.try_later(measurement=found, why=str(problem), now=now)
    return True


def _battery_of(found: Measurement) -> dict[str, Any]:
    """What its run left, as the runner hashed it, of the very weights that were registered. Raises Refused, OSError."""
    run: Run = found.run
    path = run.folder / "out" / BATTERY
    listed = {str(one.get("path")): one.get("sha256") for one in (run.result or {}).get("files") or []}
    if sha256_file(path) != listed.get(BATTERY):
        raise Refused("The results are not what they were when the run ended.", todo="Evaluate it again.")
    battery = read_json(path)
    asked = run.evaluation or {}
    if battery is None or not is_battery(battery) or battery.get("profile") != asked.get("profile"):
        raise Refused("The run left no results that can be read.", todo="Look at its log, and evaluate it again.")
    if battery["model"].get("sha256") != asked.get("sha256"):
        raise Refused("The results are of another model.", why="They name other weights than those registered.")
    return battery


def watch_reports(now: datetime) -> bool:
    """Tell the officers of reports about models that came, will be late, or are; True when there was one."""
    return services.watch(now=now) > 0


def forget_reporters(now: datetime) -> bool:
    """Delete who reported a model some months after it was decided; True when there was one."""
    before = now - timedelta(days=settings.FABRICA_REPORTER_DAYS)
    return services.forget_reporters(before=before, now=now) > 0


def write_to_reporter(now: datetime) -> bool:
    """Send one letter to somebody who reported a model, under its name; True when there was one."""
    due = ReportLetter.claim(queries.letters_due(now), now)
    if due is None:
        return False
    sent = True
    try:
        _letter(due).send()
    except Exception as error:  # noqa: BLE001 - whatever it was, the try counts: else this letter is tried for ever
        log.warning("letter %s of a report was not mailed: %s", due.pk, error)
        sent = False
    services.note_letter(letter=due, sent=sent, now=now)
    return True


def _letter(due: ReportLetter) -> EmailMessage:
    report = due.report
    link = f"{settings.FABRICA_URL}{report.page}"
    with override(report.language):
        facts = {"report": report, "link": link, "site": settings.FABRICA_SITE_NAME}
        text = render_to_string(f"letters/model_report_{due.kind}.txt", facts)
    return letter(to=report.reporter_email, text=text, name=f"model-report-{due.pk}")


def _keeping(intake: Intake, now: datetime) -> Callable[[], None]:
    """Prolongs the claim while files are copied and hashed; raises Refused once another worker has it."""
    started, token = time.monotonic(), intake.claim_token
    due = started

    def tick() -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        due = time.monotonic() + KEEP_SECONDS
        moment = now + timedelta(seconds=time.monotonic() - started)
        mine = Intake.objects.filter(pk=intake.pk, claim_token=token)
        if not mine.update(claim_expires_at=moment + TTL):
            raise Refused("Another worker took this over.")

    return tick
