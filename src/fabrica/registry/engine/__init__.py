"""Manifests, signatures and model cards of folders: no Django, so that the command line works on the files alone."""

from fabrica.registry.engine.card import render_card
from fabrica.registry.engine.manifest import Signed, build_manifest, sign_folder
from fabrica.registry.engine.release import sign_release
from fabrica.registry.engine.revoked import RevokedKey, read_revoked, revoked_json
from fabrica.registry.engine.verdict import Change, State, Verdict
from fabrica.registry.engine.verify import verify_folder

__all__ = [
    "Change",
    "RevokedKey",
    "Signed",
    "State",
    "Verdict",
    "build_manifest",
    "read_revoked",
    "render_card",
    "revoked_json",
    "sign_folder",
    "sign_release",
    "verify_folder",
]
