"""The trust interview: one answer at a time, kept at once."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.applications import rules
from fabrica.applications.engine.interview import interview, with_answers
from fabrica.applications.models import Application
from fabrica.applications.services.moving import read_again
from fabrica.kit.errors import Refused
from fabrica.people.models import Person


class AnsweredMeanwhile(Refused):
    """Somebody else answered this question since it was shown; nothing was kept. `theirs`: what they said."""

    def __init__(self, theirs: str) -> None:
        super().__init__(
            _("This question was answered meanwhile, in another window or by a colleague."),
            todo=_("Look at that answer, then choose again."),
        )
        self.theirs = theirs


@transaction.atomic
def answer_trust(
    *, application: Application, question: str, answer: str, seen: str, by: Person, now: datetime
) -> Application:
    """Keep an answer; `seen` is the one that stood there when the question was shown, empty for none.

    Others stay, but for those that it takes back (`act.keeping`). The form's version of the draft stays as well: the
    form does not ask these. Raises NotAllowed, Refused, AnsweredMeanwhile.
    """
    read_again(application)
    rules.must_edit(by, application)
    day = timezone.localdate(now)
    found = interview(application.trust_answers, day)
    found.question(question)
    kept = found.answers.get(question, "")
    if kept not in (seen, answer):
        raise AnsweredMeanwhile(kept)
    application.trust_answers = with_answers(found.answers, {question: answer}, day)
    application.saved_at = now
    application.save(update_fields=["trust_answers", "saved_at"])
    return application
