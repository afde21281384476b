"""Why a machine lets a job wait: what each of Slurm's words means, and what to do about it. A table, no Django.

The words are those of `squeue --format=%r`. A limit's word names what is limited (`QOSGrpGRESMinutes`), so those are
matched by their build; all others stand in the table by name.
"""

import re
from typing import NamedTuple


class Words(NamedTuple):
    """Why it waits, and what to do."""

    sentence: str
    todo: str


def gettext_noop(text: str) -> str:
    """Marks a text for translation; the page that shows it translates it."""
    return text


_ = gettext_noop
_BY_ITSELF = _("You need not do anything: it starts by itself.")
_ASK = _("Ask the operator.")
_AGAIN_SMALLER = _("Cancel it, and launch it again with fewer devices.")
_AGAIN_SHORTER = _("Cancel it, and launch it again with a shorter time limit.")
_ASK_IF_IT_STAYS = _("It is tried again by itself. If this stays for an hour, tell the operator.")

NO_HOURS = Words(
    _("The project's hours are used up or held by its other runs."),
    _("Ask for more hours; it starts by itself as soon as they are there."),
)
CLOSED = Words(
    _("The project may put no more jobs on this machine for now."),
    _("If its hours are used up, ask for more hours. Otherwise it goes on when one of its jobs has ended."),
)
_FAILED_TO_START = Words(_("The machine tried to start it and failed."), _ASK_IF_IT_STAYS)
_HELD_AFTER_FAILURES = Words(
    _("The machine tried to start it several times in vain, and holds it back now."),
    _("Ask the operator what went wrong and to release it, or cancel it and launch it again."),
)
_BUSY_NODES = Words(
    _("The nodes that it needs are down or reserved, for example for maintenance."),
    _("It starts by itself when they are back. One with a shorter time limit may still fit in before."),
)
_MANY_JOBS = Words(
    _("As many jobs run as may run at the same time."), _("It starts by itself when one of them has ended.")
)
_LONG = Words(_("Its time limit is longer than one job may have here."), _AGAIN_SHORTER)
_PREPARING = Words(_("Its nodes are being made ready."), _("You need not do anything: that takes some minutes."))
_PAUSED = Words(
    _("This part of the machine starts no jobs for now."),
    _("It starts by itself when the part is open again. The operator knows when that is."),
)
_NOT_ALLOWED = Words(_("The project may not use this part of the machine."), _ASK)
_STORAGE = Words(_("The fast storage it asked for is not ready yet."), _BY_ITSELF)
_POWER = Words(_("The machine is saving power, and has none to spare for it yet."), _BY_ITSELF)

