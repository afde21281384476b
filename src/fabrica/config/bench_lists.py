"""The lists of a site as large as a factory, from its real web process: time, work, SQL statements, memory.

Time is from the request to the whole answer over loopback. Work is what the web process, and the database's processes
for it, computed meanwhile: about what is left of the time on a machine that does nothing else.

`python -m fabrica.config.bench_lists` fills an SQLite database of its own; with the address of a PostgreSQL server it
makes a database there and drops it afterwards. Prints JSON: name, value and unit of each figure.
"""

import http.client
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

REPEATS = 40
WARM_UP = 8
P95 = 0.95
PATIENCE_SECONDS = 60.0
OFFICER, ASSESSOR, MEMBER, OPERATOR = 1, 4, 9, 0
PROJECT = "filled-000001"
LISTS = (
    ("start page", OFFICER, "/"), ("calls", OFFICER, "/calls/"), ("data", OFFICER, "/data/"),
    ("models", OFFICER, "/models/"), ("awarded projects", MEMBER, "/awarded/"),
    ("awarded projects, of a country", MEMBER, "/awarded/?country=BE&sector=software"),
    ("awarded projects, for programs", MEMBER, "/awarded.json"), ("home of an officer", OFFICER, "/home/"),
    ("home of a member of 500 projects", MEMBER, "/home/"), ("queue", OFFICER, "/desk/"),
    ("queue, for me", OFFICER, "/desk/?state=mine"), ("queue, late", OFFICER, "/desk/?state=late"),
    ("queue, an assessor's", ASSESSOR, "/desk/"), ("a project", MEMBER, f"/projects/{PROJECT}/"),
    ("its runs", MEMBER, f"/projects/{PROJECT}/runs/"), ("its data", MEMBER, f"/projects/{PROJECT}/data/"),
    ("projects", OFFICER, "/projects/"), ("projects, running", OFFICER, "/projects/?state=running"),
    ("projects, by words that one title has", OFFICER, "/projects/?q=crops+9217"),
    ("projects, by an organisation", OFFICER, "/projects/?q=silva"), ("projects of a member", MEMBER, "/projects/"),
    ("applications", OFFICER, "/applications/"), ("applications, awarded", OFFICER, "/applications/?state=awarded"),
    ("applications, by code", OFFICER, "/applications/?q=AIF-FILLA-00001"),
    ("applications, by words that none has", OFFICER, "/applications/?q=nowhere"),
    ("applications of a member", MEMBER, "/applications/"), ("panels", OFFICER, "/panel/"),
    ("reports and idle hours", OFFICER, "/desk/projects/"), ("reviews of an expert", ASSESSOR, "/reviewing/"),
    ("API queue", OFFICER, "/api/queue"), ("API queue, for me", OFFICER, "/api/queue?state=mine"),
    ("API applications", OFFICER, "/api/applications"),
    ("API applications, awarded", OFFICER, "/api/applications?state=awarded"),
    ("API applications, the oldest", OFFICER, "/api/applications?cursor=30"),
    ("API applications of a member", MEMBER, "/api/applications"), ("API awards", OFFICER, "/api/awards"),
    ("API awards, the oldest", OFFICER, "/api/awards?cursor=30"), ("API awards of a member", MEMBER, "/api/awards"),
    ("API projects", OFFICER, "/api/projects"), ("API projects, the oldest", OFFICER, "/api/projects?cursor=30"),
    ("API projects of a member", MEMBER, "/api/projects"), ("API to assess", ASSESSOR, "/api/reviews/to-assess"),
    ("API notices", MEMBER, "/api/notices"), ("API datasets", MEMBER, "/api/datasets"),
    ("API experts", OFFICER, "/api/experts"), ("API reviews of an expert", ASSESSOR, "/api/reviews/mine"),
    ("API reports", OFFICER, "/api/reports"), ("API models", MEMBER, "/api/models"),
    ("API calls", MEMBER, "/api/calls"), ("API invoices", OFFICER, "/api/invoices"),
    ("board", OFFICER, "/board/"), ("API board", OFFICER, "/api/board"), ("conditions", MEMBER, "/conditions/"),
    ("API conditions", MEMBER, "/api/conditions"), ("API impact assessments", MEMBER, "/api/impact-assessments"),
    ("compute alerts", OFFICER, "/desk/compute/?show=all"), ("API compute alerts", OFFICER, "/api/compute/alerts"),
)  # fmt: skip
# Reports over everything: no lists, and not held to their time.
REPORTS = (("figures of a year", OFFICER, "/desk/figures/"), ("check of the ledger", OPERATOR, "/api/ledger/check"))


@contextmanager
def database(server: str) -> Iterator[str]:
    """The address of a database that nobody else has; empty for the SQLite of the site's home."""
    if not server:
        yield ""
        return
    import psycopg  # noqa: PLC0415 - the database is chosen first

    name = f"fabrica_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{server.rsplit('/', 1)[0]}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def served(port: int) -> Iterator[int]:
    """A site's web server with one web process; gives the key of that process."""
    command = [sys.executable, "-m", "fabrica.config", "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - our own program
        try:
            _wait_for(port)
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii").split()
            yield int(max(children, key=_resident))
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE_SECONDS)


