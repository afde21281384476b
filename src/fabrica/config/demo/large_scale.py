"""A Large Scale call in the middle of its way: one application with its experts, one that the panel may rank.

Nothing is decided in it: who signs in as officer, expert or panel finds something to do.
"""

from typing import TYPE_CHECKING, Any

from fabrica.cli.client import Client
from fabrica.config.demo.stage import LARGE_CALL
from fabrica.config.demo.trust import OF_WEATHER, interviewed
from fabrica.kit.units import gpu_seconds

if TYPE_CHECKING:
    from fabrica.config.demo.play import Play

HOURS, MONTHS = 60_000, 6
EXPERTS = {"nadia": "University of Padua", "erik": "Nordic Institute of Computing"}
IN_REVIEW, TO_RANK = "Ten days of weather on one device", "Hail from radar images"
OF_THE_CALL = {
    "innovation": "Forecasts for single fields, from data that is free for any use.",
    "largest_run": "one_node",
    "largest_gpus": "4",
    "scaling": "1 GPU: 9,000 tokens a second; 4 GPUs: 34,000.",
    "data_management": "4 TB, copied once; what is staged is deleted at the end.",
    "resources": "Three runs of 18,000 GPU-hours, and one tenth in reserve.",
    "milestones": "Month 2: the small model. Month 4: the whole one. Month 6: measured against stations.",
    "team": "Three engineers who have trained on such machines, one meteorologist.",
    "exploitation": "An open model, and a service for farms.",
}
SCORES = {"excellence": 4, "impact": 4, "quality": 3}


def review(play: "Play") -> None:
    """Once: experts join the pool, two applications come as far as their reviews. After the last cut-off, nothing."""
    lea, olga = play.clients["lea"], play.clients["olga"]
    call = lea.get(f"/calls/{LARGE_CALL}")
    if not call["is_open"] or any(row["call"] == LARGE_CALL for row in lea.pages("/applications")):
        return
    for who, employer in EXPERTS.items():
        _join(olga, play.clients[who], who, employer)
    for title in (TO_RANK, IN_REVIEW):
        code = _assessed(play, title)
        _ask(olga, code)
        _write(play.clients["nadia"], code, "Well prepared; the data is there.")
    code = _code_of(lea, TO_RANK)
    _write(play.clients["erik"], code, "Sound. The plan for its use is short.")
    olga.post(f"/applications/{code}/evaluation/close")
    lea.post(f"/applications/{code}/reviews/reply", {"text": "Two insurers use it from the first month."})


def _code_of(lea: Client, title: str) -> str:
    return next(str(row["code"]) for row in lea.pages("/applications") if row["title"] == title)


def _join(olga: Client, expert: Client, who: str, employer: str) -> None:
    if "expert" in expert.get("/me")["roles"]:
        return
    olga.post("/experts/invitations", {"email": f"{who}@demo.example"})
    profile = {"affiliation": employer, "fields_known": ["climate", "code"], "languages": ["en"], "most_reviews": 3}
    expert.post("/me/expert/invitation", {"profile": profile, "keeps_confidential": True})


def _assessed(play: "Play", title: str) -> str:
    """Applied for, found eligible, and assessed; returns its code."""
    lea, tomas = play.clients["lea"], play.clients["tomas"]
    uid = lea.get("/me")["organisations"][0]["uid"]
    code = str(lea.post("/applications", {"call": LARGE_CALL, "organisation": uid})["code"])
    lea.patch(f"/applications/{code}", _answers(lea, title))
    lea.post(f"/applications/{code}/submit")
    play.clients["olga"].post(f"/applications/{code}/screen", {"note": ""})
    body = {
        "verdict": "fit",
        "comment": "It scales to the devices it asks for.",
        "gpu_seconds_recommended": gpu_seconds(HOURS),
    }
    tomas.post(f"/applications/{code}/assessment", body)
    return code


def _answers(lea: Client, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "purpose": "Farmers and insurers need forecasts that fit their fields. We train one that small firms can run.",
        "model_description": "A transformer on a grid, trained in several stages.",
        "parameters_millions": 1_500,
        "tokens_millions": 400_000,
        "runs": 3,
        "data_description": "Forty years of reanalysis and radar, free for any use.",
        "has_personal_data": False,
        "has_data_rights": True,
        "gpu_seconds_requested": gpu_seconds(HOURS),
        "months": MONTHS,
        "trust_answers": interviewed(lea, OF_WEATHER),
        "extra_answers": OF_THE_CALL,
    }


def _ask(olga: Client, code: str) -> None:
    """Two reviews, by whom the engine proposes."""
    olga.put(f"/applications/{code}/evaluation", {"fields_wanted": ["climate"], "language": "en", "reviews": 2})
    found = olga.get(f"/applications/{code}/evaluation/proposal")["experts"]
    chosen = [one["uid"] for one in found if one["is_proposed"]]
    olga.put(f"/applications/{code}/evaluation/experts", {"experts": chosen})


def _write(expert: Client, code: str, comment: str) -> None:
    pk = next(row["id"] for row in expert.pages("/reviews/mine") if row["application"] == code)
    expert.post(f"/reviews/{pk}/answer", {"answer": "accept"})
    draft = {"scores": SCORES, "comment": comment, "remark": "", "draft_version": 0}
    expert.put(f"/reviews/{pk}", draft)
    expert.post(f"/reviews/{pk}/answer", {"answer": "submit"})
