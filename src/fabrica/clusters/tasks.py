"""The worker's part: ask each machine how busy it is."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from fabrica.clusters import queries, services
from fabrica.clusters.models import Machine
from fabrica.kit.errors import Problem

EVERY = timedelta(seconds=10)


def observe(now: datetime) -> bool:
    """Ask one machine whose last answer is older than ten seconds; True when there was one."""
    stale = Q(load_at=None) | Q(load_at__lte=now - EVERY)
    machine = Machine.objects.filter(stale).order_by(F("load_at").asc(nulls_first=True)).first()
    if machine is None:
        return False
    try:
        load = queries.cluster_of(machine).load()
    except Problem:
        load = None
    services.record_load(machine=machine, load=load, now=now)
    return True
