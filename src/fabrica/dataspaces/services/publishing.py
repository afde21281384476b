"""What a provider does: describe, publish, withdraw."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.dataspaces import rules
from fabrica.dataspaces.engine.terms import licence_url, licences, licences_source
from fabrica.dataspaces.models import Dataset, Staging, Version
from fabrica.dataspaces.states import State, check_move
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.files import FileFact, facts_sha256, folder_facts
from fabrica.kit.ids import SLUG
from fabrica.kit.ids import slug as slug_of
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Organisation, Person

RESERVED = ("new", "mine")
SLUG_LIMIT = 40
FIELDS = (
    "title", "description", "provenance", "language", "licence", "licence_url", "policy_text", "policy_purposes",
    "has_personal_data",
)  # fmt: skip


def must_provide(by: Person, dataset: Dataset) -> None:
    """Raises NotAllowed for all but the dataset's provider."""
    if not rules.provides(by, dataset):
        raise NotAllowed(_("Only data providers of its organisation change a dataset."))


@transaction.atomic
def create_dataset(
    *, organisation: Organisation, values: Mapping[str, Any], by: Person, now: datetime, slug: str = ""
) -> Dataset:
    """Describe a new dataset; nobody else sees it before its first version is published.

    `values` holds `FIELDS`; the slug is the title's where none is given. Raises NotAllowed for an organisation the
    person does not publish for, Refused for values out of bounds or a slug that is taken.
    """
    if not rules.can_publish_for(by, organisation):
        raise NotAllowed(_("Only data providers publish, for an organisation they work for."))
    if slug and (not SLUG.fullmatch(slug) or len(slug) > SLUG_LIMIT or slug in RESERVED):
        raise Refused(
            _("%(slug)r cannot be its name in addresses.") % {"slug": slug},
            todo=_("Use up to 40 small letters, digits and -."),
        )
    dataset = Dataset(
        slug=slug or free_slug(str(values.get("title", ""))), provider=organisation, created_by=by, created_at=now
    )
    set_values(dataset, values)
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            _("The name %(slug)s is taken.") % {"slug": dataset.slug}, todo=_("Choose another one.")
        ) from error
    record(verb="dataset.create", by=by, subject=dataset.subject, now=now, terms=dataset.terms.sha256)
    return dataset


def free_slug(title: str) -> str:
    """The title's slug, with a number where it is taken."""
    base = slug_of(title, limit=SLUG_LIMIT - 5)
    taken = {*Dataset.objects.filter(slug__startswith=base).values_list("slug", flat=True), *RESERVED}
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if name not in taken)


