"""The purpose that a project declares; `trust` says when another one holds."""

from datetime import datetime

from fabrica.audit.services import record
from fabrica.people.models import Person
from fabrica.projects.models import Project


def set_purpose(*, project: Project, purpose: str, gate_decision: str, by: Person, now: datetime) -> None:
    """Declare another purpose, with what the gate decided about it. Called in the transaction of that decision."""
    Project.objects.filter(pk=project.pk).update(purpose=purpose, gate_decision=gate_decision)
    record(verb="project.change_purpose", by=by, subject=project.subject, now=now, decision=gate_decision)
