"""`make bench`: what the portal's lists, the accounting and the trainer cost here, with a calibration of the machine.

Prints the tables and writes var/bench.json: name, figure, unit, the peer's figure where both ran, date.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

HOME = Path(tempfile.mkdtemp(prefix="fabrica-bench-"))
os.environ.update(FABRICA_HOME=str(HOME), FABRICA_DEMO="1", FABRICA_SECRET_KEY="bench-" + "0" * 40)
os.environ.update(FABRICA_LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="fabrica.config.settings")

import django  # noqa: E402 - after the environment

django.setup()

import torch  # noqa: E402 - the same
from django.core.management import call_command  # noqa: E402 - the same
from django.db import connection  # noqa: E402 - the same

from fabrica.allocations.engine import capacity  # noqa: E402 - the same
from fabrica.config import bench_capacity, bench_data, bench_sme, bench_trust, bench_usage  # noqa: E402 - the same
from fabrica.kit.files import write_atomic  # noqa: E402 - the same
from fabrica.kit.time import utcnow  # noqa: E402 - the same
from fabrica.people.engine.sme import assess  # noqa: E402 - the same
from fabrica.reviews import engine as reviewing  # noqa: E402 - the same
from fabrica.trainer.bench import calibrate  # noqa: E402 - the same
from fabrica.trainer.recipe import Recipe, named  # noqa: E402 - the same

AWARDS = 10_000
REPEATS = 15
SECONDS = 6.0


@dataclass(frozen=True)
class Figure:
    """One measured value; `peer` is what a peer reached in the same run, None where none ran."""

    name: str
    figure: float
    unit: str
    peer: float | None
    date: str


def figure(name: str, value: float, unit: str, peer: float | None = None) -> Figure:
    """A figure of today."""
    return Figure(name, round(value, 3), unit, None if peer is None else round(peer, 3), utcnow().date().isoformat())


def machine() -> Iterator[Figure]:
    """How fast this machine is, so that figures of two machines can be compared."""
    start = time.perf_counter()
    sum(range(20_000_000))
    yield figure("machine: sum of 20 million integers", time.perf_counter() - start, "s")
    side = 1024
    left, right = torch.randn(side, side), torch.randn(side, side)
    seconds = _median(lambda: torch.mm(left, right), 10)
    yield figure("machine: matrix product, fp32", 2 * side**3 / seconds / 1e9, "GFLOP/s")


def _median(work: Callable[[], Any], repeats: int) -> float:
    work()
    return statistics.median(_timed(work) for _ in range(repeats))


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def lists() -> Iterator[Figure]:
    """Every list of a site of 10,000 projects from its real web process, on SQLite and where DATABASE_URL is."""
    server = os.environ.get("DATABASE_URL", "")
    for arguments in ([], [server]) if server.startswith("postgres") else ([],):
        command = [sys.executable, "-m", "fabrica.config.bench_lists", *arguments]  # a site of its own, and its server
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own program
        for name, value, unit in json.loads(told):
            yield figure(f"lists: {name}", value, unit)


def usage() -> Iterator[Figure]:
    """A million records of a machine's accounting through the meter into the ledger, on the database of the site."""
    officer = bench_data.officer()
    call = bench_data.bench_call(officer)
    accounts = bench_usage.awards(call, officer, bench_usage.ACCOUNTS)
    done = bench_usage.replay(call.machine, accounts, bench_usage.RECORDS)
    where = f"usage: {done.records:,} records, {connection.vendor}"
    yield figure(f"{where}, read", done.read_seconds, "s")
    yield figure(f"{where}, booked", done.book_seconds, "s")
    yield figure(f"{where}, both", done.seconds, "s")
    yield figure(f"{where}, both", done.records / done.seconds, "records/s")
    yield figure(f"{where}, read again unchanged", done.again_seconds, "s")
    yield figure(f"{where}, peak memory grew by", done.grown_bytes / 1e6, "MB")


