"""What is printed where, and which exit code each problem has."""

import json
import subprocess
import sys
import os

from pathlib import Path

import httpx
import pytest

TOLD = {"what": "No [bold]way[/].", "why": "Because.", "todo": "Wait."}


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 1), (404, 4), (409, 1), (422, 1), (500, 5), (503, 5)])
def test_each_problem_has_its_exit_code_and_its_words(site, fabrica, status, code):
    site.answers["/api/me"] = httpx.Response(status, json=TOLD)
    plain, as_json = fabrica("whoami"), fabrica("whoami", "--json")
    assert (plain.exit_code, plain.stdout, plain.stderr) == (code, "", "No [bold]way[/].\nBecause.\nWait.\n")
    assert (as_json.exit_code, as_json.stdout, json.loads(as_json.stderr)) == (code, "", TOLD)


def test_wrong_usage_is_two(fabrica):
    assert [fabrica(*words).exit_code for words in (["whoami", "--nonsense"], ["nonsense"], ["runs", "x"])] == [2, 2, 2]


def test_without_a_sign_in_one_is_told_how(fabrica):
    result = fabrica("whoami")
    assert (result.exit_code, result.stderr) == (3, "You are not signed in.\nRun `fabrica login URL`.\n")


def test_json_is_exactly_one_document(site, asked):
    me = {"name": "Ada", "email": "ada@example.org", "roles": [], "scopes": ["read"], "organisations": []}
    site.answers["/api/me"] = me
    assert asked("whoami") == me


def test_words_of_the_site_neither_style_nor_steer_the_terminal(site, fabrica):
    evil = "[red]x[/nothing] \x1b[2J\x1b]0;owned\x07"
    site.answers["/api/me"] = {"name": evil, "email": "", "roles": [], "scopes": [], "organisations": []}
    result = fabrica("whoami")
    assert (result.exit_code, "\x1b" in result.stdout, "\x07" in result.stdout) == (0, False, False)
    assert "[red]x[/nothing] \N{REPLACEMENT CHARACTER}[2J" in result.stdout


@pytest.mark.parametrize("answer", [[], "x", 3, {"organisations": 3}, b"<html>"])
def test_an_answer_of_another_shape_is_told_without_a_traceback(site, fabrica, answer):
    site.answers["/api/me"] = answer
    result = fabrica("apply", "answers.json", "--call", "playground", "--json")
    assert (result.exit_code, result.stdout) == (1, "")  # the file is not there
    Path("answers.json").write_text("{}")
    result = fabrica("apply", "answers.json", "--call", "playground", "--json")
    assert (result.exit_code in (1, 5), result.stdout) == (True, "")
    assert set(json.loads(result.stderr)) == {"what", "why", "todo"}


def test_ctrl_c_ends_with_a_sentence_and_130(site, fabrica):
    def pressed(request):
        raise KeyboardInterrupt

    site.answers["/api/me"] = pressed
    result = fabrica("whoami")
    assert (result.exit_code, result.stderr) == (130, "Stopped. What runs on the cluster goes on.\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell):
    env = {**os.environ, "_FABRICA_COMPLETE": f"source_{shell}"}
    command = [sys.executable, "-c", "import sys; sys.argv = ['fabrica']; from fabrica.cli.main import main; main()"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "_FABRICA_COMPLETE" in done.stdout) == (0, True)


def test_the_client_never_imports_django():
    code = "import sys, fabrica.cli.main; print([n for n in sys.modules if n.split('.')[0] in ('django', 'ninja')])"
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
