"""Whether anybody works."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from fabrica import __version__
from fabrica.config import heart
from fabrica.config.doctor.finding import Finding, bad, well
from fabrica.config.models import Worker
from fabrica.kit.time import utcnow
from fabrica.kit.units import duration

START: Final = "Start one: systemctl start fabrica-work@1, or `fabrica-site work`."
LONG: Final = timedelta(hours=1)


def alive() -> Iterator[Finding]:
    """Somebody wrote within the last minute, runs this version, and gets on."""
    now = utcnow()
    living = list(heart.alive(now))
    if not living:
        last = Worker.objects.order_by("-seen_at").first()
        seen = f" The last was seen {duration((now - last.seen_at).total_seconds())} ago." if last else ""
        yield bad(f"No worker runs.{seen}", START)
        return
    hosts = Counter(one.host for one in living)
    yield well("Workers run: " + ", ".join(f"{count} on {host}" for host, count in sorted(hosts.items())) + ".")
    for one in living:
        if one.version != __version__:
            yield bad(f"The worker {one} runs version {one.version}, not {__version__}.", "Restart it.")
        if one.doing_since and now - one.doing_since > LONG:
            since = duration((now - one.doing_since).total_seconds())
            yield bad(
                f"The worker {one} has been in {one.doing} for {since}.",
                "Read its log. If it hangs, restart it: what it held is free after a minute.",
            )
