"""What the tests of the whole house may ask for: the cast of the contexts, and one sample of everything."""

import pytest
from fabrica.applications import services as applications
from fabrica.applications.tests.factories import draft
from fabrica.calls.models import FormVersion
from fabrica.calls.queries import form_row
from fabrica.conftest import call, cast, machine, make_person, now  # noqa: F401 - fixtures
from fabrica.kit.signing import create_key
from fabrica.notices import services as notices
from fabrica.notices.queries import mutes_of
from fabrica.people import services as people
from fabrica.people.engine import Told
from fabrica.people.states import Role as SiteRole
from fabrica.people.tests.keys import new_line
from fabrica.portal.tasks import look_after
from fabrica.projects import services as projects
from fabrica.projects.queries import code_of
from fabrica.projects.states import Role
from fabrica.registry.models import ModelVersion
from fabrica.registry.tests.conftest import succeed, work
from fabrica.training.tests.factories import open_site
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.trust.engine.compute import Base, from_operations
from fabrica.trust.models import EvidenceFile, Referral
from fabrica.trust.queries.impact import digest_of
from fabrica.trust.services import alerting, board, conditions, impact
from fabrica.trust.services.assessing import assess
from fabrica.trust.tests.answers import answers_for
from fabrica.trust.tests.impact import write


@pytest.fixture
def site(cast, call, now, settings, tmp_path):
    """A project of the start-up's with hours, data and one registered model."""
    settings.FABRICA_STORAGE, settings.FABRICA_KEYS = tmp_path / "storage", tmp_path / "keys"
    create_key(settings.FABRICA_KEYS / "site.pem")
    made = open_site(cast, call, FakeCluster(now, devices_total=2), now)
    projects.add_member(project=made.project, email=cast.mate.email, by=cast.applicant, now=now)
    succeed(made, now)
    work(now)
    return made


