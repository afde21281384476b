"""The data-protection impact assessment (GDPR, Art. 35): its questions as data, and what answers come to. No Django."""

from fabrica.trust.engine.impact.changes import Change, changes
from fabrica.trust.engine.impact.judging import Gap, Screening, check, gaps, outcome, screen
from fabrica.trust.engine.impact.questions import Kind, Question, Questions, Section
from fabrica.trust.engine.impact.telling import Part, report
from fabrica.trust.engine.impact.versions import in_force, questions

KEY, CONSULTATION = "impact_assessment", "prior_consultation"  # their rows among the conditions
RISKS = "risks"

__all__ = [
    "CONSULTATION", "KEY", "RISKS", "Change", "Gap", "Kind", "Part", "Question", "Questions", "Screening", "Section",
    "changes", "check", "gaps", "in_force", "outcome", "questions", "report", "screen",
]  # fmt: skip
