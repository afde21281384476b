"""What each figure that is reported counts, in words; and its name on a page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIGURES: dict[str, tuple[Promise, Promise]] = {
    "submitted": (_("Submitted"), _("Applications whose last submission lies in the period.")),
    "eligible": (_("Eligible"), _("Those of them that an officer found eligible, whatever became of them.")),
    "awarded": (_("Awarded"), _("Those of them that were awarded hours up to now.")),
    "small_awarded": (
        _("Awarded to small firms"),
        _(
            "Those awarded whose organisation is an SME: as it had declared when it handed in, else as it describes "
            "itself."
        ),
    ),
    "small_percent": (_("Share of small firms"), _("Of 100 awarded, how many are start-ups or SMEs.")),
    "refused": (_("Refused"), _("Those of them that stand refused; one under appeal does not.")),
    "declined": (_("Declined"), _("Those of them to which hours were offered that the applicant declined.")),
    "withdrawn": (_("Withdrawn"), _("Those of them that the applicant withdrew.")),
    "access_working_days_median": (
        _("Working days to access, median"),
        _(
            "Working days of the site from submission, or from the cut-off, to the award, without what waited for the "
            "applicant: half of the awarded waited no longer."
        ),
    ),
    "access_working_days_p95": (
        _("Working days to access, 95 of 100"),
        _("The working days within which 95 of 100 awarded had access."),
    ),
    "gpu_hours_requested": (_("GPU-hours asked"), _("What the applications asked for, whatever became of them.")),
    "gpu_hours_awarded": (
        _("GPU-hours awarded"),
        _("What was awarded, later additions included; hours that came back are not taken off."),
    ),
    "gpu_hours_used": (_("GPU-hours used"), _("What the ledger has booked as used on these awards, up to now.")),
    "publications": (
        _("Publications"),
        _("DOIs that the awarded projects have named up to now; one that two projects name counts twice."),
    ),
}  # fmt: skip
