"""Real runner processes that train together on this machine."""

import os
import signal
import socket
import time
from contextlib import contextmanager


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def places(size, port=None):
    """The variables that torchrun would give to each of `size` processes."""
    port = str(port or free_port())
    common = {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    common |= {"GLOO_SOCKET_IFNAME": "lo", "FABRICA_RENDEZVOUS_SECONDS": "60"}
    return [common | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(size)]


def slurm_places(size, port=None):
    """The variables that srun would give to each of `size` tasks, each on a node of its own."""
    port = str(port or free_port())
    common = {"SLURM_NTASKS": str(size), "SLURM_STEP_NUM_TASKS": str(size), "SLURM_LOCALID": "0"}
    common |= {"SLURM_STEP_TASKS_PER_NODE": f"1(x{size})", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    common |= {"GLOO_SOCKET_IFNAME": "lo", "FABRICA_RENDEZVOUS_SECONDS": "60"}
    return [common | {"SLURM_PROCID": str(rank), "SLURM_NODEID": str(rank)} for rank in range(size)]


class Crew:
    """The processes of one start, by rank; none outlives the block."""

    def __init__(self, processes):
        self.processes = processes

    def codes(self, seconds=90):
        ends = time.monotonic() + seconds
        self.logs = [one.communicate(timeout=max(1, ends - time.monotonic()))[0].decode() for one in self.processes]
        return [one.returncode for one in self.processes]

    def wait_for(self, holds, seconds=60):
        ends = time.monotonic() + seconds
        while not holds() and time.monotonic() < ends:
            assert all(one.poll() is None for one in self.processes), self.codes()
            time.sleep(0.01)
        assert holds()

    def send(self, rank, number):
        os.kill(self.processes[rank].pid, number)


@contextmanager
def crew(folder, variables, **how):
    processes = [folder.start(one, **how) for one in variables]
    try:
        yield Crew(processes)
    finally:
        for one in processes:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
            one.wait(30)
            one.stdout.close()
