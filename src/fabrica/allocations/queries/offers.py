"""Awards that are offered, and what became of them."""

from django.db.models import QuerySet

from fabrica.allocations.models import LedgerAccount, Offer, Transfer
from fabrica.allocations.states import Answer, TransferKind
from fabrica.applications.models import Application


def offers_of(application: Application) -> QuerySet[Offer]:
    """What was ever offered to an application, the last first; few."""
    return Offer.objects.select_related("by", "answered_by").filter(application=application).order_by("-number")


def offer_waiting(application: Application) -> Offer | None:
    """The offer that waits for an answer; None where none does."""
    return offers_of(application).filter(answer=Answer.WAITING).first()


def set_aside_from(offer: Offer) -> LedgerAccount:
    """The pool that the hours of an offer came from."""
    moved = Transfer.objects.filter(target__offer=offer, kind=TransferKind.OFFER)
    return LedgerAccount.objects.select_related("pool", "machine").get(pk__in=moved.values("source"))