@pytest.fixture
def samples(cast, call, site, now):
    """An object for each parameter of an address, by the fixed part before it. All belong to the start-up.

    A new parameter gets its line here; until then `tests/test_security.py` fails and names it.
    """
    token, _ = people.create_token(name="laptop", scopes=["read"], by=cast.applicant, now=now)
    key = people.add_ssh_key(name="laptop", text=new_line(), by=cast.applicant, now=now)
    told = Told("campus", "https://campus.example", "1")
    identity = people.link_identity(told=told, by=cast.applicant, now=now)
    opened = people.begin_session(person=cast.applicant, session_key="unknown", now=now)
    application = draft(cast, call, now)
    file = applications.attach(
        application=application, question="", name="a.txt", data=b"a", by=cast.applicant, now=now
    )
    applications.self_assess(application=application, answers={"A01": "yes"}, by=cast.applicant, now=now)
    applications.submit(application=application, by=cast.applicant, now=now)
    notices.mute(about="project:x", title="X", path="/", by=cast.applicant, now=now)
    model = ModelVersion.objects.get()
    look_after(now)
    look_after(now)
    publication = projects.add_publication(project=site.project, doi="10.1234/a", by=cast.applicant, now=now)
    invitation = projects.invite(
        project=site.project, email="new@example.org", role=Role.GUEST, by=cast.applicant, now=now
    )
    alert, *_rest = alerting.watch(
        subject="model:x", project=site.project, estimates=[from_operations(2e25)], base=Base(), now=now
    )
    board.open_case(
        assessment=assess(
            subject=site.project.subject, answers=answers_for("REFER_ETHICS"), by=cast.applicant, now=now
        ),
        organisation=cast.startup,
        by=cast.applicant,
        now=now,
    )
    case, ethics = Referral.objects.get(), make_person("edda", now, SiteRole.ETHICS)
    question = board.ask(referral=case, question="Why?", by=ethics, now=now)
    condition = conditions.write(referral=case, text="Show it.", blocks="publication", days=30, by=ethics, now=now)
    conditions.give_evidence(condition=condition, text="Here.", by=cast.applicant, now=now, name="plan.txt", data=b"x")
    owed = impact.owe_impact(
        subject=application.subject, organisation=cast.startup, applicant=cast.applicant, by=cast.applicant, now=now
    )
    owed = write(owed, cast.applicant, now)
    impact.sign_impact(assessment=owed, name="Ada", digest=digest_of(owed), by=cast.applicant, now=now)
    FormVersion.objects.create(slug="fast-lane", number=1, row=form_row("fast-lane"), by=cast.operator, created_at=now)
    return {
        ("organisations", "uid"): cast.startup.uid,
        ("others", "key"): "e1",
        ("sme", "number"): 1,
        ("people", "uid"): cast.mate.uid,
        ("tokens", "token_id"): token.pk,
        ("tokens", "pk"): token.pk,
        ("ssh-keys", "key_id"): key.pk,
        ("ssh-keys", "pk"): key.pk,
        ("mutes", "pk"): mutes_of(cast.applicant).get().pk,
        ("modes", "key"): "fast-lane",
        ("forms", "number"): 1,
        ("calls", "slug"): call.slug,
        ("machines", "slug"): call.machine.slug,
        ("sites", "slug"): call.machine.site.slug,
        ("invoices", "uid"): "0" * 32,
        ("model-reports", "uid"): "0" * 32,
        ("applications", "code"): application.code,
        ("trust", "key"): "civilian",
        ("attachments", "uid"): file.uid,
        ("self-assessment", "requirement"): "agency",
        ("handed-in", "number"): 1,
        ("desk", "code"): application.code,
        ("evaluations", "code"): application.code,
        ("panel", "slug"): call.slug,
        ("reviewing", "pk"): 1,
        ("reviews", "pk"): 1,
        ("projects", "slug"): site.project.slug,
        ("members", "uid"): cast.mate.uid,
        ("invitations", "uid"): invitation.uid,
        ("invitations", "code"): code_of(invitation),
        ("reports", "kind"): "final",
        ("publications", "pk"): publication.pk,
        ("phases", "number"): 1,
        ("board", "pk"): case.pk,
        ("questions", "pk"): question.pk,
        ("conditions", "pk"): condition.pk,
        ("files", "uid"): EvidenceFile.objects.get().uid,
        ("impact-assessments", "pk"): owed.pk,
        ("of", "slug"): site.project.slug,
        ("sections", "section"): "screening",
        ("compute", "pk"): alert.pk,
        ("alerts", "pk"): alert.pk,
        ("runs", "number"): model.run.number,
        ("runs", "uid"): model.run.uid,
        ("data", "pk"): site.staging.pk,
        ("stagings", "staging_id"): site.staging.pk,
        ("data", "slug"): site.staging.version.dataset.slug,
        ("data", "number"): site.staging.version.number,
        ("datasets", "slug"): site.staging.version.dataset.slug,
        ("versions", "number"): site.staging.version.number,
        ("models", "slug"): model.model.slug,
        ("models", "number"): model.number,
        ("evaluations", "which"): 1,
        ("files", "path"): "manifest.json",
        ("documents", "file"): "card.md",
        ("statement", "name"): "use",
        ("keys", "digits"): model.key_fingerprint.removeprefix("sha256:"),
        ("sign-in-methods", "pk"): identity.pk,
        ("identities", "pk"): identity.pk,
        ("identities", "identity_id"): identity.pk,
        ("sessions", "uid"): opened.uid,
        ("assurance", "provider_id"): "campus",
        ("link", "provider_id"): "campus",
        ("oidc", "provider_id"): "campus",
        # Pages that come with the sign-in and the administration.
        ("confirm-email", "key"): "key",
        ("key", "key"): "key",
        ("key", "uidb36"): "1",
        ("admin", "content_type_id"): 1,
        ("admin", "object_id"): cast.applicant.pk,
        ("admin", "app_label"): "people",
        ("admin", "url"): "nothing",
    }