def _wait_for(port: int) -> None:
    begun = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() - begun > PATIENCE_SECONDS:
                sys.exit("The web server does not answer.")
            time.sleep(0.1)
        else:
            return


def _resident(pid: int | str, what: str = "VmHWM") -> int:
    """The most memory that a process had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


def cookie_of(number: int) -> str:
    """The cookie with which a person is signed in."""
    from django.conf import settings  # noqa: PLC0415 - the database is chosen first
    from django.test import Client  # noqa: PLC0415 - the database is chosen first

    from fabrica.people.models import Person  # noqa: PLC0415 - the database is chosen first

    client = Client(SERVER_NAME="127.0.0.1")
    person = Person.objects.get(email=f"person-{number}@filled.example")
    client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def worked(processes: Iterable[int]) -> float:
    """The milliseconds that these processes, all threads of them, have computed so far."""
    total = 0
    for pid in processes:
        for one in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(one.read_text(encoding="ascii").split()[0])
    return total / 1e6


def of_database() -> list[int]:
    """The processes with which PostgreSQL serves the web process; none elsewhere."""
    from django.db import connection  # noqa: PLC0415 - the database is chosen first

    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def asked(connection: http.client.HTTPConnection, path: str, cookie: str) -> float:
    """The milliseconds from the request to its whole answer."""
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.HTTPStatus.OK:
        sys.exit(f"{path} answered {answer.status}")
    return 1000 * (time.perf_counter() - begun)


def statements(path: str, cookie: str) -> int:
    """How many SQL statements an address takes."""
    from django.db import connection  # noqa: PLC0415 - the database is chosen first
    from django.test import Client  # noqa: PLC0415 - the database is chosen first
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - the database is chosen first

    with CaptureQueriesContext(connection) as queries:
        Client(SERVER_NAME="127.0.0.1").get(path, headers={"cookie": cookie})
    return len(queries)


def measure(port: int, repeats: int) -> Iterator[tuple[str, float, str]]:
    """Each list: how long, median and 95th percentile, and how many statements; then the memory of the process."""
    cookies = {number: cookie_of(number) for number in (OFFICER, ASSESSOR, MEMBER, OPERATOR)}
    with served(port) as process:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        for name, who, path in (*LISTS, *REPORTS):
            for _ in range(WARM_UP):  # what is loaded once, by each of the threads, is not the list's
                asked(connection, path, cookies[who])
            processes = [process, *of_database()]
            taken, work = [], []
            for _ in range(repeats):
                before = worked(processes)
                taken.append(asked(connection, path, cookies[who]))
                work.append(worked(processes) - before)
            yield f"{name}, median", round(statistics.median(taken), 1), "ms"
            yield f"{name}, p95", _p95(taken), "ms"
            yield f"{name}, work, median", round(statistics.median(work), 1), "ms"
            yield f"{name}, work, p95", _p95(work), "ms"
            yield f"{name}, SQL", statements(path, cookies[who]), "statements"
        yield "memory of the web process, at most", round(_resident(process) / 1e6, 1), "MB"


def _p95(values: list[float]) -> float:
    """The least of the values within which 95 % of them lie."""
    return round(sorted(values)[math.ceil(P95 * len(values)) - 1], 1)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def run(url: str, home: str, repeats: int) -> list[tuple[str, float, str]]:
    """Fill a database and measure its lists."""
    os.environ.update(FABRICA_HOME=home, FABRICA_DEMO="1", FABRICA_SECRET_KEY="bench-" + "0" * 40)
    os.environ.update(FABRICA_LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="fabrica.config.settings", DATABASE_URL=url)
    if not url:
        del os.environ["DATABASE_URL"]
    from fabrica.config.site import prepare  # noqa: PLC0415 - the database is chosen first

    prepare()
    from django.db import connection  # noqa: PLC0415 - the database is chosen first

    from fabrica.config import filling  # noqa: PLC0415 - the database is chosen first
    from fabrica.kit.time import utcnow  # noqa: PLC0415 - the database is chosen first

    begun = time.perf_counter()
    filling.fill(filling.Size(), utcnow().date(), lambda *_: None)
    told = [("filled", round(time.perf_counter() - begun, 1), "s"), *measure(free_port(), repeats)]
    vendor = connection.vendor
    connection.close()
    return [(f"{vendor}, {name}", value, unit) for name, value, unit in told]


def main() -> None:
    """Measure, print."""
    with tempfile.TemporaryDirectory(prefix="fabrica-bench-lists-") as home, database("".join(sys.argv[1:2])) as url:
        sys.stdout.write(json.dumps(run(url, home, REPEATS)))


if __name__ == "__main__":
    main()
