"""Every write of trust.

`assessing` asks the gate, `board` and `conditions` decide what it refers and what is owed, `altai` keeps
self-assessments, `compute` what training took, `purposes` re-opens the gate, and `impact` has impact assessments
written and signed.
"""

from fabrica.trust.services.altai import SelfAssessedMeanwhile, hand_in_self_assessment, self_assess
from fabrica.trust.services.assessing import assess

__all__ = ["SelfAssessedMeanwhile", "assess", "hand_in_self_assessment", "self_assess"]
