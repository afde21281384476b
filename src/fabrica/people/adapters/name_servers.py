"""TXT records of the DNS, asked for in bounded time."""

from typing import Final

import dns.exception
import dns.name
import dns.resolver
from django.utils.translation import gettext as _

from fabrica.kit.errors import Unreachable

PATIENCE_SECONDS: Final = 5.0
MOST_RECORDS: Final = 50


def txt_records(name: str, server: str = "") -> tuple[str, ...]:
    """The texts at a name; none where there is no such name. `server` (`address:port`) instead of this machine's own.

    Raises Unreachable.
    """
    try:
        answer = _resolver(server).resolve(dns.name.from_text(name), "TXT", search=False, lifetime=PATIENCE_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError) as error:
        raise Unreachable(
            _("The name servers of %(name)s do not answer.") % {"name": name},
            todo=_("Try again in some minutes; a new record takes a while."),
        ) from error
    return tuple(b"".join(one.strings).decode("utf-8", "replace") for one in list(answer)[:MOST_RECORDS])


def _resolver(server: str) -> dns.resolver.Resolver:
    if not server:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    address, _, port = server.rpartition(":")
    resolver.nameservers, resolver.port = [address], int(port)
    return resolver
