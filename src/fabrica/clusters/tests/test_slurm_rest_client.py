"""Asking slurmrestd, against a stand-in that answers as 24.11 did: tokens, versions, errors, warnings, bounds."""

import json
import os
import time
from pathlib import Path

import httpx
import pytest

from fabrica.clusters.adapters.port import AccountSpec, JobRequest
from fabrica.clusters.adapters.slurm.rest import SlurmRest
from fabrica.clusters.adapters.slurm.rest_client import RestClient, TooLarge
from fabrica.clusters.adapters.slurm.settings import Rest, settings_from
from fabrica.kit.errors import Refused, Unreachable

RECORDED = Path(__file__).parent / "recorded" / "24.11"
REFUSED_BY = {  # as seen: slurmrestd itself, slurmctld, slurmdbd
    "slurmrestd": (401, b"Authentication failure"),
    "slurmctld": (511, {"errors": [{"description": "Unable to query jobs", "error_number": 1007,
                                    "error": "Protocol authentication error"}], "warnings": []}),
    "slurmdbd": (502, {"errors": [{"description": "Failed to open slurmdbd connection, authentication error",
                                   "error_number": 7000, "error": "Unable to connect to database"}], "warnings": []}),
}  # fmt: skip


class Slurmrestd(httpx.BaseTransport):
    """Knows one version, takes one token for each account, and answers what it is told to."""

    def __init__(self):
        self.versions, self.tokens, self.refusal = {"v0.0.42"}, {"fabrica": "good"}, REFUSED_BY["slurmctld"]
        self.answers, self.asked = {}, []

    def handle_request(self, request):
        _, part, version, path = request.url.path.split("/", 3)
        self.asked.append((request.method, f"{part}/{path}", request.headers["X-SLURM-USER-NAME"]))
        if version not in self.versions:
            return httpx.Response(404, content=b"Unable find requested URL. Please view /openapi/v3 for API reference.")
        if path == "ping/":
            return self._answer(200, {"pings": [], "errors": [], "warnings": []})
        if self.tokens.get(request.headers["X-SLURM-USER-NAME"]) != request.headers["X-SLURM-USER-TOKEN"]:
            return self._answer(*self.refusal)
        return self._answer(*self.answers.get(f"{part}/{path}", (200, {"errors": [], "warnings": []})))

    def _answer(self, code, body):
        return httpx.Response(code, content=body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.fixture
def rest(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    keep(tmp_path / "token", "good")
    return Rest("http://127.0.0.1:1", "fabrica", tmp_path / "token", tokens)


def keep(file, text, mode=0o600):
    file.write_text(text + "\n")
    os.chmod(file, mode)


@pytest.fixture
def site():
    return Slurmrestd()


@pytest.fixture
def client(rest, site):
    client = RestClient(rest, 5, site)
    yield client
    client.close()


def test_the_newest_version_that_both_know_is_found_once(client, site):
    site.versions = {"v0.0.41", "v0.0.42", "v0.0.43"}
    client.get("slurm/jobs/")
    client.get("slurm/jobs/")
    assert client.version() == "v0.0.43"
    assert [path for _, path, _ in site.asked] == ["slurm/ping/"] * 3 + ["slurm/jobs/"] * 2


def test_after_an_upgrade_the_version_is_looked_for_again(client, site):
    client.get("slurm/jobs/")
    site.versions = {"v0.0.44"}
    client.get("slurm/jobs/")
    assert client.version() == "v0.0.44"


@pytest.mark.parametrize("versions", [{"v0.0.40", "v0.0.41"}, {"v0.0.99"}])
def test_a_version_that_hides_budgets_or_is_unknown_is_refused(client, site, versions):
    site.versions = versions
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert told.value.why == "It answers to none of v0.0.45, v0.0.44, v0.0.43, v0.0.42."


@pytest.mark.parametrize("who", REFUSED_BY)
def test_a_token_that_was_renewed_is_read_again_and_tried_once_more(client, site, rest, who):
    client.get("slurm/jobs/")
    site.tokens, site.refusal = {"fabrica": "newer"}, REFUSED_BY[who]
    keep(rest.token_file, "SLURM_JWT=newer")  # as scontrol prints it
    assert client.get("slurm/jobs/") == {"errors": [], "warnings": []}


@pytest.mark.parametrize("who", REFUSED_BY)
def test_a_token_that_was_not_renewed_is_told_in_words_that_do_not_hold_it(client, site, rest, who):
    site.tokens, site.refusal = {}, REFUSED_BY[who]
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert told.value.what == "The machine does not take the token of fabrica."
    assert told.value.todo == f"Ask the operator to renew {rest.token_file}; it is read again by itself."
    assert "good" not in str(told.value)
    assert [path for _, path, _ in site.asked if path == "slurm/jobs/"] == ["slurm/jobs/"]


def test_an_account_is_spoken_for_by_its_own_token(client, site, rest):
    site.tokens["fp0001"] = "of-fp0001"
    keep(rest.tokens_folder / "fp0001", "of-fp0001")
    client.post("slurm/job/submit", {}, "fp0001")
    assert site.asked[-1] == ("POST", "slurm/job/submit", "fp0001")


@pytest.mark.parametrize("account", ["root", "../token", "FP", "a b"])
def test_no_other_account_than_a_plain_one_is_spoken_for(client, account):
    with pytest.raises(Refused):
        client.post("slurm/job/submit", {}, account)


def test_without_tokens_of_accounts_no_job_runs_as_the_portals_own_user(rest, site):
    client = RestClient(Rest(rest.url, rest.user, rest.token_file), 5, site)
    with pytest.raises(Refused) as told:
        client.post("slurm/job/submit", {}, "fp0001")
    assert told.value.what == "Fabrica has no token of fp0001."
    assert "slurm/job/submit" not in [path for _, path, _ in site.asked]
    client.close()


def test_a_token_that_everybody_may_read_is_not_used(client, rest):
    keep(rest.token_file, "good", 0o644)
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert told.value.todo == "Close it with chmod 600."


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "x" * 20_000, "é"])
def test_a_file_without_a_token_is_told(client, rest, text):
    keep(rest.token_file, text)
    with pytest.raises(Unreachable):
        client.get("slurm/jobs/")


