"""Reading the registry. Every list starts from `visible_to`; None stands for a reader who is not signed in."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from fabrica.dataspaces.models import Staging
from fabrica.dataspaces.queries import staged
from fabrica.kit.errors import NotFound
from fabrica.kit.files import FileFact
from fabrica.people import rules as people_rules
from fabrica.people.models import Person
from fabrica.people.states import Role
from fabrica.projects import queries as projects
from fabrica.projects.models import Project
from fabrica.projects.states import Right, holders
from fabrica.registry import rules
from fabrica.registry.engine import RevokedKey
from fabrica.registry.engine.manifest import MANIFEST, SIGNATURE, read_manifest
from fabrica.registry.engine.release import read_release
from fabrica.registry.measured import Measured
from fabrica.registry.models import Intake, Measurement, ModelVersion, Release, Report, ReportLetter, SiteKey
from fabrica.registry.states import OPEN_REPORTS, IntakeState, KeyState, MeasurementState, State
from fabrica.training.models import Run, RunData
from fabrica.training.states import FINAL, Kind

MAX_NUMBER = 2**31 - 1
RELEASES_AT_MOST, WORDS_AT_MOST, MAX_TRIES, TEXTS_AT_MOST = 1_000, 8, 8, 100


def visible_to(person: Person | None) -> QuerySet[ModelVersion]:
    """What was ever published, and what the person's projects registered. Newest first.

    Without what may take megabytes each: a list of 25 shows none of it.
    """
    seen = Q(published_at__isnull=False)
    if person is not None:
        seen |= Q(model__project__in=projects.visible_to(person).order_by())
    rows = ModelVersion.objects.select_related("model__project__organisation", "run__machine__site")
    return rows.defer("card", "manifest", "facts", "run__result").filter(seen).order_by("-pk")


def published() -> QuerySet[ModelVersion]:
    """What everybody may see and download, newest first."""
    return visible_to(None).filter(state=State.PUBLISHED)


def inside(person: Person) -> QuerySet[ModelVersion]:
    """What the person sees by working there and everybody else does not, newest first."""
    return visible_to(person).exclude(state=State.PUBLISHED)


def with_bits(rows: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    """Beside each version the one figure of its facts that a list shows, `bits`; None where it was not measured."""
    return rows.annotate(bits=F("facts__evaluation__bits_per_byte"))


def version_of(person: Person | None, slug: str, number: int) -> ModelVersion:
    """A version of a model. Raises NotFound, also for one the person may not see."""
    fits = 0 < number <= MAX_NUMBER
    rows = visible_to(person).defer(None).defer("run__result")
    found = rows.filter(model__slug=slug, number=number).first() if fits else None
    if found is None:
        raise NotFound(
            _("There is no model %(slug)s@%(number)s for you to see.") % {"slug": slug, "number": number},
            todo=_("See the list of models."),
        )
    return found


def version_inside(person: Person, slug: str, number: int) -> ModelVersion:
    """A version for those who see its way to publication. Raises NotFound."""
    found = version_of(person, slug, number)
    if not rules.can_see_inside(person, found):
        raise NotFound(
            _("There is no model %(slug)s@%(number)s for you to see.") % {"slug": slug, "number": number},
            todo=_("See the list of models."),
        )
    return found


def newest_of(person: Person | None, slug: str) -> ModelVersion:
    """The newest version of a model that the person may see, a withdrawn one only if there is no other."""
    rows = versions_of(person, slug)
    found = rows.exclude(state=State.WITHDRAWN).first() or rows.first()
    if found is None:
        raise NotFound(
            _("There is no model %(slug)s for you to see.") % {"slug": slug}, todo=_("See the list of models.")
        )
    return found


def version_made_by(person: Person | None, run_uid: str) -> ModelVersion:
    """The version that was made of a run, or evaluated in it. Raises NotFound, also for one that may not be seen."""
    evaluated = Measurement.objects.filter(run__uid=run_uid).values("version")
    found = visible_to(person).filter(Q(run__uid=run_uid) | Q(pk__in=evaluated)).first()
    if found is None:
        raise NotFound(
            _("There is no model of this run for you to see."),
            todo=_("If the run ended just now, its model is being registered: reload this page in a moment."),
        )
    return found


def versions_of(person: Person | None, slug: str) -> QuerySet[ModelVersion]:
    """The versions of a model that the person may see, newest first."""
    return visible_to(person).filter(model__slug=slug).order_by("-number")


def of_run(run: Run) -> ModelVersion | None:
    """What a run became, if it is registered. The caller has checked that the run may be seen."""
    return ModelVersion.objects.select_related("model").filter(run=run).first()


def intake_of(run: Run) -> Intake | None:
    """Where a succeeded run stands on its way into the registry, and why it waits."""
    return Intake.objects.filter(run=run).first()


def files_of(version: ModelVersion) -> list[FileFact]:
    """The files its manifest lists, in order of path."""
    return sorted(read_manifest(version.manifest.encode()).files.values())


def downloads_of(version: ModelVersion) -> list[FileFact]:
    """All files of its folder: those the manifest lists, then the manifest and its signature, which it cannot list.

    Then the documents of each release, oldest first, listed in the same way.
    """
    releases = [one for release in releases_of(version)[::-1] for one in documents_of(release)]
    return [*files_and_signature_of(version), *releases]


def files_and_signature_of(version: ModelVersion) -> list[FileFact]:
    """The files of the model itself, as they were registered."""
    return [*files_of(version), *_unlisted(version.manifest, version.signature)]


def _unlisted(manifest: str, signature: str) -> list[FileFact]:
    own = ((MANIFEST, manifest.encode()), (SIGNATURE, f"{signature}\n".encode()))
    return [FileFact(name, len(raw), sha256(raw).hexdigest()) for name, raw in own]


def releases_of(version: ModelVersion) -> list[Release]:
    """Its releases, newest first; read once for a loaded version."""
    found: list[Release] | None = getattr(version, "_releases", None)
    if found is None:
        found = list(version.releases.defer("facts").order_by("-number")[:RELEASES_AT_MOST])
        version._releases = found  # type: ignore[attr-defined]  # noqa: SLF001 - a cache on our own row
    return found


def documents_of(release: Release) -> list[FileFact]:
    """The files of a release, by their path in the folder of its version."""
    listed = read_release(release.manifest.encode()).files
    files = [*sorted(listed.values()), *_unlisted(release.manifest, release.signature)]
    return [FileFact(f"{release.place}/{one.path}", one.size_bytes, one.sha256) for one in files]


def leaders_of(version: ModelVersion) -> QuerySet[Person]:
    """The principal investigators of its project."""
    members = version.model.project.members.filter(role__in=holders(Right.MANAGE))
    return Person.objects.filter(is_active=True, pk__in=members.values("person")).order_by("pk")


def search(words: str, kind: str) -> QuerySet[ModelVersion]:
    """What is published and has these words in its title, name or maker, and was made in such a way."""
    rows = published()
    for word in words.split()[:WORDS_AT_MOST]:
        named = Q(model__title__icontains=word) | Q(model__slug__icontains=word)
        rows = rows.filter(named | Q(model__project__organisation__name__icontains=word))
    return rows.filter(run__kind=kind) if kind in Kind.values else rows


def reports_visible_to(person: Person) -> QuerySet[Report]:
    """Reports about models: all to officers, to others those about models of the projects they lead."""
    rows = Report.objects.select_related("version__model__project__organisation", "version__run", "decided_by")
    rows = rows.defer("version__card", "version__manifest", "version__facts", "version__run__result")
    if people_rules.has_role(person, Role.OFFICER):
        return rows
    led = led_by(person)
    return rows.filter(version__model__project__in=led)


def led_by(person: Person) -> QuerySet[Project]:
    """The projects that the person leads."""
    return Project.objects.filter(members__person=person, members__role__in=holders(Right.MANAGE))


def report_of(uid: str) -> Report:
    """A report by its number, which is a secret of those who have it. Raises NotFound."""
    rows = Report.objects.select_related("version__model__project__organisation", "version__run", "decided_by")
    found = rows.filter(uid=uid[:32]).first()
    if found is None:
        raise NotFound(_("There is no such report."))
    return found


def open_reports(rows: QuerySet[Report]) -> QuerySet[Report]:
    """Those that are to be decided."""
    return rows.filter(state__in=OPEN_REPORTS)


def reports_to_warn_of(now: datetime) -> QuerySet[Report]:
    """Those whose clock nobody was told of yet, though four fifths of it are over, or all."""
    late, soon = Q(due_at__lte=now, late_told_at=None), Q(warn_at__lte=now, due_at__gt=now, warned_at=None)
    return _to_tell(Report.objects.filter(late | soon))


def reports_to_tell_of() -> QuerySet[Report]:
    """Open ones of which nobody was told yet that they came."""
    return _to_tell(Report.objects.filter(told_at=None))


def _to_tell(rows: QuerySet[Report]) -> QuerySet[Report]:
    rows = rows.select_related("version__model__project__organisation", "version__run")
    rows = rows.defer("text", "version__card", "version__manifest", "version__facts", "version__run__result")
    return open_reports(rows).order_by("due_at", "pk")


def were_told_of_reports_since(when: datetime) -> bool:
    """Whether the officers had a letter about reports after this instant."""
    told = Q(told_at__gt=when) | Q(warned_at__gt=when) | Q(late_told_at__gt=when)
    return Report.objects.filter(told).exists()


def reports_to_forget(before: datetime) -> QuerySet[Report]:
    """Those that were decided, and closed if they are, before an instant, and whose reporter is still known."""
    over = Q(closed_at__lte=before) | Q(closed_at=None)
    rows = Report.objects.filter(over, decided_at__lte=before, forgotten_at=None)
    return rows.exclude(reporter_name="", reporter_email="").order_by("decided_at", "pk")


def letters_due(now: datetime) -> QuerySet[ReportLetter]:
    """Letters to reporters that are to be sent now, oldest first; after eight tries we stop."""
    waiting = ReportLetter.objects.filter(sent_at=None, next_try_at__lte=now, tries__lt=MAX_TRIES)
    return waiting.exclude(report__reporter_email="").select_related("report__version__model").order_by("pk")


def file_of(person: Person | None, version: ModelVersion, path: str) -> Path:
    """Where a file of it lies: only what the manifest lists, the manifest and its signature. Raises NotFound."""
    if not rules.can_download(person, version):
        why = version.withdrawn_because or version.restricted_because
        withdrawn = _("%(version)s is withdrawn; its files are no longer given out.")
        restricted = _("%(version)s is restricted; its files are no longer given out.")
        what = withdrawn if version.state == State.WITHDRAWN else restricted
        raise NotFound(what % {"version": version}, why=why)
    if path not in {one.path for one in downloads_of(version)}:
        told = {"version": version, "path": path[:200]}
        raise NotFound(_("%(version)s has no file %(path)r.") % told, todo=_("See the list of its files."))
    found = version.path / path
    if found.is_symlink() or not found.is_file():
        told = {"version": version, "path": path}
        raise NotFound(
            _("The file %(path)r of %(version)s is not in its place.") % told, todo=_("Tell the site's operator.")
        )
    return found


def due(now: datetime) -> QuerySet[Intake]:
    """What a worker should register, longest waiting first."""
    return Intake.objects.filter(state=IntakeState.WAITING, next_try_at__lte=now).order_by("next_try_at", "pk")


def measurements_of(version: ModelVersion) -> QuerySet[Measurement]:
    """Its further evaluations, in the order in which they were asked for."""
    return version.measurements.select_related("run__project", "by").defer("run__result").order_by("number")


def measured_later(version: ModelVersion) -> list[Measured]:
    """What its further evaluations found, in order; read once for a loaded version."""
    found: list[Measured] | None = getattr(version, "_measured", None)
    if found is None:
        rows = measurements_of(version).filter(state=MeasurementState.TAKEN_IN)
        found = [
            Measured(one.number, one.battery, one.run.uid, one.run.number, one.run.ended_at.isoformat())
            for one in rows
            if one.battery and one.run.ended_at
        ]
        version._measured = found  # type: ignore[attr-defined]  # noqa: SLF001 - a cache on our own row
    return found


def measurements_due(now: datetime) -> QuerySet[Measurement]:
    """Further evaluations whose runs have ended, longest waiting first."""
    rows = Measurement.objects.filter(state=MeasurementState.RUNNING, next_try_at__lte=now, run__state__in=FINAL)
    return rows.order_by("next_try_at", "pk")


def texts_for(version: ModelVersion) -> list[Staging]:
    """What it can be evaluated on: the staged data of its project, those it was trained on first and in their order."""
    own = list(RunData.objects.filter(run=version.run_id).order_by("pk").values_list("staging", flat=True))
    order = {pk: place for place, pk in enumerate(own)}
    rows = staged(version.model.project)[:TEXTS_AT_MOST]
    return sorted(rows, key=lambda one: (order.get(one.pk, len(order)), one.pk))


def own_texts_of(version: ModelVersion) -> list[Staging]:
    """The data that it was trained on, where all of it is still staged; else none."""
    own = set(RunData.objects.filter(run=version.run_id).values_list("staging", flat=True))
    found = [one for one in texts_for(version) if one.pk in own]
    return found if len(found) == len(own) else []


def keys() -> QuerySet[SiteKey]:
    """The keys this site signs or signed with, newest first: public, as they must be."""
    return SiteKey.objects.order_by("-pk")


def key_of(digits: str) -> SiteKey:
    """A key by the digits of its fingerprint. Raises NotFound."""
    found = keys().filter(fingerprint=f"sha256:{digits}").first()
    if found is None:
        raise NotFound(_("This site has no such key."), todo=_("See the list of its keys."))
    return found


def revoked_keys() -> list[RevokedKey]:
    """What `revoked-keys.json` says."""
    rows = keys().filter(state=KeyState.REVOKED).exclude(revoked_at=None)
    return [RevokedKey(one.fingerprint, one.revoked_at.isoformat(), one.revoked_because) for one in rows]  # type: ignore[union-attr]
