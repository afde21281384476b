"""What every adapter checks and says alike, so that a person reads the same sentence everywhere."""

import re
from collections.abc import Mapping

from fabrica.clusters.adapters.port import AccountSpec, JobRequest
from fabrica.kit.errors import Refused
from fabrica.kit.units import gpu_hours

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ENV_NAME = re.compile(r"FABRICA_[A-Z0-9_]{1,60}")
# Names that change how a program runs, none that usually carries a secret.
ENV_NAMES = frozenset(
    {"LANG", "OMP_NUM_THREADS", "PYTHONHASHSEED", "PYTHONPATH", "PYTHONUNBUFFERED", "TOKENIZERS_PARALLELISM", "TZ"}
)
MAX_ARGUMENTS = 256
MAX_TEXT = 4096
MAX_TIME_LIMIT_SECONDS = 30 * 86400


def env_is_allowed(name: str) -> bool:
    """Whether a job may be given this variable: a known harmless name, or one of ours (FABRICA_...)."""
    return name in ENV_NAMES or ENV_NAME.fullmatch(name) is not None


def check_request(job: JobRequest, devices_total: int) -> None:
    """Refuse a request that could never run here or is out of bounds, saying which part and what to do."""
    if not TOKEN.fullmatch(job.token):
        raise Refused(f"The job's token {job.token[:140]!r} is not a plain name of at most 128 letters.")
    if not NAME.fullmatch(job.name):
        raise Refused(f"The job's name {job.name[:80]!r} is not a plain name of at most 64 letters.")
    if not 1 <= job.devices <= devices_total:
        raise Refused(
            f"The job asks for {job.devices} devices.",
            why=f"This machine has {devices_total}.",
            todo=f"Ask for 1 to {devices_total}.",
        )
    if not 1 <= job.time_limit_seconds <= MAX_TIME_LIMIT_SECONDS:
        raise Refused(
            f"The job asks for {job.time_limit_seconds} seconds.",
            todo=f"Give a time limit between 1 and {MAX_TIME_LIMIT_SECONDS} seconds.",
        )
    _check_command(job)
    _check_env(job.env)


def _check_command(job: JobRequest) -> None:
    bad = [part for part in job.argv if len(part) > MAX_TEXT or "\0" in part]
    if not 1 <= len(job.argv) <= MAX_ARGUMENTS or bad or not job.argv[0]:
        raise Refused(
            "The job's command cannot be run.",
            todo=f"Give a program and at most {MAX_ARGUMENTS - 1} arguments of at most {MAX_TEXT} letters each.",
        )
    if not job.folder.is_absolute():
        raise Refused(f"The job's folder {job.folder} is not an absolute path.")


def _check_env(env: Mapping[str, str]) -> None:
    strange = sorted(name[:80] for name in env if not env_is_allowed(name))
    if strange:
        raise Refused(
            f"The job may not be given {', '.join(strange)}.",
            why="A job's environment is made afresh, so that no secret of the portal reaches it.",
            todo=f"Use {', '.join(sorted(ENV_NAMES))} or a name that starts with FABRICA_.",
        )
    if any(len(value) > MAX_TEXT or "\0" in value for value in env.values()):
        raise Refused(f"A variable of the job is longer than {MAX_TEXT} letters.")


def check_account(spec: AccountSpec) -> None:
    """Refuse an account whose name or limit is out of bounds."""
    if not NAME.fullmatch(spec.name):
        raise Refused(f"The account's name {spec.name[:80]!r} is not a plain name of at most 64 letters.")
    if spec.gpu_seconds_limit is not None and spec.gpu_seconds_limit < 0:
        raise Refused(f"The account {spec.name} cannot have a limit below zero.")


def no_account(name: str) -> Refused:
    """What a job on an account that the machine does not have is refused with."""
    return Refused(
        f"This machine has no account {name[:80]}.",
        todo="Ask the operator to compare the accounts with the awards, then start again.",
    )


def check_limit(job: JobRequest, account: AccountSpec | None, committed_gpu_seconds: int, gpu_seconds: int) -> None:
    """Refuse a job on an unknown account, or one that could pass the account's limit.

    `committed_gpu_seconds` is what the account has used plus the most that its waiting and running jobs can still
    become: a job that starts can always run to its time limit. `gpu_seconds` is the most that this one can.
    """
    if account is None:
        raise no_account(job.account)
    if account.gpu_seconds_limit is None:
        return
    left = account.gpu_seconds_limit - committed_gpu_seconds
    if gpu_seconds > left:
        raise Refused(
            f"The job may need {_hours(gpu_seconds)} and the account {account.name} has {_hours(left)} left.",
            why=f"Its limit is {_hours(account.gpu_seconds_limit)}; waiting and running jobs count in full.",
            todo="Give a shorter time limit or fewer devices, wait for running jobs to end, or ask for more hours.",
        )


def _hours(seconds: int) -> str:
    return f"{gpu_hours(max(0, seconds))} GPU-hours ({max(0, seconds)} GPU-seconds)"


def waiting_reason(devices_busy: int, devices_total: int, jobs_ahead: int) -> str:
    """Why a job waits."""
    return f"It waits for free devices: {devices_busy} of {devices_total} are busy. Jobs before it: {jobs_ahead}."
