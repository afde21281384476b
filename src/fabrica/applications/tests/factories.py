"""Applications in any state, made by the services themselves."""

from datetime import datetime

from fabrica.applications import services
from fabrica.applications.models import Application
from fabrica.calls.models import Call
from fabrica.trust.tests.answers import answers_for

ACCEPTED = answers_for("ACCEPT")

COMPLETE = {
    "title": "A model that reads source code",
    "purpose": "To help small firms understand old programs.",
    "model_description": "A small decoder-only language model.",
    "parameters_millions": 4,
    "tokens_millions": 2,
    "runs": 3,
    "data_description": "The standard library of Python.",
    "dataset_uri": "",
    "has_personal_data": False,
    "has_data_rights": True,
    "gpu_seconds_requested": 36_000,
    "months": 1,
    "trust_answers": ACCEPTED,
}

# To the questions of Large Scale that must be answered.
EXTRA = {
    "innovation": "Nobody reads old programs this way yet.",
    "largest_run": "one_node",
    "largest_gpus": "4",
    "scaling": "1 GPU: 9,000 tokens a second; 4 GPUs: 34,000. Measured on the test machine in May.",
    "data_management": "20 GB as text, copied once; deleted at the end.",
    "resources": "Three runs of 3 GPU-hours, and one in reserve.",
    "milestones": "Month 1: first run. Month 2: measured.",
    "team": "Two engineers who have trained on such machines.",
    "exploitation": "An open model and a product.",
}


def draft(cast, call: Call, now: datetime, **changes: object) -> Application:
    """A complete draft of the applicant's."""
    made = services.start(call=call, organisation=cast.startup, by=cast.applicant, now=now)
    keys = {one.key for one in made.definition.questions}
    own = {key: answer for key, answer in EXTRA.items() if key in keys}
    values = {**COMPLETE, **({"extra_answers": own} if own else {}), **changes}
    return services.save_draft(application=made, values=values, by=cast.applicant, now=now)


def submitted(cast, call: Call, now: datetime, **changes: object) -> Application:
    """A submitted application."""
    return services.submit(application=draft(cast, call, now, **changes), by=cast.applicant, now=now)


def screened(cast, call: Call, now: datetime, **changes: object) -> Application:
    """One an officer found eligible."""
    return services.screen(application=submitted(cast, call, now, **changes), by=cast.officer, now=now)
