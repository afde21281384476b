"""The closed lists of this context. Answers are three-valued: unsure is never no."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Answer(TextChoices):
    """What one can answer."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNSURE = "unsure", _("Unsure")


class Decision(TextChoices):
    """What the gate decides, worst first."""

    REJECT = "REJECT", _("Not allowed")
    REFER_ETHICS = "REFER_ETHICS", _("To be looked at by a person")
    ACCEPT_CONDITIONS = "ACCEPT_CONDITIONS", _("Accepted with conditions")
    ACCEPT = "ACCEPT", _("Accepted")


BY_RULE = (Decision.ACCEPT, Decision.ACCEPT_CONDITIONS)  # all else a person decides


class Case(TextChoices):
    """Where a referral to the board stands."""

    OPEN = "open", _("With the board")
    PROPOSED = "proposed", _("Waits for a second person")
    RELEASED = "released", _("Decided")
    OVERTAKEN = "overtaken", _("Overtaken by new answers")


class Finding(TextChoices):
    """What the board finds. A refusal is still an officer's act."""

    APPROVED = "approved", _("Approved")
    APPROVED_WITH_CONDITIONS = "approved_with_conditions", _("Approved with conditions")
    NOT_APPROVED = "not_approved", _("Not approved")


YES = (Finding.APPROVED, Finding.APPROVED_WITH_CONDITIONS)


class Vote(TextChoices):
    """What a member of the board votes."""

    ACCEPT = "accept", _("Accept")
    ACCEPT_WITH_CONDITIONS = "accept_with_conditions", _("Accept with conditions")
    REFUSE = "refuse", _("Refuse")
    ABSTAIN = "abstain", _("Abstain")


class Blocks(TextChoices):
    """The step that a condition holds up until it is met."""

    AWARD = "award", _("The award")
    DATA = "data", _("Access to data")
    RUN = "run", _("Further runs")
    PUBLICATION = "publication", _("Publication of a model")


class Owner(TextChoices):
    """Whose turn a condition is."""

    APPLICANT = "applicant", _("The applicant")
    SITE = "site", _("The site")


class Met(TextChoices):
    """Where a condition stands."""

    OPEN = "open", _("Open")
    EVIDENCE_GIVEN = "evidence_given", _("Evidence given")
    CLOSING = "closing", _("Found met by one person")
    CLOSED = "closed", _("Met")
    WAIVING = "waiving", _("To be waived, says one person")
    WAIVED = "waived", _("Waived")
    DROPPED = "dropped", _("Not owed any more")


# From a state to those it may come to. What one person found is released by another, or sent back.
MET_MOVES: dict[Met, frozenset[Met]] = {
    Met.OPEN: frozenset({Met.EVIDENCE_GIVEN, Met.WAIVING, Met.DROPPED}),
    Met.EVIDENCE_GIVEN: frozenset({Met.EVIDENCE_GIVEN, Met.CLOSING, Met.OPEN, Met.WAIVING, Met.DROPPED}),
    Met.CLOSING: frozenset({Met.CLOSED, Met.EVIDENCE_GIVEN, Met.OPEN, Met.DROPPED}),
    Met.WAIVING: frozenset({Met.WAIVED, Met.EVIDENCE_GIVEN, Met.OPEN, Met.DROPPED}),
    Met.CLOSED: frozenset(),
    Met.WAIVED: frozenset(),
    Met.DROPPED: frozenset(),
}
TAKES_EVIDENCE = (Met.OPEN, Met.EVIDENCE_GIVEN)  # back to the latter it also comes where a finding is taken back
SETTLED = (Met.CLOSED, Met.WAIVED, Met.DROPPED)
PENDING = tuple(one for one in Met if one not in SETTLED)


class ComputeMethod(TextChoices):
    """How training compute was estimated."""

    METERED = "metered", _("The machine's accounting")
    ARCHITECTURE = "architecture", _("Parameters and tokens")
    GRANTED = "granted", _("Hours granted")


class ComputeThreshold(TextChoices):
    """From how much training compute on the AI Act asks for something."""

    GENERAL_PURPOSE = "general_purpose", _("General-purpose model")
    MODIFIER = "modifier", _("Change of somebody else's model")
    SYSTEMIC = "systemic", _("Systemic risk")


class PurposeState(TextChoices):
    """Where a change of a project's declared purpose stands."""

    PROPOSED = "proposed", _("The gate is to be answered")
    REFERRED = "referred", _("A person decides")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


UNSETTLED = (PurposeState.PROPOSED, PurposeState.REFERRED)


class ImpactOutcome(TextChoices):
    """What an impact assessment of data protection concludes."""

    NOT_NEEDED = "not_needed", _("No assessment needed")
    ACCEPTABLE = "acceptable", _("The risks are acceptable")
    WITH_MEASURES = "with_measures", _("Acceptable with the measures named")
    PRIOR_CONSULTATION = "prior_consultation", _("A high risk remains")


class ImpactState(TextChoices):
    """Where an impact assessment stands."""

    MISSING = "missing", _("Missing")
    BEGUN = "begun", pgettext_lazy("impact assessment", "Begun")
    SIGNED = "signed", pgettext_lazy("impact assessment", "Signed")
    CONSULT = "consult", _("Needs prior consultation")
