"""Running the user's own program: no shell, a short list of variables, ended with all its children."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from fabrica.kit.errors import Refused
from fabrica.runner.job import Job
from fabrica.runner.stopping import Stop, Stopped

# What a program may know of the environment it was started from; everything else may be a secret.
ALLOWED = (
    "PATH", "LD_LIBRARY_PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
    "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
    # where a program that is several processes finds the others, and what srun inside the job needs
    "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
    "GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME",
    "SLURM_CONF", "SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_JOB_ACCOUNT", "SLURM_JOB_PARTITION",
    "SLURM_JOB_QOS", "SLURM_JOB_NODELIST", "SLURM_JOB_NUM_NODES", "SLURM_JOB_CPUS_PER_NODE", "SLURM_NODELIST",
    "SLURM_NNODES", "SLURM_NODEID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_TASKS_PER_NODE", "SLURM_PROCID",
    "SLURM_LOCALID", "SLURM_STEP_ID", "SLURM_STEP_NODELIST", "SLURM_STEP_NUM_NODES", "SLURM_STEP_NUM_TASKS",
    "SLURM_STEP_TASKS_PER_NODE", "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "SLURM_MEM_PER_NODE",
    "SLURM_MEM_PER_CPU", "SLURM_GPUS", "SLURM_GPUS_ON_NODE", "SLURM_GPUS_PER_NODE", "SLURM_GPUS_PER_TASK",
    "SLURM_RESTART_COUNT",
)  # fmt: skip
POLL_SECONDS, GRACE_SECONDS = 0.1, 10.0
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)


def environment(job: Job, out: Path) -> dict[str, str]:
    """The variables of the user's program: those allowed through, and the four of Fabrica."""
    kept = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    return {
        **kept,
        "FABRICA_DATA": os.pathsep.join(str(one.path) for one in job.data),
        "FABRICA_OUT": str(out),
        "FABRICA_RUN": job.run,
        "FABRICA_DEVICES": str(job.devices),
    }


def run_command(job: Job, out: Path, stop: Stop, tick: Callable[[], None] = lambda: None) -> None:
    """Run the job's program in `out` until it ends; its output goes where the runner's goes; `tick` while it runs.

    Raises Refused when it cannot be started or ends with another code than 0, Stopped when it had to be ended.
    """
    out.mkdir(parents=True, exist_ok=True)
    program = _start(job, out)
    try:
        while program.poll() is None:
            stop.check()
            tick()
            _wait(program, POLL_SECONDS)
    except Stopped:
        _end(program)
        raise
    finally:
        _signal_group(program, signal.SIGKILL)  # also the children it left behind
        program.wait()
    if program.returncode:
        raise Refused(
            f"The command ended with {_ending(program.returncode)}.",
            why=f"The program was {job.command[0][:200]}.",
            todo="Look at the end of the log for what it said.",
        )


def _start(job: Job, out: Path) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - running the user's program, without a shell, is the purpose
            job.command,
            cwd=out,
            env=environment(job, out),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread only: this process loads no PyTorch
        )
    except OSError as problem:
        raise Refused(
            f"The command {job.command[0][:200]!r} could not be started.",
            why=str(problem.strerror),
            todo="Give the full path of a program that exists on the machine.",
        ) from problem


def _die_with_parent() -> None:
    """Ask the kernel to kill the program when the runner is killed, so that no second attempt meets the first."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def _end(program: "subprocess.Popen[bytes]") -> None:
    _signal_group(program, signal.SIGTERM)
    _wait(program, GRACE_SECONDS)


def _wait(program: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        program.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _signal_group(program: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Signal the program and all its children; it leads a group of its own."""
    try:
        os.killpg(program.pid, number)
    except ProcessLookupError:
        return


def _ending(code: int) -> str:
    return f"exit code {code}" if code > 0 else f"signal {signal.Signals(-code).name}"