def test_a_warning_is_a_failure_because_a_field_was_left_out(client, site):
    said = {"description": 'Ignoring unknown field "nonsense" of type 64 bit integer in DATA_PARSER_QOS'}
    site.answers["slurmdb/qos/"] = (200, {"errors": [], "warnings": [said]})
    with pytest.raises(Refused) as told:
        client.post("slurmdb/qos/", {})
    assert (told.value.what, told.value.why) == (
        "The machine took only a part of what it was told.",
        said["description"],
    )


def test_a_warning_about_what_was_read_means_that_nothing_is_known(client, site):
    site.answers["slurm/jobs/"] = (200, {"jobs": [], "errors": [], "warnings": [{"description": "Something new"}]})
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert (told.value.what, told.value.why) == ("The machine told only a part.", "Something new")


@pytest.mark.parametrize("words", ["Zero jobs to dump", "slurmdb_jobs_get(0x7fa05c007da0) found nothing"])
def test_the_warning_that_a_list_is_empty_is_an_answer(client, site, words):
    site.answers["slurm/jobs/"] = (200, {"jobs": [], "errors": [], "warnings": [{"description": words}]})
    assert client.get("slurm/jobs/")["jobs"] == []


def test_what_was_so_already_is_no_failure(client, site):
    site.answers["slurmdb/users_association/"] = (304, b"")
    assert client.post("slurmdb/users_association/", {}) == {}


def failed(number, error, description=""):
    return {"errors": [{"error_number": number, "error": error, "description": description}], "warnings": []}


@pytest.mark.parametrize(
    ("code", "body", "kind", "what"),
    [
        (500, failed(2045, "Invalid account or account/partition combination specified"), Refused,
         "The machine does not let this job be charged to its account."),
        (500, failed(2002, "Access/permission denied"), Refused, "slurmrestd refused."),
        (200, failed(9201, "Unable to resolve path"), Refused, "slurmrestd refused."),
        (500, failed(1, "Unable to contact slurm controller (connect failure)"), Unreachable,
         "slurmrestd did not reach Slurm."),
        (502, b"<html>Bad gateway</html>", Unreachable, "slurmrestd answered what cannot be read."),
        (200, b'{"jobs": [', Unreachable, "slurmrestd answered what cannot be read."),
        (200, b"[]", Unreachable, "slurmrestd answered what cannot be read."),
        (503, {}, Unreachable, "slurmrestd gave no answer."),
        (422, {}, Refused, "slurmrestd refused."),
    ],
)  # fmt: skip
def test_a_failure_is_told_for_what_it_is(client, site, code, body, kind, what):
    site.answers["slurm/jobs/"] = (code, body)
    with pytest.raises(kind) as told:
        client.get("slurm/jobs/")
    assert told.value.what == what


def test_only_the_errors_that_mean_nothing_there_are_taken_as_nothing_there(client, site):
    site.answers["slurm/job/9"] = (404, failed(2017, "Invalid job id specified"))
    assert client.get("slurm/job/9", missing=frozenset({2017})) == {}
    with pytest.raises(Refused):
        client.get("slurm/job/9")


def test_an_answer_without_end_is_not_read_to_its_end(client, site):
    site.answers["slurm/jobs/"] = (200, json.dumps({"jobs": ["x" * 1000]}).encode())
    with pytest.raises(TooLarge):
        client.get("slurm/jobs/", most=500)


class Trickle(httpx.SyncByteStream):
    def __iter__(self):
        while True:
            time.sleep(0.02)
            yield b" "


def test_an_answer_that_trickles_is_given_up_in_time(rest):
    client = RestClient(rest, 0.1, httpx.MockTransport(lambda request: httpx.Response(200, stream=Trickle())))
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert told.value.why == "It took longer than 0.1 seconds."
    client.close()


