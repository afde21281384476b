"""`fabrica-site fill`: a site of the size of a whole factory, plainly invented, to measure and to practise with.

The ground (staff, machines, calls) is laid through the services, and so are the hours that come into the pools; the
crowd, which would take an hour that way, is written in bulk as the services write it: every move has its audit entry,
every hour its transfer. The same arguments on the same day make the same rows. What was broken off goes on where it
stopped, at most a batch back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db import transaction

from fabrica.config.filling import awarded, crowd, ground, waiting
from fabrica.config.filling.names import DOMAIN
from fabrica.kit.errors import Refused
from fabrica.people.models import Person

BATCH = 250
MOST = 1_000_000
REFUSED_PART = 10
Tell = Callable[[str, int, int], None]
Stage = tuple[str, int, Callable[[], int], Callable[[range], None]]


@dataclass(frozen=True)
class Size:
    """How many there are to be of each. People include the staff; a tenth of the projects once more was refused."""

    projects: int = 10_000
    open_applications: int = 500
    people: int = 2_000


def fill(size: Size, day: date, tell: Tell, batch: int = BATCH) -> None:
    """Have a site of this size, as it is at noon of a day. `tell` hears what was done, and how much of how much.

    Raises Refused where the database holds anybody who was not invented here, and for a size out of bounds.
    """
    _check(size)
    now = datetime.combine(day, time(12), UTC)
    firms = size.people // crowd.PEOPLE_OF_A_FIRM
    stages = [
        ("people", size.people, crowd.count_people, lambda numbers: crowd.add_people(numbers, now)),
        ("organisations", firms, crowd.count_firms, lambda numbers: crowd.add_firms(numbers, now)),
    ]
    _in_batches(stages, tell, batch)
    with transaction.atomic():
        laid = ground.lay(now)
    _in_batches(_stages(size, laid, crowd.members()), tell, batch)


def _stages(size: Size, laid: ground.Ground, people: Sequence[crowd.Firm]) -> Iterator[Stage]:
    """What rests on people and ground."""
    yield "projects", size.projects, awarded.count, lambda numbers: awarded.add(numbers, laid, people)
    ended, waits = (waiting.MAKERS[one] for one in ("ended", "open"))
    part = size.projects // REFUSED_PART
    yield "ended applications", part, ended.count, lambda numbers: ended.add(numbers, laid, people)
    yield "open applications", size.open_applications, waits.count, lambda numbers: waits.add(numbers, laid, people)


def _check(size: Size) -> None:
    if not all(0 <= one <= MOST for one in (size.projects, size.open_applications, size.people)):
        raise Refused(f"A site has from 0 to {MOST:,} of each.")
    if size.people < ground.STAFF_TOTAL + crowd.PEOPLE_OF_A_FIRM:
        raise Refused(f"A site has at least {ground.STAFF_TOTAL + crowd.PEOPLE_OF_A_FIRM} people.")
    strangers = Person.objects.exclude(email__endswith=DOMAIN).count()
    if strangers:
        raise Refused(
            f"This database holds {strangers} people who were not invented here.",
            why="What is filled in cannot be taken out again: its audit entries are chained with the others.",
            todo="Fill the database of a site of its own: FABRICA_HOME and DATABASE_URL name it.",
        )


def _in_batches(stages: Iterable[Stage], tell: Tell, batch: int) -> None:
    """Make what is missing, each batch whole or not at all."""
    for name, total, count, make in stages:
        done = count()
        while done < total:
            numbers = range(done, min(done + batch, total))
            with transaction.atomic():
                make(numbers)
            done = numbers.stop
            tell(name, done, total)
