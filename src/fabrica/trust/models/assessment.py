"""What the gate said."""

from typing import Any

from django.db import models

from fabrica.trust.engine.act.telling import kept_in, reasons_of
from fabrica.trust.engine.gate import translated
from fabrica.trust.states import Answer, Decision


class Assessment(models.Model):
    """What the gate said about a subject, under which version of its rules. Never changed, only followed.

    One of the first gate (`engine.gate`) has no labels, duties, path and day; `engine.act` filled them since.
    """

    subject = models.CharField(max_length=60, db_index=True)
    answers = models.JSONField()
    decision = models.CharField(max_length=20, choices=Decision.choices)
    reasons = models.JSONField()
    version = models.CharField(max_length=20)
    assessed_at = models.DateTimeField()
    as_of = models.DateField(null=True, help_text="The day of which it speaks.")
    labels = models.JSONField(null=True, help_text="What certainly applies: label and its words.")
    duties = models.JSONField(null=True, help_text="What is owed, by whom, from when, and where that is written.")
    path = models.JSONField(null=True, help_text="Every rule that holds or may hold, and what it leads to.")

    @property
    def is_of_first_gate(self) -> bool:
        """Whether it was made by the eleven questions that were asked before."""
        return self.path is None

    def record_in(self, language: str) -> dict[str, Any]:
        """As it was decided, with its words in a language. For one that the first gate did not make."""
        told = kept_in(self.version, self.labels or (), self.duties or (), self.path or (), language)
        day = self.as_of or self.assessed_at.date()
        return {**told, "decision": self.decision, "ruleset_version": self.version, "as_of": day.isoformat()}

    def reasons_in(self, language: str | None) -> list[dict[str, str]]:
        """What led to more than a plain yes, with its words in a language, and how sure each rule is."""
        if self.is_of_first_gate:
            return translated(self.reasons, language)
        rows = reasons_of(self.record_in((language or "en").partition("-")[0]))
        sure = {one["rule"]: one["confidence"] for one in self.path or ()}
        return [{**one, "answer": str(Answer(one["answer"]).label), "confidence": sure[one["rule"]]} for one in rows]
