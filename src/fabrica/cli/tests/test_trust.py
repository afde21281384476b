"""`fabrica trust`, without a site."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ANSWERS = {
    "civilian": "yes", "programme_purpose": "yes", "commitment": "yes", "ai_system": "yes", "special": "no",
    "provider": "yes", "other_roles": "no", "practices": "no", "media": "no", "text": "yes", "high_risk": "no",
    "interacts": "yes", "exempt": "no", "on_market": "no", "flop": 1.98e22,
}  # fmt: skip


def write(answers=ANSWERS, **more):
    content = json.dumps({"format": "fabrica-trust/1", "answers": answers, **more})
    Path("answers.json").write_text(content)
    return content


def test_json_is_the_whole_record(asked):
    write()
    told = asked("trust", "assess", "answers.json", "--as-of", "2026-11-26")
    assert list(told) == [
        "format", "ruleset_version", "as_of", "answers", "decision", "labels", "possible_labels", "obligations", "path",
        "not_met", "open_questions", "notice",
    ]  # fmt: skip
    assert (told["decision"], told["ruleset_version"], told["open_questions"]) == (
        "ACCEPT_CONDITIONS",
        "act-2026-11-2",
        [],
    )
    assert [one["label"] for one in told["labels"]] == ["LITERACY", "ROLE_PROVIDER", "TR_50_1", "TR_50_2"]


def test_without_json_it_is_told_in_sentences(fabrica):
    write()
    result = fabrica("trust", "assess", "answers.json", "--as-of", "2026-11-26")
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[:2]) == (
        0, ["ACCEPT_CONDITIONS: accepted with conditions", "By the rules act-2026-11-2, as of 2026-11-26."],
    )  # fmt: skip
    assert (
        "+ Talks with people (AI Act, Art. 50(1)): ACCEPT_CONDITIONS. Allowed; people must be able to know."
        in result.stdout
    )
    assert "- from 2026-08-02, provider: Mark what it generates" in result.stdout
    assert "It is no legal advice" in lines[-1] or "It is no legal advice" in lines[-2]


def test_the_file_says_its_day_and_version_and_the_command_may_say_otherwise(asked):
    write({key: one for key, one in ANSWERS.items() if key != "on_market"}, as_of="2026-01-15", version="act-2025-08-1")
    told = asked("trust", "assess", "answers.json")
    assert (told["ruleset_version"], told["as_of"]) == ("act-2025-08-1", "2026-01-15")
    told = asked("trust", "assess", "answers.json", "--as-of", "2026-12-03", "--version", "act-2026-11-1")
    assert (told["ruleset_version"], told["as_of"]) == ("act-2026-11-1", "2026-12-03")


def test_an_old_assessment_is_compared_with_a_newer_version(asked, fabrica):
    old = {**{key: one for key, one in ANSWERS.items() if key != "on_market"}, "media": "yes"}
    write(old, as_of="2026-01-15", version="act-2025-08-1")
    told = asked("trust", "assess", "answers.json", "--against", "act-2026-11-1")
    assert (told["then"]["decision"], told["now"]["decision"]) == ("ACCEPT_CONDITIONS", "REFER_ETHICS")
    assert told["gained"]["rules"] == ["A5ba", "A5bb", "A5ev"]
    shown = fabrica("trust", "assess", "answers.json", "--against", "act-2026-11-1").stdout.splitlines()
    assert [one for one in shown if one.startswith("+ rules")] == ["+ rules: A5ba", "+ rules: A5bb", "+ rules: A5ev"]


def test_questions_are_those_that_can_still_matter_with_how_many_are_left(asked, fabrica):
    told = asked("trust", "questions", "--as-of", "2026-11-26")
    assert (told["questions"][0]["id"], told["left_usually"]) == ("civilian", 15)
    write({key: one for key, one in ANSWERS.items() if key not in ("exempt", "flop")})
    told = asked("trust", "questions", "--after", "answers.json", "--as-of", "2026-11-26", "--language", "fr")
    assert (told["questions"][0]["id"], told["left_usually"]) == ("exempt", 2)
    assert told["questions"][0]["question"].startswith("L’un de ces points est-il vrai")
    write()
    told = fabrica("trust", "questions", "--after", "answers.json", "--as-of", "2026-11-26").stdout
    assert told == "Left: usually 0, at most 0.\n"


def test_what_is_open_or_may_not_count_is_told_as_such(fabrica):
    more = {"practices": "yes", "special": "yes", "emotions": "yes", "work_school": "unsure"}
    write({**ANSWERS, **more})
    lines = fabrica("trust", "assess", "answers.json", "--as-of", "2026-11-26", "--language", "fr").stdout.splitlines()
    (line,) = [one for one in lines if "point f)" in one]
    told = "? Émotions au travail ou à l’école (Règlement sur l’IA, article 5, paragraphe 1, point f)): REFER_ETHICS while it is open. If it holds: Interdit\N{NO-BREAK SPACE}; "
    assert line.startswith(told)
    write({**ANSWERS, **more, "work_school": "yes", "medical_safety": "no", "research_only": "yes"})
    lines = fabrica("trust", "assess", "answers.json", "--as-of", "2026-11-26").stdout.splitlines()
    (line,) = [one for one in lines if "5(1)(f)" in one]
    assert line.startswith(
        "+ Emotions at work or school (AI Act, Art. 5(1)(f)): REFER_ETHICS, as it may not count here. If it does: "
    )


def test_the_answers_may_come_through_a_pipe(fabrica):
    result = fabrica("trust", "assess", "-", "--json", input=write())
    assert json.loads(result.stdout)["decision"] == "ACCEPT_CONDITIONS"


@pytest.mark.parametrize(
    ("arguments", "code", "first"),
    [
        (["assess", "nowhere.json"], 1, "nowhere.json cannot be used."),
        (["assess", "answers.json", "--as-of", "tomorrow"], 1, "--as-of tomorrow is no day."),
        (["assess", "answers.json", "--version", "9"], 4, "There is no version '9' of the trust rules."),
        (["assess", "answers.json", "--as-of", "2026-01-01", "--version", "act-2026-11-1"], 1, "Version act-2026-11-1 begins on 2026-07-27, after 2026-01-01."),
        (["assess", "answers.json", "--language", "de"], 1, "There are no words in 'de'."),
        (["assess", "answers.json", "--as-of", "2024-01-01"], 1, "No version of the trust rules covers 2024-01-01."),
        (["questions", "--after", "broken.json"], 1, "The file is no JSON document."),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_told_in_words(fabrica, arguments, code, first):
    write()
    Path("broken.json").write_text("{")
    result = fabrica("trust", *arguments)
    assert (result.exit_code, result.stdout, result.stderr.splitlines()[0]) == (code, "", first)


def test_it_runs_without_django_and_without_a_site():
    write()
    code = (
        "import sys; from pathlib import Path; from datetime import date; from fabrica.cli import trust;"
        "found = trust.evaluate(trust.read(Path('answers.json').read_bytes()).answers, date(2026, 11, 26));"
        "print(found.decision.value);"
        "print(sorted({one.partition('.')[0] for one in sys.modules} & {'django', 'ninja'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "ACCEPT_CONDITIONS\n[]\n"


def test_a_self_assessment_is_scored_and_without_a_file_the_list_is_told(asked, fabrica):
    given = {
        "format": "fabrica-altai/1",
        "scope": "gate",
        "answers": {"A01": "yes", "W01": "no"},
        "ratings": {"agency": 5},
    }
    Path("altai.json").write_text(json.dumps(given))
    told = asked("trust", "altai", "altai.json")
    assert [one["points"] for one in told["scores"]] == [100, None, None, None, None, 0, None]
    assert [one["item"] for one in told["recommendations"]] == ["W01"]
    assert len(asked("trust", "altai", "--language", "fr")["items"]) == 170
    Path("altai.json").write_text("{}")
    refused = fabrica("trust", "altai", "altai.json")
    assert (refused.exit_code, "holds no self-assessment" in refused.stderr) == (1, True)