def set_values(dataset: Dataset, values: Mapping[str, Any]) -> None:
    """Put the values into the row, unsaved. Raises Refused for unknown fields and values out of bounds."""
    if unknown := sorted(set(values) - set(FIELDS)):
        raise Refused(
            _("Unknown field: %(names)s.") % {"names": ", ".join(unknown)},
            todo=_("The fields are: %(known)s.") % {"known": ", ".join(FIELDS)},
        )
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.licence_url = licence_url(dataset.licence) or dataset.licence_url
    if dataset.licence not in licences() and not dataset.licence_url and not dataset.is_own_data:
        raise Refused(
            _("%(licence)r is no licence this site knows.") % {"licence": dataset.licence[:60]},
            why=_("Known: %(known)s. Source: %(source)s.")
            % {"known": ", ".join(licences()), "source": licences_source()},
            todo=_("Use one of them, or give the address of your licence's text."),
        )
    try:
        dataset.clean_fields(exclude=[f.name for f in dataset._meta.fields if f.name not in FIELDS])
    except ValidationError as error:
        lines = [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        raise Refused(_("This description cannot be kept."), why="; ".join(lines)) from error


@transaction.atomic
def change_dataset(*, dataset: Dataset, values: Mapping[str, Any], by: Person, now: datetime) -> Dataset:
    """Change the description, licence or policy. Changed terms must be accepted anew before the next staging.

    Raises NotAllowed, Refused.
    """
    must_provide(by, dataset)
    before = dataset.terms.sha256
    set_values(dataset, values)
    dataset.save(update_fields=list(FIELDS))
    after = dataset.terms.sha256
    record(verb="dataset.change", by=by, subject=dataset.subject, now=now, terms=after, terms_changed=before != after)
    return dataset


@transaction.atomic
def new_version(*, dataset: Dataset, by: Person, now: datetime) -> Version:
    """Start the next version as an empty draft, or return the draft there is. Raises NotAllowed."""
    must_provide(by, dataset)
    Dataset.objects.select_for_update().get(pk=dataset.pk)  # two at once get the same draft
    if draft := dataset.versions.filter(state=State.DRAFT).first():
        return draft
    last = dataset.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    version = Version.objects.create(
        dataset=dataset, number=number, folder=folder_of(dataset, number), created_by=by, created_at=now
    )
    version.path.mkdir(parents=True, exist_ok=True)
    record(verb="dataset.draft", by=by, subject=version.subject, now=now)
    return version


def folder_of(dataset: Dataset, number: int) -> str:
    """Where the files of a version lie, below the site's storage."""
    return f"datasets/{dataset.slug}/{number}"


def publish(*, version: Version, by: Person, now: datetime, revision: int | None = None) -> Version:
    """Freeze a draft's files under their hash and show them to everybody.

    `revision` is the draft's as it was reviewed. Raises NotAllowed; Refused for an empty draft, and where files were
    added since the review or meanwhile.
    """
    must_provide(by, version.dataset)
    check_move(State(version.state), State.PUBLISHED)
    if revision is not None and revision != version.revision:
        raise Refused(_("Files were changed since you reviewed them."), todo=_("Look through the list again."))
    facts = folder_facts(version.path)
    if not facts:
        raise Refused(_("There are no files in it yet."), todo=_("Upload at least one file."))
    with transaction.atomic():
        mine = Version.objects.filter(pk=version.pk, state=State.DRAFT, revision=version.revision)
        if not mine.update(**frozen(facts), state=State.PUBLISHED, published_at=now):
            raise Refused(_("Somebody changed or published it meanwhile."), todo=_("Reload the page."))
        version.refresh_from_db()
        freeze(version)
        record(
            verb="dataset.publish", by=by, subject=version.subject, now=now,
            sha256=version.sha256, files=version.file_count, bytes=version.size_bytes,
        )  # fmt: skip
    return version


def frozen(facts: tuple[FileFact, ...]) -> dict[str, Any]:
    """What a published version says of its files."""
    return {
        "sha256": facts_sha256(facts),
        "size_bytes": sum(one.size_bytes for one in facts),
        "file_count": len(facts),
        "files": [vars(one) for one in facts],
    }


def freeze(version: Version) -> None:
    """Make the files read-only: no protection from an operator, who is found out by the hashes, but from accidents."""
    for one in version.facts:
        (version.path / one.path).chmod(0o444)


@transaction.atomic
def withdraw(*, version: Version, reason: str, by: Person, now: datetime) -> Version:
    """Stop new agreements and stagings of a version; those who staged it are told why. Raises NotAllowed, Refused."""
    must_provide(by, version.dataset)
    check_move(State(version.state), State.WITHDRAWN)
    if not reason.strip():
        raise Refused(_("Those who use it must be told why."), todo=_("Write the reason in a sentence or two."))
    mine = Version.objects.filter(pk=version.pk, state=State.PUBLISHED)
    if not mine.update(state=State.WITHDRAWN, withdrawn_at=now, withdrawn_because=reason[:1000]):
        raise Refused(_("Somebody withdrew it meanwhile."), todo=_("Reload the page."))
    version.refresh_from_db()
    record(verb="dataset.withdraw", by=by, subject=version.subject, now=now)
    for staging in Staging.objects.select_related("requested_by", "project").filter(version=version):
        tell(
            person=staging.requested_by, kind="dataset_withdrawn", event=f"{version.subject}:{staging.pk}:withdrawn",
            now=now, path=f"/data/{version.dataset.slug}/", about=about_project(staging.project.slug),
            version=version, project=staging.project, reason=reason,
        )  # fmt: skip
    return version