def clusters() -> Iterator[Figure]:
    """What an operator waits for who plans the accounts of a machine on which nothing has changed."""
    bench_data.fill_awards(AWARDS)
    for module in ("bench_clusters", "bench_slurm"):  # processes of their own: their memory is the plan's alone
        command = [sys.executable, "-m", f"fabrica.config.{module}"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own program
        for name, value, unit in json.loads(told):
            yield figure(f"clusters: {name}", value, unit)


def launch() -> Iterator[Figure]:
    """From the launch of a run to the moment its page shows it on the machine, handed over by a worker."""
    command = [sys.executable, "-m", "fabrica.config.bench_launch"]  # a site of its own, and a worker
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own program
    for name, value, unit in json.loads(told):
        yield figure(f"launch: {name}", value, unit)


def sme() -> Iterator[Figure]:
    """The SME status of an enterprise among 200, linked in a chain and as 199 partners, with every reason in words."""
    for name, ownership in bench_sme.graphs(bench_sme.SIZE).items():
        answer = _median(partial(assess, ownership), REPEATS)
        whole = _median(partial(bench_sme.explained, ownership), REPEATS)
        yield figure(f"sme: {bench_sme.SIZE} enterprises, {name}", 1000 * answer, "ms")
        yield figure(f"sme: {bench_sme.SIZE} enterprises, {name}, explained", 1000 * whole, "ms")


def trust() -> Iterator[Figure]:
    """What the AI Act says to answers, all rules weighed; and what to ask next."""
    for name, answers in bench_trust.cases():
        one = _median(partial(bench_trust.weigh, answers), REPEATS) / bench_trust.TIMES
        yield figure(f"trust: evaluate, {name}", 1000 * one, "ms")
    asking = _median(bench_trust.ask, REPEATS)
    yield figure("trust: next questions, nothing answered", 1000 * asking, "ms")


def awards() -> Iterator[Figure]:
    """A proposal of awards under capacity for 300 applications on 10 systems, with every reason."""
    given = capacity.read(json.dumps(bench_capacity.awards_case(300, 10)))
    found = capacity.propose(given)
    yield figure("awards: 300 applications, 10 systems", _median(partial(capacity.propose, given), 3), "s")
    yield figure("awards: asked of the solver", found.calls, "times")
    yield figure("awards: left out undecided", sum(one.kind == "undecided" for one in found.left_out), "applications")


def reviewers() -> Iterator[Figure]:
    """An assignment of 200 experts to 300 applications with three reviews each, with every reason."""
    given = reviewing.read(json.dumps(bench_capacity.reviewers_case(200, 300)))
    yield figure("reviewers: 200 experts, 300 applications", _median(partial(reviewing.assign, given), 3), "s")


def trainer() -> Iterator[Figure]:
    """The demo recipe against PyTorch's own transformer layers of the same shape with AdamW, in the same run."""
    recipe = named("demo")
    ours = calibrate(recipe, SECONDS)
    peer = _peer_tokens_per_second(recipe, SECONDS)
    yield figure("trainer: demo recipe; peer torch.nn layers", ours.tokens_per_second, "tokens/s", peer)
    yield figure("trainer: demo recipe", ours.flops_per_second / 1e9, "GFLOP/s")


def several() -> Iterator[Figure]:
    """The demo recipe by one and by two processes of one thread each on this machine."""
    for size in (1, 2):
        yield figure(f"trainer: demo recipe, {size} of one thread", _speed_of(size, SECONDS), "tokens/s")


def _speed_of(size: int, seconds: float) -> float:
    """Tokens per second of `size` processes together, started as torchrun does."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    common = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1"}
    common = {**os.environ, **common, "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "fabrica.trainer.bench", "demo", str(seconds)]
    started = [
        subprocess.Popen(command, env={**common, "RANK": str(rank)}, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
        for rank in range(size)
    ]
    told = [one.communicate(timeout=600)[0] for one in started]
    return float(told[0])


def _peer_tokens_per_second(recipe: Recipe, seconds: float) -> float:
    shape = recipe.model
    layer = torch.nn.TransformerEncoderLayer(
        shape.width, shape.heads, round(1.5 * shape.hidden), 0.0, "gelu", batch_first=True, norm_first=True
    )
    body = torch.nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
    embed = torch.nn.Embedding(recipe.vocab_size, shape.width)
    rule = torch.optim.AdamW([*body.parameters(), *embed.parameters()], lr=1e-3)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(shape.context)
    tokens = torch.randint(0, recipe.vocab_size, (recipe.batch, shape.context + 1))

    def step() -> None:
        hidden = body(embed(tokens[:, :-1]), mask=mask, is_causal=True)
        logits = hidden @ embed.weight.T
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        rule.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has none here
        rule.step()

    step()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds or steps < 2:  # noqa: PLR2004 - two at least
        step()
        steps += 1
    return steps * recipe.batch * shape.context / (time.perf_counter() - start)


def main() -> None:
    """Measure, print, write."""
    call_command("migrate", verbosity=0)
    figures = []
    for measure in (machine, lists, clusters, launch, usage, sme, trust, awards, reviewers, trainer, several):
        sys.stdout.write(f"\n{(measure.__doc__ or '').splitlines()[0]}\n")
        for one in measure():
            figures.append(one)
            ratio = f"   peer {one.peer:,.1f}, ratio {one.figure / one.peer:.2f}" if one.peer else ""
            sys.stdout.write(f"  {one.name:58} {one.figure:12,.2f} {one.unit}{ratio}\n")
    write_atomic(Path("var/bench.json"), json.dumps([asdict(one) for one in figures], indent=1) + "\n")


if __name__ == "__main__":
    main()
