"""How a machine counts, in words: what one GPU-hour is in the hours that people know there, and what is charged."""

from fractions import Fraction

from django.utils import formats
from django.utils.translation import gettext as _

from fabrica.clusters.engine import Counting
from fabrica.clusters.models import Machine
from fabrica.clusters.queries import counting_of
from fabrica.kit.errors import Problem


def counted(machine: Machine) -> str:
    """The rules of a machine in sentences; empty where an hour of a device is a GPU-hour, or nobody can tell."""
    found = _known(machine)
    if found is None or found.is_plain:
        return ""
    return " ".join([_one_hour(found), *_charged(found)])


def in_native(machine: Machine, gpu_seconds: int) -> str:
    """GPU-seconds in the hours that people know on a machine; empty where those are GPU-hours."""
    found = _known(machine)
    return "" if found is None or found.is_plain else f"{_number(found.in_native(gpu_seconds))} {_name(found)}"


def _known(machine: Machine) -> Counting | None:
    """A machine's file that cannot be read must hide no page."""
    try:
        return counting_of(machine)
    except Problem:
        return None


def _one_hour(counting: Counting) -> str:
    if counting.native_per_gpu_hour >= 1:
        facts = {"amount": _number(counting.native_per_gpu_hour), "native": _name(counting)}
        return _("One GPU-hour is %(amount)s %(native)s.") % facts
    facts = {"amount": _number(1 / counting.native_per_gpu_hour), "native": _name(counting)}
    return _("%(amount)s GPU-hours are one of its %(native)s.") % facts


def _charged(counting: Counting) -> list[str]:
    if counting.by_node:
        gpus = _number(counting.gpus_per_unit)
        return [_("Nodes are given as a whole: a run is charged %(gpus)s GPUs for each of its nodes.") % {"gpus": gpus}]
    if counting.gpus_per_device != 1:
        share = str(counting.gpus_per_device)
        return [_("A device of this machine is charged as %(share)s GPU.") % {"share": share}]
    return []


def _name(counting: Counting) -> str:
    return counting.native or (_("node-hours") if counting.by_node else _("device-hours"))


def _number(value: Fraction) -> str:
    """At most two decimals, and none where it is whole."""
    hundredths = round(value * 100)
    places = 0 if hundredths % 100 == 0 else 2
    return formats.number_format(hundredths / 100, places, use_l10n=True, force_grouping=True)
