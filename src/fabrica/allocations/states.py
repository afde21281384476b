"""The closed lists of this context."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AccountKind(TextChoices):
    """What the hours on an account of the ledger are."""

    SUPPLY = "supply", _("Supply")
    POOL = "pool", _("Pool")
    FREE = "free", _("Free")
    HELD = "held", _("Held")
    USED = "used", _("Used")
    PROMISED = "promised", _("Promised for later")
    OFFERED = "offered", _("Offered, not answered yet")


class TransferKind(TextChoices):
    """Why hours moved."""

    FUND = "fund", _("Funded")
    AWARD = "award", _("Awarded")
    HOLD = "hold", _("Held for a job")
    RELEASE = "release", _("Released")
    SPEND = "spend", _("Spent")
    WRITE_OFF = "write_off", _("Written off")
    CORRECTION = "correction", _("Corrected")
    TOP_UP = "top_up", _("Topped up")
    EXTEND = "extend", _("Extended")
    PROMISE = "promise", _("Promised for later")
    OFFER = "offer", _("Set aside for an offer")
    PHASE = "phase", _("Phase released")
    MOVE = "move", _("Moved between awards")
    RETURN = "return", _("Given back to the pool")


class Answer(TextChoices):
    """What became of an award that was offered."""

    WAITING = "waiting", _("Waits for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back")


class PoolName(TextChoices):
    """The parts of what a machine gives in a year; the modes' data calls them so."""

    UNION_AIF_INDUSTRIAL = "union_aif_industrial", _("Union share for industrial innovation")
    UNION_AIF_SCIENCE = "union_aif_science", _("Union share for AI for science")
    UNION_OTHER = "union_other", _("Union share for other access")
    UNION_COMMERCIAL = "union_commercial", _("Union share for commercial use")
    NATIONAL = "national", _("national share")
    DIRECTORS_RESERVE = "directors_reserve", _("reserve of the director")


OF_MACHINE = (AccountKind.SUPPLY, AccountKind.POOL)
OF_AWARD = (AccountKind.FREE, AccountKind.HELD, AccountKind.USED)


class PriceUnit(TextChoices):
    """What a price is for: an hour of something that the machine counts."""

    GPU_HOUR = "gpu_hour", _("GPU-hour")
    NODE_HOUR = "node_hour", _("node-hour")
    DEVICE_HOUR = "device_hour", _("device-hour")
    NATIVE = "native", _("unit of the machine")


class InvoiceKind(TextChoices):
    """What a document says: what is to be paid, or what is given back."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceState(TextChoices):
    """Where a document stands; only a draft may change."""

    DRAFT = "draft", _("Draft")
    ISSUED = "issued", _("Issued")
    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Cancelled")


class VatKind(TextChoices):
    """How VAT is treated."""

    STANDARD = "standard", _("The site's rate")
    REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
    OUTSIDE_UNION = "outside_union", _("Outside the Union")


MOVES = {
    InvoiceState.DRAFT: (InvoiceState.ISSUED,),
    InvoiceState.ISSUED: (InvoiceState.PAID, InvoiceState.CANCELLED),
    InvoiceState.PAID: (InvoiceState.CANCELLED,),
    InvoiceState.CANCELLED: (),
}