BY_NAME: dict[str, Words] = {
    "None": Words(_("The machine has not looked at it yet."), _("You need not do anything: that takes a minute.")),
    "Priority": Words(_("Jobs with a higher priority are ahead of it."), _("It moves up by itself.")),
    "Resources": Words(
        _("It is next, and waits until enough devices are free."),
        _("It starts by itself. One with fewer devices or a shorter time limit starts sooner."),
    ),
    "Dependency": Words(_("It waits until an earlier job of its run has ended."), _BY_ITSELF),
    "DependencyNeverSatisfied": Words(
        _("It waits for an earlier job that ended in a way after which it cannot start."),
        _("Cancel it, and launch it again."),
    ),
    "BeginTime": Words(
        _("It is not to start before a certain time; after an interruption that is about two minutes later."),
        _BY_ITSELF,
    ),
    "JobHeldUser": Words(
        _("Somebody of the project holds it back on the machine."),
        _("Release it there with `scontrol release`, or cancel it."),
    ),
    "JobHeldAdmin": Words(_("An operator of the machine holds it back."), _("Ask the operator why, and for how long.")),
    "JobHoldMaxRequeue": _HELD_AFTER_FAILURES,
    "launch_failed_requeued_held": _HELD_AFTER_FAILURES,
    "job_requeued_in_held_state": _HELD_AFTER_FAILURES,
    "PartitionTimeLimit": Words(_("Its time limit is longer than this part of the machine allows."), _AGAIN_SHORTER),
    "PartitionNodeLimit": Words(_("It asks for more nodes than this part of the machine allows."), _AGAIN_SMALLER),
    "PartitionDown": _PAUSED,
    "PartitionInactive": _PAUSED,
    "PartitionConfig": Words(_("It asks for something that this part of the machine does not allow."), _ASK),
    "Reservation": Words(_("It waits until a reservation of the machine begins."), _BY_ITSELF),
    "ReservationDeleted": Words(
        _("The reservation that it was to run in was removed."), _("Cancel it, and ask the operator.")
    ),
    "ReqNodeNotAvail": _BUSY_NODES,
    "Nodes_required_for_job_are_DOWN": _BUSY_NODES,
    "NodeDown": Words(
        _("A node that it was to run on has failed."), _("The machine looks for another node by itself.")
    ),
    "FrontEndDown": Words(_("The computer that starts jobs on this machine has failed."), _ASK_IF_IT_STAYS),
    "Licenses": Words(_("It waits for a software licence that is in use."), _BY_ITSELF),
    "BadConstraints": Words(
        _("No node of this machine can give what it asks for."),
        _(
            "Cancel it, and launch it again with fewer devices or spread over more nodes. If that waits too, "
            "ask the operator."
        ),
    ),
    "InvalidAccount": Words(
        _("The machine does not know the project's account, or no longer lets it in."),
        _("Ask the operator: the account has to be brought back."),
    ),
    "InvalidQOS": Words(
        _("The machine does not know the limits of the project any more."),
        _("Ask the operator: the account has to be brought back."),
    ),
    "AccountNotAllowed": _NOT_ALLOWED,
    "QOSNotAllowed": _NOT_ALLOWED,
    "QOSUsageThreshold": Words(_("The project has used more than its share of the machine lately."), _BY_ITSELF),
    "QOSJobLimit": _MANY_JOBS,
    "AssociationJobLimit": _MANY_JOBS,
    "AssocMaxJobsLimit": _MANY_JOBS,
    "AssocGrpJobsLimit": _MANY_JOBS,
    "QOSGrpJobsLimit": _MANY_JOBS,
    "QOSMaxJobsPerUserLimit": _MANY_JOBS,
    "MaxJobsPerAccount": _MANY_JOBS,
    "QOSGrpSubmitJobsLimit": CLOSED,
    "AssocGrpSubmitJobsLimit": CLOSED,
    "AssocMaxSubmitJobLimit": CLOSED,
    "QOSMaxSubmitJobPerUserLimit": CLOSED,
    "MaxSubmitJobsPerAccount": CLOSED,
    "QOSGrpWallLimit": NO_HOURS,
    "AssocGrpWallLimit": NO_HOURS,
    "QOSResourceLimit": NO_HOURS,
    "AssociationResourceLimit": NO_HOURS,
    "QOSMaxWallDurationPerJobLimit": _LONG,
    "AssocMaxWallDurationPerJobLimit": _LONG,
    "QOSTimeLimit": _LONG,
    "AssociationTimeLimit": _LONG,
    "JobArrayTaskLimit": _MANY_JOBS,
    "Cleaning": Words(
        _("The machine is still tidying up after its last start."),
        _("You need not do anything: that takes some minutes."),
    ),
    "Prolog": _PREPARING,
    "ReqNodePowerUp": _PREPARING,
    "SchedDefer": Words(_("The machine is busy, and starts jobs in its next round only."), _BY_ITSELF),
    "JobLaunchFailure": _FAILED_TO_START,
    "SystemFailure": _FAILED_TO_START,
    "RaisedSignal": _FAILED_TO_START,
    "NonZeroExitCode": _FAILED_TO_START,
    "DeadLine": Words(
        _("It can no longer end before the deadline it was given."), _("Cancel it, and launch it again.")
    ),
    "MaxMemPerLimit": Words(_("It asks for more memory than a job may have here."), _AGAIN_SMALLER),
    "BurstBufferResources": _STORAGE,
    "BurstBufferStageIn": _STORAGE,
    "BurstBufferOperation": _STORAGE,
    "PowerNotAvail": _POWER,
    "PowerReserved": _POWER,
}

_TRES = r"(?:CPU|Cpu|Mem|Memory|GRES|Node|BB|Billing|Energy|License|Unknown)"
BY_BUILD: list[tuple[re.Pattern[str], Words]] = [
    (re.compile(rf"(QOS|Assoc)Grp{_TRES}Minutes(Limit)?"), NO_HOURS),
    (
        re.compile(rf"(QOS|Assoc)Grp{_TRES}RunMinutes(Limit)?"),
        Words(
            _("The project's running jobs may still use all that it may have running at once."),
            _("It starts by itself when one of them has ended."),
        ),
    ),
    (
        re.compile(rf"(QOS|Assoc)Grp{_TRES}(Limit)?"),
        Words(
            _("The project uses as many devices as it may at the same time."),
            _("It starts by itself when one of its jobs has ended."),
        ),
    ),
    (
        re.compile(rf"(QOS|Assoc)Max{_TRES}MinutesPerJob(Limit)?"),
        Words(
            _("Its devices times its time limit are more hours than one job may have."),
            _("Cancel it, and launch it again with fewer devices or a shorter time limit."),
        ),
    ),
    (
        re.compile(rf"(QOS|Assoc)Max{_TRES}Per(Job|Node)(Limit)?"),
        Words(_("It asks for more devices than one job may have."), _AGAIN_SMALLER),
    ),
    (
        re.compile(rf"(QOS)?Max{_TRES}Per(User|Account)(Limit)?"),
        Words(
            _("You or your project use as many devices as one may at the same time."),
            _("It starts by itself when one of your jobs has ended."),
        ),
    ),
    (
        re.compile(rf"QOSMin{_TRES}(NotSatisfied)?"),
        Words(
            _("It asks for fewer devices than a job must have here."),
            _("Cancel it, and launch it again with more devices."),
        ),
    ),
]  # fmt: skip
UNKNOWN = Words(_("The machine says why it waits in a word we do not know: %(code)s."), _ASK)
