"""How a machine counts what the ledger calls GPU-seconds. Pure, in whole numbers and fractions; no floating point.

The one place where devices, nodes and seconds become GPU-seconds, and GPU-seconds the limit of an account. What is
charged is rounded up to a whole GPU-second, once for each start; a limit is rounded down to what the machine can keep.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

HOUR = 3600


@dataclass(frozen=True)
class Counting:
    """What one of a machine's devices is worth to the ledger, and in what steps the machine counts.

    A machine `by_node` gives whole nodes only: all devices of a node are charged, whatever a job asked for. Limits of
    jobs and accounts come in steps of `step_seconds`. `native` names the unit in which people know the machine, and
    `native_per_gpu_hour` says how many of it one GPU-hour is.
    """

    gpus_per_device: Fraction = Fraction(1)
    devices_per_node: int = 1
    by_node: bool = False
    step_seconds: int = 1
    native: str = ""
    native_per_gpu_hour: Fraction = Fraction(1)

    @property
    def gpus_per_unit(self) -> Fraction:
        """The GPUs of the ledger behind one unit that is counted: a device, or a node."""
        return self.gpus_per_device * (self.devices_per_node if self.by_node else 1)

    @property
    def is_plain(self) -> bool:
        """Whether one hour of one device is one GPU-hour, and nobody knows it by another name."""
        return self.gpus_per_unit == 1 and not self.by_node and not self.native

    def nodes(self, devices: int, nodes: int = 0) -> int:
        """Over how many nodes a job's devices lie; as few as they fit on, where it does not say."""
        return nodes or math.ceil(Fraction(devices, self.devices_per_node))

    def units(self, devices: int, nodes: int = 0) -> int:
        """How many units a job takes: its devices, or its nodes."""
        return self.nodes(devices, nodes) if self.by_node else devices

    def whole(self, seconds: int) -> int:
        """A job's limit as the machine keeps it: rounded up to whole steps."""
        return math.ceil(Fraction(seconds, self.step_seconds)) * self.step_seconds

    def whole_within(self, seconds: int) -> int:
        """The longest limit within some seconds that the machine keeps as it is."""
        return seconds - seconds % self.step_seconds

    def charge(self, units: int, seconds: int) -> int:
        """The GPU-seconds of so many units for so many seconds, rounded up."""
        return math.ceil(units * seconds * self.gpus_per_unit)

    def hold(self, devices: int, nodes: int, limit_seconds: int) -> int:
        """The most that one start of a job can be charged: what the machine itself sets aside for it."""
        return self.charge(self.units(devices, nodes), self.whole(limit_seconds))

    def steps(self, gpu_seconds: int) -> int:
        """The limit of an account as the machine counts it: units times steps, rounded down."""
        return math.floor(gpu_seconds / (self.gpus_per_unit * self.step_seconds))

    def limit(self, steps: int) -> int:
        """The limit of an account in GPU-seconds, from the machine's own count.

        Rounded up, so that `steps` of it is the same count again: read and written back, nothing moves.
        """
        return math.ceil(steps * self.gpus_per_unit * self.step_seconds)

    def kept(self, gpu_seconds: int) -> int:
        """What a machine shows of a limit that it was given: the most within it that it can count."""
        return self.limit(self.steps(gpu_seconds))

    def in_native(self, gpu_seconds: int) -> Fraction:
        """GPU-seconds in the unit in which people know the machine."""
        return Fraction(gpu_seconds, HOUR) * self.native_per_gpu_hour
