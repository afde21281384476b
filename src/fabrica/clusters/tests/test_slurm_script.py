"""The batch scripts, whole: tests/golden holds what an operator would read on the machine."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fabrica.clusters.adapters.port import JobRequest
from fabrica.clusters.adapters.slurm.rest_requests import job as posted
from fabrica.clusters.adapters.slurm.script import access_card, batch_script, shape
from fabrica.clusters.adapters.slurm.settings import settings_from
from fabrica.kit.errors import Refused

GOLDEN = Path(__file__).parent / "golden"
HOUR = 3600
PLAIN = {
    "cluster": "dev",
    "partition": "all",
    "gpus_per_node": 4,
    "programmes": {"large_scale": {"partition": "large", "priority": 100}},
}
JOB = JobRequest(
    "run-7.1.0123abcd", "a-run", "team-7", ("/opt/fabrica/bin/train", "job.json"), Path("/scratch/runs/7"), 1, HOUR,
    env={"FABRICA_JOB": "job.json", "OMP_NUM_THREADS": "4"}, run_as="fp0001",
)  # fmt: skip
MODULES = {
    "setup": ["source /etc/profile.d/modules.sh", "module purge", "module load cuda/12.4 nccl/2.21"],
    "python": "/project/fabrica/venv/bin/python",
    "conf": "/etc/slurm/slurm.conf",
    "cpus_per_gpu": 16,
}
IMAGE = ("apptainer", "exec", "--nv", "--bind", "/scratch/runs/7", "/images/train it's.sif", "python", "-m", "train")
KINDS = {
    "one-process": (PLAIN, JOB, None),
    "two-nodes": (PLAIN, replace(JOB, devices=2, nodes=2, tasks=2, programme="large_scale"), 24 * HOUR),
    "chain": (PLAIN, replace(JOB, time_limit_seconds=50 * HOUR), 24 * HOUR),
    "modules": (PLAIN | MODULES, replace(JOB, argv=(sys.executable, "-m", "fabrica.runner", "job.json")), None),
    "container": (PLAIN, replace(JOB, argv=IMAGE), None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_script_reads_as_agreed(kind):
    values, job, longest = KINDS[kind]
    assert batch_script(job, settings_from(values), longest) == (GOLDEN / f"{kind}.sh").read_text()


@pytest.mark.parametrize(
    ("limit", "longest", "links", "link"),
    [
        (600, None, 1, 600), (601, None, 1, 660), (7_200, 3_600, 2, 3_600), (7_260, 3_600, 3, 2_400), (90, 60, 2, 60),
        (3_660, 3_600, 2, 1_800), (588_060, 43_200, 14, 42_000), (600, 90, 10, 60), (600, 30, 10, 60),
    ],
)  # fmt: skip
def test_what_slurm_sets_aside_for_the_links_of_a_run_is_never_more_than_is_held_for_it(limit, longest, links, link):
    settings = settings_from(PLAIN)
    form = shape(replace(JOB, time_limit_seconds=limit), settings, longest)
    assert (form.links, form.link_seconds) == (links, link)
    assert links * link <= settings.counting.hold(1, 0, limit)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_script_is_one_that_bash_understands(kind):
    subprocess.run(["bash", "-n", GOLDEN / f"{kind}.sh"], check=True)


def test_no_script_is_golden_that_no_test_makes():
    assert sorted(one.stem for one in GOLDEN.iterdir()) == sorted(KINDS)


def test_every_line_for_slurm_becomes_a_field_over_rest():
    values, job, longest = KINDS["chain"]
    script = batch_script(job, settings_from(values | {"cpus_per_gpu": 8}), longest)
    assert posted(script) == {
        "job": {
            "name": "run-7.1.0123abcd",
            "comment": "a-run",
            "account": "team-7",
            "qos": "fabrica_team-7",
            "partition": "all",
            "nodes": "1",
            "tasks_per_node": 1,
            "tasks": 1,
            "tres_per_node": "gres/gpu:1",
            "cpus_per_task": 8,
            "time_limit": {"set": True, "infinite": False, "number": 1000},
            "array": "1-3%1",
            "kill_warning_signal": "USR1",
            "kill_warning_flags": ["BATCH_JOB"],
            "kill_warning_delay": {"set": True, "infinite": False, "number": 120},
            "requeue": True,
            "environment": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
            "open_mode": "APPEND",
            "current_working_directory": "/scratch/runs/7",
            "standard_output": "/scratch/runs/7/log.txt",
            "script": script,
        }
    }


def test_two_nodes_are_asked_for_over_rest_with_all_their_processes():
    values, job, longest = KINDS["two-nodes"]
    fields = posted(batch_script(job, settings_from(values), longest))["job"]
    assert (fields["nodes"], fields["tasks_per_node"], fields["tasks"]) == ("2", 1, 2)


def test_a_folder_with_blanks_and_quotes_is_the_same_folder_over_rest():
    script = batch_script(replace(JOB, folder=Path("/scratch/it's a run")), settings_from(PLAIN))
    assert posted(script)["job"]["current_working_directory"] == "/scratch/it's a run"


def test_a_line_that_rest_has_no_field_for_is_refused_and_not_left_out():
    with pytest.raises(Refused) as told:
        posted("#!/bin/bash\n#SBATCH --exclusive\n")
    assert told.value.what == "The job's line --exclusive cannot be asked over REST."


@pytest.mark.parametrize(("devices", "nodes"), [(3, 2), (5, 1)])
def test_devices_that_do_not_fit_their_nodes_are_refused(devices, nodes):
    with pytest.raises(Refused):
        shape(replace(JOB, devices=devices, nodes=nodes), settings_from(PLAIN), None)


def test_the_card_of_a_project_charges_it_as_our_own_jobs_do():
    told = access_card(settings_from(PLAIN), "team-7", "large_scale")
    assert told == (
        "#SBATCH --account=team-7", "#SBATCH --qos=fabrica_team-7", "#SBATCH --partition=large", "#SBATCH --gres=gpu:1",
        "#SBATCH --time=60",
    )  # fmt: skip
    ours = batch_script(replace(JOB, programme="large_scale"), settings_from(PLAIN)).splitlines()
    assert set(told[:4]) <= set(ours)
