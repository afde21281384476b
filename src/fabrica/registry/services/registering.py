"""From a succeeded run to a registered version, and the keys that sign."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from fabrica.audit.services import record
from fabrica.kit import ids
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.kit.files import list_files
from fabrica.kit.signing import create_key, fingerprint, load_key, public_pem
from fabrica.notices.queries import about_project
from fabrica.notices.services import tell
from fabrica.people.models import Person
from fabrica.registry import rules
from fabrica.registry.engine.manifest import FACTS, MANIFEST, SIGNATURE
from fabrica.registry.models import Intake, Model, ModelVersion, SiteKey
from fabrica.registry.packing import CARD, place_of
from fabrica.registry.states import IntakeState, KeyState
from fabrica.training.models import Run
from fabrica.training.states import Kind
from fabrica.training.states import State as RunState

BATCH = 100
TRIES_AT_MOST = 8
FIRST_REST = timedelta(seconds=10)
KEY_REASON_LIMIT = 500


def open_intakes(*, now: datetime) -> int:
    """Note each succeeded run that nobody took in yet; how many. Doing it twice, or in two workers, is the same."""
    new = Run.objects.filter(state=RunState.SUCCEEDED).exclude(kind=Kind.EVALUATE)
    new = new.exclude(pk__in=Intake.objects.values("run"))
    rows = [Intake(run=run, next_try_at=now) for run in new.order_by("pk")[:BATCH]]
    if rows:
        Intake.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def reserve(*, intake: Intake) -> Intake:
    """Give it its model and number, once and for good: a worker that starts again finds them."""
    if intake.number is not None:
        return intake
    run = intake.run
    name = str((run.recipe or {}).get("name") or "recipe") if run.kind == Kind.TRAIN else "command"
    model = Model.objects.select_for_update().filter(project=run.project, name=name[:80]).first()
    if model is None:
        title = f"{run.project.title} ({name[:80]})"
        slug = _free_slug(f"{run.project.slug}-{ids.slug(name, 20)}")
        model = Model.objects.create(project=run.project, name=name[:80], slug=slug, title=title)
    last = Intake.objects.filter(model=model).aggregate(last=Max("number"))["last"] or 0
    Intake.objects.filter(pk=intake.pk, number=None).update(model=model, number=last + 1)
    intake.refresh_from_db()
    return intake


def _free_slug(base: str) -> str:
    taken = set(Model.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if name not in taken)


@transaction.atomic
def register(*, intake: Intake, folder: Path, now: datetime) -> ModelVersion | None:
    """Enter a packed folder, as it lies there; None, writing nothing, if the claim on the intake was lost meanwhile."""
    if intake.model is None or intake.number is None:
        raise ValueError("a number is reserved before packing")
    if not intake.settle(state=IntakeState.REGISTERED, error=""):
        return None
    facts = json.loads((folder / FACTS).read_bytes())
    made = ModelVersion.objects.create(
        model=intake.model,
        number=intake.number,
        run=intake.run,
        facts=facts,
        card=(folder / CARD).read_text(encoding="utf-8"),
        manifest=(folder / MANIFEST).read_text(encoding="utf-8"),
        signature=(folder / SIGNATURE).read_text(encoding="ascii").strip(),
        key_fingerprint=facts["signer"],
        folder=place_of(intake),
        size_bytes=sum(path.stat().st_size for path in list_files(folder)),
        registered_at=now,
    )
    record(verb="model.register", by=None, subject=made.subject, now=now, run=intake.run.uid, key=made.key_fingerprint)
    _tell(made, "model_registered", now)
    return made


def _tell(version: ModelVersion, kind: str, now: datetime) -> None:
    event = f"{version.subject}:{version.state}"
    about = about_project(version.run.project.slug)
    tell(
        person=version.run.created_by, kind=kind, event=event, now=now, path=version.page, about=about, version=version
    )


@transaction.atomic
def leave_out(*, intake: Intake) -> bool:
    """Note that the run left no file to register."""
    return intake.settle(state=IntakeState.EMPTY, error="")


@transaction.atomic
def postpone(*, intake: Intake, why: str, now: datetime) -> None:
    """Note why it could not be registered and try again later and later; after eight tries its owner is told."""
    tries = intake.tries + 1
    state = IntakeState.FAILED if tries >= TRIES_AT_MOST else IntakeState.WAITING
    next_try_at = now + FIRST_REST * 2**tries
    if not intake.settle(state=state, tries=tries, next_try_at=next_try_at, error=why[:1000]):
        return
    if state == IntakeState.FAILED:
        run = intake.run
        record(verb="model.fail", by=None, subject=run.subject, now=now, tries=tries)
        event = f"intake:{run.uid}:failed"
        tell(
            person=run.created_by, kind="model_not_registered", event=event, now=now, path=run.path,
            about=about_project(run.project.slug), run=run, why=why,
        )  # fmt: skip


@transaction.atomic
def retry(*, intake: Intake, by: Person, now: datetime) -> None:
    """Try a failed one again, once its cause is mended. Raises NotAllowed for all but operators, Refused."""
    if not rules.can_keep_keys(by):
        raise NotAllowed(_("Only an operator tries a failed registration again."))
    failed = Intake.objects.filter(pk=intake.pk, state=IntakeState.FAILED)
    if not failed.update(state=IntakeState.WAITING, tries=0, next_try_at=now):
        raise Refused(_("This registration has not failed."))
    record(verb="model.retry", by=by, subject=intake.run.subject, now=now)


@transaction.atomic
def record_key(*, key: Ed25519PublicKey, by: Person | None, now: datetime) -> SiteKey:
    """Note the key the site signs with from now on; the one before it retires. The same key again changes nothing.

    Raises Refused for a key that was retired or revoked: the site must not sign with it again.
    """
    name = fingerprint(key)
    known = SiteKey.objects.filter(fingerprint=name).first()
    if known is not None and known.state != KeyState.ACTIVE:
        is_revoked = known.state == KeyState.REVOKED
        what = _("The signing key %(name)s is revoked.") if is_revoked else _("The signing key %(name)s is retired.")
        raise Refused(
            what % {"name": name},
            why=known.revoked_because,
            todo=_("Make a new one; docs/operator/keys.md says how."),
        )
    if known is not None:
        return known
    for former in SiteKey.objects.filter(state=KeyState.ACTIVE):
        SiteKey.objects.filter(pk=former.pk).update(state=KeyState.RETIRED, retired_at=now)
        record(verb="key.retire", by=by, subject=f"key:{former.fingerprint}", now=now)
    made = SiteKey.objects.create(fingerprint=name, public_pem=public_pem(key), created_at=now)
    record(verb="key.record", by=by, subject=f"key:{name}", now=now)
    return made


def rotate_key(*, by: Person, now: datetime) -> SiteKey:
    """Make a new signing key and sign with it from now on; the old files stay beside it as `site-<digits>.pem/.pub`.

    Killed anywhere it can be called again: `site.pem` is the old key or the new one. Raises NotAllowed, Refused.
    """
    if not rules.can_keep_keys(by):
        raise NotAllowed(_("Only an operator rotates the signing key."))
    folder = Path(settings.FABRICA_KEYS)
    current, following = folder / "site.pem", folder / "next.pem"
    old = load_key(current)
    if not SiteKey.objects.filter(fingerprint=fingerprint(old.public_key())).exists():
        record_key(key=old.public_key(), by=by, now=now)
    kept = folder / f"site-{fingerprint(old.public_key()).removeprefix('sha256:')[:16]}.pem"
    for left in (following, following.with_suffix(".pub"), kept, kept.with_suffix(".pub")):
        left.unlink(missing_ok=True)
    new = create_key(following)
    kept.hardlink_to(current)
    kept.with_suffix(".pub").write_text(public_pem(old.public_key()), encoding="ascii")
    following.replace(current)
    following.with_suffix(".pub").replace(current.with_suffix(".pub"))
    return record_key(key=new.public_key(), by=by, now=now)


@transaction.atomic
def revoke_key(*, key: SiteKey, reason: str, by: Person, now: datetime) -> SiteKey:
    """Say that nothing this key signed is to be trusted. There is no way back. Raises NotAllowed, Refused."""
    if not rules.can_keep_keys(by):
        raise NotAllowed(_("Only an operator revokes a signing key."))
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= KEY_REASON_LIMIT:
        todo = _("Give a reason of at most %d characters.") % KEY_REASON_LIMIT
        raise Refused(_("Whoever holds a model must be told why."), todo=todo)
    trusted = SiteKey.objects.filter(pk=key.pk).exclude(state=KeyState.REVOKED)
    if not trusted.update(state=KeyState.REVOKED, revoked_at=now, revoked_because=reason):
        raise Refused(_("This key was revoked before."))
    record(verb="key.revoke", by=by, subject=f"key:{key.fingerprint}", now=now)
    key.refresh_from_db()
    return key
