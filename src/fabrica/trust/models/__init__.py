"""What trust keeps: the gate's assessments, the board's cases and conditions, self-assessments, compute, purposes."""

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

__all__ = [
    "NOTE_LIMIT",
    "PURPOSE_LIMIT",
    "SUBJECT_LIMIT",
    "TEXT_LIMIT",
    "Assessment",
    "Ballot",
    "ComputeAlert",
    "ComputeEstimate",
    "Condition",
    "Enquiry",
    "EvidenceFile",
    "NotificationClock",
    "PurposeChange",
    "Referral",
    "Seat",
    "SelfAssessment",
]
