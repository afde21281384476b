"""Reading projects."""

from collections.abc import Iterable
from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from fabrica.kit.errors import NotFound
from fabrica.people import rules as people_rules
from fabrica.people.models import Organisation, Person
from fabrica.people.states import Role
from fabrica.projects.models import (
    Handover,
    Invitation,
    LifeWatch,
    Member,
    Project,
    ReclaimProposal,
    Report,
    Storage,
)
from fabrica.projects.states import UNSETTLED, WRITABLE, HandoverState, Right, holders
from fabrica.projects.states import Role as ProjectRole

MAX_LETTER_TRIES = 8
_SIGNER = Signer(salt="fabrica.projects.invitation", sep=".")


def sees_all(person: Person) -> bool:
    """Whether the person sees every project: officers and operators do."""
    return people_rules.has_role(person, Role.OFFICER, Role.OPERATOR)


def visible_to(person: Person) -> QuerySet[Project]:
    """The projects the person belongs to; officers and operators see all. Newest first."""
    rows = Project.objects.select_related("organisation").order_by("-pk")
    if sees_all(person):
        return rows
    return rows.filter(pk__in=Member.objects.filter(person=person).values("project"))


def project_of(person: Person, slug: str) -> Project:
    """A project by its slug. Raises NotFound, also for one the person may not see."""
    found = visible_to(person).filter(slug=slug).first()
    if found is None:
        raise NotFound(
            _("There is no project %(slug)s among yours.") % {"slug": slug},
            todo=_("See your projects on your home page."),
        )
    return found


def working() -> QuerySet[Member]:
    """Those who work in their project, and so have a name on its machine."""
    return Member.objects.filter(role__in=holders(Right.WORK))


def must_hand_over(person: Person, now: datetime) -> list[str]:
    """The running projects that this person leads, a sentence each: somebody must answer for them."""
    led = Project.objects.filter(members__person=person, members__role=ProjectRole.PI, ends_at__gt=now)
    sentence = _("You lead the project %(title)s: propose another principal investigator first.")
    return [sentence % {"title": one.title} for one in led.order_by("pk")]


def told(project: Project) -> list[Person]:
    """Those who are written to about a project's life."""
    rows = project.members.filter(role__in=holders(Right.TOLD), person__is_active=True)
    return [one.person for one in rows.select_related("person").order_by("pk")]


def members_of(project: Project) -> QuerySet[Member]:
    """Who belongs to a project."""
    return project.members.select_related("person")


def member_of(project: Project, uid: str) -> Member:
    """A member of a project. Raises NotFound."""
    found = members_of(project).filter(person__uid=uid).first()
    if found is None:
        raise NotFound(_("There is no such member in this project."))
    return found


def unanswered(project: Project) -> QuerySet[Invitation]:
    """The invitations to a project that were neither accepted nor revoked, newest first; some have expired."""
    rows = Invitation.objects.filter(project=project, accepted_at=None, revoked_at=None)
    return rows.select_related("invited_by").order_by("-pk")


def invitation_of(project: Project, uid: str) -> Invitation:
    """One of the unanswered invitations to a project. Raises NotFound."""
    found = unanswered(project).filter(uid=uid).first()
    if found is None:
        raise NotFound(_("There is no such invitation to this project."))
    return found


def code_of(invitation: Invitation) -> str:
    """What the link of its last letter ends in; only the site's secret can make it."""
    return _SIGNER.sign(f"{invitation.uid}-{invitation.serial}")


def invitation_by_code(code: str) -> Invitation:
    """The invitation whose last letter carries this code. Raises NotFound, the same for all that is wrong with it."""
    found = None
    try:
        uid, _dash, serial = _SIGNER.unsign(code).partition("-")
    except BadSignature:
        pass
    else:
        rows = Invitation.objects.select_related("project__organisation", "invited_by")
        found = rows.filter(uid=uid, serial=int(serial)).first()
    if found is None:
        raise NotFound(
            _("This invitation is not known."),
            why=_("Its link is incomplete, or a newer letter took its place."),
            todo=_("Open the link of the newest letter, or ask who invited you for another."),
        )
    return found


