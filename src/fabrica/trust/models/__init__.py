"""What trust keeps: assessments of the gate, of oneself and of impact, the board, conditions, compute, purposes."""

from fabrica.trust.models.altai import SelfAssessment
from fabrica.trust.models.assessment import Assessment
from fabrica.trust.models.board import TEXT_LIMIT, Ballot, Condition, Enquiry, EvidenceFile, Referral, Seat
from fabrica.trust.models.compute import (
    NOTE_LIMIT,
    PURPOSE_LIMIT,
    SUBJECT_LIMIT,
    ComputeAlert,
    ComputeEstimate,
    NotificationClock,
    PurposeChange,
)
from fabrica.trust.models.impact import SIGNER_LIMIT, ImpactAssessment, ImpactVersion

__all__ = [
    "NOTE_LIMIT",
    "PURPOSE_LIMIT",
    "SIGNER_LIMIT",
    "SUBJECT_LIMIT",
    "TEXT_LIMIT",
    "Assessment",
    "Ballot",
    "ComputeAlert",
    "ComputeEstimate",
    "Condition",
    "Enquiry",
    "EvidenceFile",
    "ImpactAssessment",
    "ImpactVersion",
    "NotificationClock",
    "PurposeChange",
    "Referral",
    "Seat",
    "SelfAssessment",
]