def test_a_token_file_that_is_missing_is_told():
    client = RestClient(Rest("http://127.0.0.1:1", "fabrica", Path("/nonexistent")), 5)
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert told.value.what == "The token in /nonexistent cannot be read."
    client.close()


def test_a_connection_refused_is_told(rest):
    client = RestClient(rest, 5)
    with pytest.raises(Unreachable) as told:
        client.get("slurm/jobs/")
    assert told.value.what == "slurmrestd gave no answer."
    client.close()


PLAIN = {"cluster": "dev", "partition": "all", "gpus_per_node": 2}
REST = {"url": "http://127.0.0.1:1", "user": "fabrica", "token_file": "/x"}


@pytest.fixture
def machine(client):
    return SlurmRest(settings_from(PLAIN | {"rest": REST}), 8, client)


@pytest.fixture
def recorded(site):
    """The accounts that were recorded, for whatever is asked about them."""
    team = next(one["name"] for one in json.loads((RECORDED / "rest-account.json").read_text())["accounts"])
    paths = {"account": f"account/{team}", "qos": f"qos/fabrica_{team}", "associations": "associations/"}
    for name, path in paths.items():
        site.answers[f"slurmdb/{path}"] = (200, json.loads((RECORDED / f"rest-{name}.json").read_text()))
    return team


def test_a_job_that_was_taken_in_part_does_not_stay_in_the_queue(machine, recorded, site, tmp_path):
    warning = {"description": 'Ignoring unknown field "kill_warning_delay"'}
    partitions = json.loads((RECORDED / "rest-partitions.json").read_text())
    site.answers["slurm/partitions/"] = (200, partitions)
    site.answers["slurm/job/submit"] = (200, {"job_id": 77, "errors": [], "warnings": [warning]})
    with pytest.raises(Refused) as told:
        machine.submit(JobRequest("a.1.00000000", "a", recorded, ("true",), tmp_path, 1, 60))
    assert told.value.why == warning["description"]
    assert [one for one in site.asked if one[0] != "GET"] == [
        ("POST", "slurm/job/submit", "fabrica"),
        ("DELETE", "slurm/job/77", "fabrica"),
    ]


@pytest.mark.parametrize(
    "url",
    ["http://login.example.eu:6820", "http://127.0.0.1:80@example.eu", "https://", "https://a b", "ftp://127.0.0.1",
     "https://user:secret@example.eu", "https://example.eu:99999", "https://example.eu/?a=b", "", 5, None],
)  # fmt: skip
def test_a_token_is_sent_nowhere_that_others_may_listen(url):
    with pytest.raises(Refused) as told:
        settings_from(PLAIN | {"rest": REST | {"url": url}})
    assert "rest.url must be" in told.value.what


@pytest.mark.parametrize("url", ["https://login.example.eu:6820", "http://127.0.0.1:6820", "http://localhost:6820/"])
def test_a_token_is_sent_over_https_or_within_this_host(url):
    assert settings_from(PLAIN | {"rest": REST | {"url": url}}).rest.url == url.rstrip("/")


@pytest.mark.parametrize(
    "change", [{"user": "Not A Name"}, {"token_file": "relative"}, {"tokens_folder": 5}, {"ca_file": ""}, {"other": 1}]
)
def test_what_is_out_of_bounds_in_the_machines_file_is_refused(change):
    with pytest.raises(Refused):
        settings_from(PLAIN | {"rest": REST | change})


def test_an_account_that_is_so_already_is_not_written(machine, recorded, site):
    wanted = AccountSpec(recorded, "A team", 600_000, programme="large_scale", members=("fp0001", "fp0002"))
    machine.settings = settings_from(PLAIN | {"programmes": {"large_scale": {"partition": "large", "priority": 100}}})
    parents = site.answers["slurmdb/associations/"][1]["associations"]
    parents.append({"account": "fabrica_large_scale", "user": "", "parent_account": "fabrica"})
    machine.put_account(wanted)
    assert [method for method, _, _ in site.asked] == ["GET"] * len(site.asked)


def test_what_the_machine_drops_without_a_word_is_a_failure_that_names_it(machine, recorded, site):
    wanted = AccountSpec(recorded, "A team", 1_200_000, programme="large_scale", members=("fp0001",))
    with pytest.raises(Refused) as told:
        machine.put_account(wanted)
    assert told.value.what == "The machine did not keep what it was told."
    assert told.value.why == (
        "It took it without a word, but reads otherwise: the account fabrica_large_scale, "
        f"the budget fabrica_{recorded}, the member fp0002."
    )


def test_words_that_no_database_keeps_are_replaced(client, site):
    site.answers["slurm/jobs/"] = (200, rb'{"jobs": [{"name\u0000": "a\u0000b\ud800c\u00e9"}], "errors": []}')
    assert client.get("slurm/jobs/")["jobs"] == [{"name\ufffd": "a\ufffdb?c\u00e9"}]
