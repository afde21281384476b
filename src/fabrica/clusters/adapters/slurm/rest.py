"""The port on slurmrestd (Slurm 24.11 and newer), with the same scripts, names and rules as the command line."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from fabrica.clusters.adapters import checks, outputs
from fabrica.clusters.adapters.port import AccountSpec, JobRequest, JobState, JobStatus, Load, UsageRecord
from fabrica.clusters.adapters.slurm import access, objects, precedence, rest_answers, rest_requests
from fabrica.clusters.adapters.slurm.answers import Accounted, Queued
from fabrica.clusters.adapters.slurm.cluster import BEFORE, FACTS_SECONDS, LONG_SECONDS, LOOK_BACK, MAX_IDS
from fabrica.clusters.adapters.slurm.found import Found
from fabrica.clusters.adapters.slurm.jobs import status_of
from fabrica.clusters.adapters.slurm.refusals import problem_of
from fabrica.clusters.adapters.slurm.rest_client import MAX_BYTES, Pairs, Partly, RestClient, TooLarge
from fabrica.clusters.adapters.slurm.script import access_card, batch_script
from fabrica.clusters.adapters.slurm.settings import SlurmSettings
from fabrica.kit.errors import NotFound, Refused
from fabrica.kit.time import utcnow

NO_SUCH_JOB, ALREADY_ENDED = 2017, 2021
ONE_BY_ONE = 8  # more jobs than these are read with the whole queue
IDS_AT_ONCE = 100  # each stands in the address
WINDOW, LEAST_WINDOW, MOST_WINDOW = timedelta(days=1), timedelta(seconds=1), timedelta(days=32)
MAX_WINDOW_BYTES = 16 << 20
Job = TypeVar("Job", Queued, Accounted)


class SlurmRest:
    """One machine run by Slurm. `devices_total` bounds what a job may ask for."""

    def __init__(self, settings: SlurmSettings, devices_total: int, client: RestClient | None = None) -> None:
        if settings.rest is None:
            raise Refused("The machine's file has no [rest].", todo="See docs/operator/slurm-rest.md.")
        self.settings, self.devices_total = settings, devices_total
        self.counting = settings.counting
        self.client = client or RestClient(settings.rest, settings.timeout_seconds)
        self._partitions: dict[str, int | None] = {}
        self._partitions_at = -FACTS_SECONDS

    def access_card(self, account: str, programme: str) -> tuple[str, ...]:
        return access_card(self.settings, account, programme)

    def submit(self, job: JobRequest) -> str:
        checks.check_request(job, self.devices_total)
        begun = time.monotonic()
        if found := self.find(job.token):
            return found
        if self.account(job.account) is None:
            raise checks.no_account(job.account)
        script = batch_script(job, self.settings, self._longest(job.programme))
        access.give(job, self.settings)
        if time.monotonic() - begun > LONG_SECONDS and (found := self.find(job.token)):
            return found
        run_as = job.run_as if self.settings.become == "sudo" else ""
        try:
            return rest_answers.submitted(self.client.post("slurm/job/submit", rest_requests.job(script), run_as))
        except Partly as error:  # it waits there, and not as it was meant
            self.cancel(rest_answers.submitted(error.answer))
            raise

    def cancel(self, job_id: str) -> None:
        unknown = NotFound(f"This machine has no job {job_id[:80]}.")
        if not job_id.isdigit():
            raise unknown
        said = rest_answers.refused_ends(self.client.delete(f"slurm/job/{job_id}"))
        if NO_SUCH_JOB in said and not self._accounted([job_id]):
            raise unknown
        if others := [words for code, words in said.items() if code not in (0, NO_SUCH_JOB, ALREADY_ENDED)]:
            raise problem_of("slurmrestd", "; ".join(others))

    def states(self, job_ids: Iterable[str]) -> dict[str, JobStatus]:
        asked = list(job_ids)
        if len(asked) > MAX_IDS:
            raise Refused(f"Ask for at most {MAX_IDS} jobs at a time.")
        known = [one for one in asked if one.isdigit()]
        queued = self._queued(known)
        active = {one.base_id for one in queued if not one.state.ended}
        ended = self._accounted([one for one in known if one not in active])
        waiting, starts = _by_base(queued), _by_base(ended)
        now = utcnow()
        told = {one: status_of(one, waiting.get(one, []), starts.get(one, []), now) for one in known}
        return {one: told.get(one, JobStatus(one, JobState.UNKNOWN)) for one in asked}

    def find(self, token: str) -> str | None:
        """The queue cannot be asked for a name, so the whole of it is read; then the accounting of the last month."""
        if not checks.TOKEN.fullmatch(token):
            return None
        waiting = rest_answers.named(rest_answers.queued(self.client.get("slurm/jobs/")), token)
        if waiting:
            return waiting
        pairs = [("job_name", token), *_window(utcnow() - LOOK_BACK, utcnow() + timedelta(days=1))]
        return rest_answers.named(self._starts(pairs), token)

    def put_account(self, account: AccountSpec) -> None:
        checks.check_account(account)
        have = self._found(account.name, account.programme)
        objects.check_owned(self.settings, have, account.name)
        todo = rest_requests.writes(self.settings, have, account)
        for write in todo:
            self.client.post(write.path, write.body)
        if not todo:
            return
        read_back = self._found(account.name, account.programme)
        if dropped := rest_requests.writes(self.settings, read_back, account):
            raise Refused(
                "The machine did not keep what it was told.",
                why=f"It took it without a word, but reads otherwise: {', '.join(one.what for one in dropped)}.",
                todo="Ask the operator: this version of Slurm's REST may drop it silently, or somebody changes it too.",
            )

    def account(self, name: str) -> AccountSpec | None:
        return objects.spec_of(self.settings, self._found(name), name) if checks.NAME.fullmatch(name) else None

    def accounts(self) -> dict[str, AccountSpec]:
        return objects.specs(self.settings, self._found())

    def usage(self, since: datetime) -> Iterator[UsageRecord]:
        """Window by window, so that memory stays bounded; what still runs comes with the last."""
        now = utcnow().replace(microsecond=0)
        begin, last = min(since.replace(microsecond=0), now) - BEFORE, max(since, now) + timedelta(days=1)
        width = WINDOW
        while begin < last:
            end = begin + width if begin + width < now else last
            try:
                most = MAX_WINDOW_BYTES if width > LEAST_WINDOW else MAX_BYTES
                starts = self._starts(_window(begin, end), most=most)
            except TooLarge:
                if width <= LEAST_WINDOW:
                    raise
                width = max(width // 4 - (width // 4) % LEAST_WINDOW, LEAST_WINDOW)
                continue
            for one in starts:
                is_told_here = begin <= one.ended_at < end if one.ended_at else end == last
                if one.usage and is_told_here and (one.ended_at is None or one.ended_at >= since):
                    yield one.usage
            begin, width = end, min(width * 2, MOST_WINDOW)

    def load(self) -> Load:
        total, busy = rest_answers.devices(self.client.get("slurm/nodes/"), self.settings.gres)
        running, waiting = rest_answers.counts(self.client.get("slurm/jobs/"))
        return Load(total, busy, running, waiting)

    def read_output(self, job_folder: Path, name: str, offset: int, limit_bytes: int) -> bytes:
        return outputs.read_output(job_folder, name, offset, limit_bytes)

    def _queued(self, job_ids: Sequence[str]) -> list[Queued]:
        if len(job_ids) > ONE_BY_ONE:
            asked = set(job_ids)
            return [one for one in rest_answers.queued(self.client.get("slurm/jobs/")) if one.base_id in asked]
        missing = frozenset({NO_SUCH_JOB})
        found = [self.client.get(f"slurm/job/{job_id}", missing=missing) for job_id in job_ids]
        return [one for answer in found for one in rest_answers.queued(answer)]

    def _accounted(self, job_ids: Sequence[str]) -> list[Accounted]:
        parts = (job_ids[start : start + IDS_AT_ONCE] for start in range(0, len(job_ids), IDS_AT_ONCE))
        return [one for part in parts for one in self._starts([("step", job_id) for job_id in part])]

    def _starts(self, pairs: Pairs, most: int = MAX_BYTES) -> list[Accounted]:
        """Every start of some jobs, steps left out; without the last flag, what runs would seem to end now."""
        flags = [(name, "1") for name in ("show_duplicates", "skip_steps", "disable_truncate_usage_time")]
        answer = self.client.get("slurmdb/jobs/", [("cluster", self.settings.cluster), *flags, *pairs], most=most)
        return list(rest_answers.accounted(answer, self.settings.gres, self.counting))

    def _longest(self, programme: str) -> int | None:
        """The longest a job of a programme may take, in seconds; None without a limit. Asked every five minutes."""
        if time.monotonic() - self._partitions_at >= FACTS_SECONDS:
            self._partitions = rest_answers.partitions(self.client.get("slurm/partitions/"))
            self._partitions_at = time.monotonic()
        name = self.settings.programme(programme).partition
        if name not in self._partitions:
            raise problem_of("slurmrestd", f"invalid partition {name}")
        return self._partitions[name]

    def _found(self, name: str = "", programme: str = "") -> Found:
        """Of one account, with those above it; or of all."""
        settings = self.settings
        is_one = name and settings.preemption != "qos"  # by QoS, each project names others
        qos = f"slurmdb/qos/{objects.qos_name(settings, name)}" if is_one else "slurmdb/qos/"
        above = {name, settings.root, precedence.programme_account(settings, precedence.meant(programme))}
        only = [("account", ",".join(sorted(above)))] if is_one else []
        return rest_answers.found(
            settings,
            self.client.get(f"slurmdb/account/{name}" if name else "slurmdb/accounts/"),
            self.client.get(qos),
            self.client.get("slurmdb/associations/", [("cluster", settings.cluster), *only]),
        )


def _window(begin: datetime, end: datetime) -> list[tuple[str, str]]:
    return [("start_time", _stamp(begin)), ("end_time", _stamp(end))]


def _stamp(at: datetime) -> str:
    return str(int(at.astimezone(UTC).timestamp()))


def _by_base(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for one in jobs:
        found.setdefault(one.base_id, []).append(one)
    return found
