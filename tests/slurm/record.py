"""Records what a real Slurm answers, for the tests of the parsers: tests/slurm/record.py 22.05 | 24.11

Plays jobs of every kind on the cluster of up.sh (22.05) or debian13.sh (24.11), then keeps what the commands print,
and on 24.11 what slurmrestd answers about the same jobs, in src/fabrica/clusters/tests/recorded/VERSION. As root.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from fabrica.clusters.adapters.slurm import commands, objects
from fabrica.clusters.tests.slurm_stage import OnNewerSlurm, OnSlurm, slurm_rest

RECORDED = Path(__file__).resolve().parents[2] / "src/fabrica/clusters/tests/recorded"


def main(version):
    stage = {"22.05": OnSlurm, "24.11": OnNewerSlurm}[version]()
    stage.team = f"recorded-{stage.mark}"
    folder = RECORDED / version
    folder.mkdir(parents=True, exist_ok=True)
    try:
        stage.put(600_000, members=("fp0001", "fp0002"), programme="large_scale")
        jobs = play(stage)
        (folder / "jobs.json").write_text(json.dumps({"mark": stage.mark, "jobs": jobs}, indent=1) + "\n")
        record(stage, folder, list(jobs.values()))
        if version == "24.11":
            record_rest(stage, folder, jobs)
        run(stage, "scancel", jobs["running"], jobs["suspended_now"], jobs["waiting"])
    finally:
        stage.close()


def run(stage, *argv, stdin=""):
    done = stage.cluster.shell.run(argv, stdin=stdin)
    assert done.code == 0, (argv, done)
    return done.out


def hand_over(stage, name, *options, seconds=2, code=0):
    """One job of ours by sbatch itself, so that any option can be given."""
    account, qos = stage.team, objects.qos_name(stage.cluster.settings, stage.team)
    about = [f"--job-name={name}.1.{stage.mark}", f"--account={account}", f"--qos={qos}", "--partition=all"]
    usual = ["--gres=gpu:1", "--time=10", "--requeue", "--chdir=/tmp", "--output=/dev/null", "--export=NIL"]
    argv = ["runuser", "-u", "fp0001", "--", "sbatch", "--parsable", *about, *usual, *options]
    return run(stage, *argv, stdin=f"#!/bin/bash\nsleep {seconds}\nexit {code}\n").strip()


def until(stage, job, *words):
    deadline = time.monotonic() + 90
    while True:
        said = run(stage, "squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T").split()
        if all(one in words for one in said):
            return
        assert time.monotonic() < deadline, (job, said)
        time.sleep(0.3)


def play(stage):
    jobs = {"good": hand_over(stage, "good"), "bad": hand_over(stage, "bad", code=3)}
    jobs["chain"] = hand_over(stage, "chain", "--array=1-3%1", seconds=1)
    jobs["put_back"] = hand_over(stage, "put-back", seconds=6)
    until(stage, jobs["put_back"], "RUNNING")
    time.sleep(2)
    run(stage, "scontrol", "requeue", jobs["put_back"])
    jobs["paused"] = hand_over(stage, "paused", seconds=6)
    until(stage, jobs["paused"], "RUNNING")
    time.sleep(2)
    run(stage, "scontrol", "suspend", jobs["paused"])
    time.sleep(4)
    run(stage, "scontrol", "resume", jobs["paused"])
    jobs["never_started"] = hand_over(stage, "never-started", "--hold")
    run(stage, "scancel", jobs["never_started"])
    jobs["stopped"] = hand_over(stage, "stopped", seconds=300)
    until(stage, jobs["stopped"], "RUNNING")
    run(stage, "scancel", jobs["stopped"])
    script = f"#!/bin/bash\n#SBATCH hetjob\n#SBATCH --account={stage.team}\n#SBATCH --gres=gpu:2\n#SBATCH --time=10\nsleep 3\n"
    jobs["two_parts"] = run(
        stage, "runuser", "-u", "fp0001", "--", "sbatch", "--parsable", f"--job-name=two-parts.1.{stage.mark}",
        f"--account={stage.team}", "--gres=gpu:1", "--time=10", "--chdir=/tmp", "--output=/dev/null", stdin=script,
    ).strip()  # fmt: skip
    for name in ("good", "bad", "chain", "put_back", "paused", "stopped", "two_parts"):
        until(stage, jobs[name], "COMPLETED", "FAILED", "CANCELLED")
    jobs["running"] = hand_over(stage, "running", seconds=300)
    jobs["suspended_now"] = hand_over(stage, "suspended-now", seconds=300)
    until(stage, jobs["running"], "RUNNING")
    until(stage, jobs["suspended_now"], "RUNNING")
    run(stage, "scontrol", "suspend", jobs["suspended_now"])
    jobs["waiting"] = hand_over(stage, "waiting", "--array=1-4%2", "--begin=now+3600")
    time.sleep(6)  # the accounting lags behind
    return jobs


def record(stage, folder, ids):
    settings, shell = stage.cluster.settings, stage.cluster.shell
    now = datetime.now(UTC)
    fields = stage.cluster._account_fields()
    accounts, qos, links, members = objects.show(settings, stage.team)
    asked = {
        "squeue": commands.queue(ids),
        "sacct": commands.accounting(fields, now, job_ids=ids, cluster=settings.cluster),
        "sinfo": commands.NODES,
        "partitions": commands.PARTITIONS,
        "helpformat": commands.FIELDS,
        "account": accounts,
        "qos": qos,
        "links": links,
        "members": members,
    }
    for name, argv in asked.items():
        (folder / f"{name}.txt").write_text(shell.run(argv).out)
    (folder / "fields.json").write_text(json.dumps({"fields": fields, "now": int(now.timestamp())}) + "\n")


def record_rest(stage, folder, jobs):
    rest = slurm_rest()
    ours = {int(one) for one in jobs.values()}
    flags = [(name, "1") for name in ("show_duplicates", "skip_steps", "disable_truncate_usage_time")]
    steps = [("step", one) for one in jobs.values()]
    get, name = rest.client.get, stage.team
    queue = get("slurm/jobs/")
    bases = ("array_job_id", "het_job_id")
    queue["jobs"] = [
        one for one in queue["jobs"] if one["job_id"] in ours or any(one[key]["number"] in ours for key in bases)
    ]
    found = {
        "jobs": queue,
        "accounting": get("slurmdb/jobs/", [("cluster", "dev"), *flags, *steps]),
        "nodes": get("slurm/nodes/"),
        "partitions": get("slurm/partitions/"),
        "account": get(f"slurmdb/account/{name}"),
        "qos": get(f"slurmdb/qos/{objects.qos_name(rest.settings, name)}"),
        "associations": get("slurmdb/associations/", [("cluster", "dev"), ("account", f"fabrica,{name}")]),
    }
    for key, answer in found.items():
        for noise in ("meta", "last_backfill", "last_update"):
            answer.pop(noise, None)
        (folder / f"rest-{key}.json").write_text(json.dumps(answer, separators=(",", ":")) + "\n")
    rest.client.close()


if __name__ == "__main__":
    main(sys.argv[1])