def letters_due(now: datetime) -> QuerySet[Invitation]:
    """The invitations whose letter is to be sent now; after eight tries we stop, and the page says so."""
    rows = Invitation.objects.select_related("project__organisation", "invited_by")
    return rows.filter(mail_at__lte=now, mail_tries__lt=MAX_LETTER_TRIES).order_by("mail_at", "pk")


def open_handover(project: Project, now: datetime) -> Handover | None:
    """The change of the principal investigator that waits for consent."""
    rows = Handover.objects.select_related("to", "proposed_by")
    return rows.filter(project=project, state=HandoverState.OPEN, expires_at__gt=now).first()


def roles_of(person: Person, projects: Iterable[Project]) -> dict[int, str]:
    """As what a person belongs to each of some projects, by the project's key."""
    rows = Member.objects.filter(person=person, project__in=[one.pk for one in projects])
    return dict(rows.values_list("project", "role"))


def reports_visible_to(person: Person) -> QuerySet[Report]:
    """The reports of the projects the person may see, the one due first."""
    rows = Report.objects.select_related("project__organisation", "submitted_by", "decided_by")
    return rows.filter(project__in=visible_to(person).order_by()).order_by("due_on", "pk")


def report_of(person: Person, slug: str, kind: str) -> Report:
    """A report of a project. Raises NotFound, also for what the person may not see."""
    found = reports_visible_to(person).filter(project__slug=slug, kind=kind).first()
    if found is None:
        raise NotFound(_("There is no %(kind)s report of %(slug)s among yours.") % {"kind": kind[:20], "slug": slug})
    return found


def overdue(rows: QuerySet[Report], now: datetime) -> QuerySet[Report]:
    """Those of some reports whose day has passed and that were not handed in."""
    return rows.filter(state__in=WRITABLE, due_on__lt=timezone.localtime(now).date())


def bar_on(organisation: Organisation, person: Person, now: datetime) -> Report | None:
    """The report that bars an organisation, or the person as principal investigator, from new applications."""
    led = Member.objects.filter(person=person, role=ProjectRole.PI).values("project")
    theirs = Q(project__organisation=organisation) | Q(project__in=led)
    rows = Report.objects.select_related("project").filter(theirs, lifted_at=None)
    return overdue(rows, now).order_by("due_on", "pk").first()


def watches_due(now: datetime) -> QuerySet[LifeWatch]:
    """The projects whose life is to be looked at now, the one that waits longest first."""
    return LifeWatch.objects.select_related("project").filter(next_look_at__lte=now).order_by("next_look_at", "pk")


def reclaims_visible_to(person: Person) -> QuerySet[ReclaimProposal]:
    """The questions about idle hours of the projects the person may see, newest first."""
    rows = ReclaimProposal.objects.select_related("project__organisation", "decided_by")
    return rows.filter(project__in=visible_to(person).order_by()).order_by("-pk")


def unsettled_reclaim(person: Person, project: Project) -> ReclaimProposal:
    """The question about a project's idle hours that is not answered. Raises NotFound."""
    found = reclaims_visible_to(person).filter(project=project, state__in=UNSETTLED).first()
    if found is None:
        raise NotFound(_("Nobody asks about the hours of this project."))
    return found


def storage_of(project: Project) -> Storage | None:
    """What a project may store."""
    return Storage.objects.select_related("project", "purged_by").filter(project=project).first()


def to_purge(person: Person, now: datetime) -> QuerySet[Storage]:
    """What may be deleted and was not, the longest due first; of the projects the person may see."""
    rows = Storage.objects.select_related("project__organisation").filter(purged_at=None)
    today = timezone.localtime(now).date()
    return rows.filter(purge_on__lte=today, project__in=visible_to(person).order_by()).order_by("purge_on", "pk")
