"""Verifying a folder: whatever is done to it, the verdict says so, and says what."""

import base64
import json
import os
import shutil
import subprocess
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fabrica.kit.errors import Refused
from fabrica.kit.files import canonical_json
from fabrica.kit.signing import fingerprint, public_pem
from fabrica.registry.engine import Change, RevokedKey, State, build_manifest, sign_folder, sign_release, verify_folder
from fabrica.registry.tests.folders import FACTS, FILES, signed_folder, unsigned_folder

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
PUBLIC, PIN, OTHER_PIN = KEY.public_key(), fingerprint(KEY.public_key()), fingerprint(OTHER.public_key())
COVERED = sorted([*FILES, "facts.json", "site.pub"])


@pytest.fixture
def folder(tmp_path):
    return signed_folder(tmp_path / "model", KEY)


def flip(path, position):
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(bytes(raw))
    return sha256(raw).hexdigest()


def states(folder):
    """By key, and by the pinned fingerprint alone."""
    return [verify_folder(folder, PUBLIC).state, verify_folder(folder, fingerprint=PIN).state]


def test_a_signed_folder_is_verified_by_key_and_by_fingerprint(folder):
    assert states(folder) == [State.VERIFIED, State.VERIFIED]
    assert verify_folder(folder, PUBLIC, PIN.upper()).name == "reader-demo@1"


def test_the_manifest_lists_every_file_with_size_and_hash(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert [one["path"] for one in manifest["files"]] == COVERED
    weights = next(one for one in manifest["files"] if one["path"] == "model.safetensors")
    assert weights == {"path": "model.safetensors", "size_bytes": 9, "sha256": sha256(b"\x00\x01weights").hexdigest()}
    assert manifest["facts_sha256"] == sha256(canonical_json(FACTS)).hexdigest()
    assert manifest["signer"] == PIN


def test_the_same_files_and_facts_make_the_same_manifest_wherever_they_lie(tmp_path):
    here, there = unsigned_folder(tmp_path / "a"), unsigned_folder(tmp_path / "b")
    assert build_manifest(here, FACTS) == build_manifest(there, dict(reversed(FACTS.items())))


def test_without_a_trusted_key_nothing_is_verified(folder):
    with pytest.raises(Refused, match="Verifying needs a key you trust"):
        verify_folder(folder)
    with pytest.raises(Refused, match="do not belong together"):
        verify_folder(folder, PUBLIC, OTHER_PIN)
    with pytest.raises(Refused, match="not a fingerprint"):
        verify_folder(folder, fingerprint="sha256:abc")


@pytest.mark.parametrize("name", COVERED)
def test_a_flipped_byte_in_any_place_of_a_file_is_told_with_both_hashes(folder, name):
    path = folder / name
    good = path.read_bytes()
    expected = sha256(good).hexdigest()
    for position in range(len(good)):
        found = flip(path, position)
        verdict = verify_folder(folder, PUBLIC)
        assert (verdict.state, verdict.changes) == (State.ALTERED, (Change(name, "changed", expected, found),))
        path.write_bytes(good)
    assert verify_folder(folder, PUBLIC).is_verified


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "site.pub"])
def test_a_flipped_byte_in_any_place_of_manifest_signature_or_key_is_never_verified(folder, name):
    path = folder / name
    good = path.read_bytes()
    for position in range(len(good)):
        flip(path, position)
        assert states(folder) == [State.ALTERED, State.ALTERED], position
        path.write_bytes(good)


@pytest.mark.parametrize("tail", [b"\n", b" ", b"\x00"])
@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", *COVERED])
def test_a_byte_more_or_less_at_the_end_is_told(folder, name, tail):
    path = folder / name
    good = path.read_bytes()
    path.write_bytes(good + tail)
    assert states(folder) == [State.ALTERED, State.ALTERED]
    path.write_bytes(good[:-1])
    assert states(folder) == [State.ALTERED, State.ALTERED]


def test_an_added_file_is_told(folder):
    (folder / "nested" / "extra.txt").write_bytes(b"x")
    verdict = verify_folder(folder, PUBLIC)
    assert verdict.changes == (Change("nested/extra.txt", "added", "", sha256(b"x").hexdigest()),)


def test_a_removed_file_is_told(folder):
    (folder / "tokenizer.json").unlink()
    verdict = verify_folder(folder, PUBLIC)
    assert verdict.changes == (Change("tokenizer.json", "missing", sha256(b"{}").hexdigest(), ""),)


def test_a_renamed_file_is_told_as_missing_and_added_with_the_same_hash(folder):
    (folder / "tokenizer.json").rename(folder / "words.json")
    same = sha256(b"{}").hexdigest()
    assert verify_folder(folder, PUBLIC).changes == (
        Change("tokenizer.json", "missing", same, ""),
        Change("words.json", "added", "", same),
    )


def test_a_link_is_refused_even_to_the_same_bytes(folder, tmp_path):
    (folder / "tokenizer.json").rename(tmp_path / "outside.json")
    (folder / "tokenizer.json").symlink_to(tmp_path / "outside.json")
    verdict = verify_folder(folder, PUBLIC)
    assert (verdict.state, verdict.changes) == (State.ALTERED, (Change("tokenizer.json", "link"),))


def test_a_linked_folder_a_dangling_link_and_a_pipe_are_told(folder, tmp_path):
    (folder / "a").symlink_to(tmp_path)
    (folder / "b").symlink_to("nowhere")
    os.mkfifo(folder / "c")
    kinds = [(one.path, one.kind) for one in verify_folder(folder, PUBLIC).changes]
    assert kinds == [("a", "link"), ("b", "link"), ("c", "not_a_file")]


def test_a_link_is_never_signed(folder):
    (folder / "a").symlink_to("tokenizer.json")
    with pytest.raises(Refused, match="a is a link"):
        sign_folder(folder, FACTS, KEY)


def test_a_manifest_or_signature_that_is_a_link_is_told(folder, tmp_path):
    (folder / "manifest.sig").rename(tmp_path / "sig")
    (folder / "manifest.sig").symlink_to(tmp_path / "sig")
    assert verify_folder(folder, PUBLIC).changes == (Change("manifest.sig", "link"),)


def test_another_signer_is_told_from_altered_files(folder):
    sign_folder(folder, FACTS, OTHER)
    verdict = verify_folder(folder, PUBLIC)
    assert (verdict.state, verdict.signer) == (State.UNKNOWN_SIGNER, OTHER_PIN)
    assert verdict.why == f"It was signed by {OTHER_PIN}, not by {PIN}."
    (folder / "tokenizer.json").write_bytes(b"[]")
    assert verify_folder(folder, PUBLIC).state == State.ALTERED


def test_whoever_changes_a_file_and_puts_an_own_key_beside_it_is_an_unknown_signer(folder):
    (folder / "model.safetensors").write_bytes(b"other weights")
    sign_folder(folder, FACTS, OTHER)
    assert states(folder) == [State.UNKNOWN_SIGNER, State.UNKNOWN_SIGNER]


def test_another_key_put_beside_good_files_is_told(folder):
    (folder / "site.pub").write_text(public_pem(OTHER.public_key()))
    assert states(folder) == [State.ALTERED, State.ALTERED]


def test_a_file_changed_together_with_its_line_in_the_manifest_is_told(folder):
    (folder / "tokenizer.json").write_bytes(b"[]")
    signer = json.loads((folder / "manifest.json").read_bytes())["signer"]
    (folder / "manifest.json").write_bytes(canonical_json(build_manifest(folder, FACTS, signer)))
    verdict = verify_folder(folder, PUBLIC)
    assert [(one.path, one.kind) for one in verdict.changes] == [("manifest.json", "signature")]


def test_after_a_rotation_the_old_key_still_verifies_the_old_model_and_the_new_one_does_not(folder):
    assert verify_folder(folder, OTHER.public_key()).state == State.UNKNOWN_SIGNER
    assert verify_folder(folder, PUBLIC).state == State.VERIFIED


def test_a_revoked_key_verifies_nothing(folder):
    revoked = [RevokedKey(PIN, "2026-11-23T09:00:00+00:00", "The disk was stolen.")]
    verdict = verify_folder(folder, PUBLIC, revoked=revoked)
    assert (verdict.state, verdict.why) == (
        State.REVOKED,
        "The key was revoked at 2026-11-23T09:00:00+00:00: The disk was stolen.",
    )
    assert verify_folder(folder, OTHER.public_key(), revoked=revoked).state == State.REVOKED


def test_without_a_signature_it_is_unsigned_and_without_a_manifest_it_is_altered(folder, tmp_path):
    (folder / "manifest.sig").unlink()
    assert states(folder) == [State.UNSIGNED, State.UNSIGNED]
    other = signed_folder(tmp_path / "other", KEY)
    (other / "manifest.json").unlink()
    assert verify_folder(other, PUBLIC).changes == (Change("manifest.json", "missing"),)


def test_a_folder_without_either_or_that_is_not_there_is_no_model(tmp_path):
    assert states(unsigned_folder(tmp_path / "a")) == [State.NOT_A_MODEL, State.NOT_A_MODEL]
    assert states(tmp_path / "nowhere") == [State.NOT_A_MODEL, State.NOT_A_MODEL]


@pytest.mark.parametrize(
    "manifest", [b"[]", b"{}", b"\xff", b"null", b"[" * 100_000, b'{"format": "fabrica-manifest-1"}']
)
def test_a_signed_manifest_that_cannot_be_read_is_no_model(folder, manifest):
    (folder / "manifest.json").write_bytes(manifest)
    (folder / "manifest.sig").write_text(base64.b64encode(KEY.sign(manifest)).decode() + "\n")
    assert verify_folder(folder, PUBLIC).state == State.NOT_A_MODEL


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "a"}],
        "a",
        [{"path": 1, "size_bytes": 1, "sha256": "a" * 64}],
        [{"path": "a", "size_bytes": 1, "sha256": "A"}],
        [{"path": "a", "size_bytes": 1, "sha256": "a" * 64}] * 2,
    ],
)
def test_a_signed_manifest_with_malformed_files_is_no_model(folder, files):
    raw = canonical_json({**build_manifest(folder, FACTS, PIN), "files": files})
    (folder / "manifest.json").write_bytes(raw)
    (folder / "manifest.sig").write_text(base64.b64encode(KEY.sign(raw)).decode() + "\n")
    assert verify_folder(folder, PUBLIC).state == State.NOT_A_MODEL


def test_a_huge_signature_is_not_read(folder):
    (folder / "manifest.sig").write_bytes(b"A" * 2_000)
    with pytest.raises(Refused, match="larger than 1000 bytes"):
        verify_folder(folder, PUBLIC)


def test_the_verdict_is_told_as_json_and_as_sentences(folder):
    (folder / "tokenizer.json").unlink()
    told = verify_folder(folder, PUBLIC).as_dict()
    json.dumps(told)
    assert (told["state"], told["what"]) == ("altered", "Altered: this is not what was signed.")
    assert told["changes"][0]["text"] == f"tokenizer.json is missing: signed {sha256(b'{}').hexdigest()}"


def release(folder, number=1, key=KEY, facts=FACTS):
    """Documents beside the model, signed as a release."""
    place = folder / "release" / str(number)
    place.mkdir(parents=True)
    (place / "card.md").write_text(f"# Card {number}")
    (place / "facts.json").write_bytes(canonical_json(facts))
    manifest = (folder / "manifest.json").read_text()
    return sign_release(place, number=number, model_manifest=manifest, facts=facts, key=key)


def told(folder, **options):
    verdict = verify_folder(folder, PUBLIC, **options)
    return verdict.state, verdict.releases, [(one.path, one.kind) for one in verdict.changes]


def test_the_documents_of_each_release_are_verified_with_the_model(folder):
    release(folder)
    release(folder, 2)
    assert told(folder) == (State.VERIFIED, 2, [])
    assert states(folder) == [State.VERIFIED, State.VERIFIED]


@pytest.mark.parametrize(
    ("harm", "path", "kind"),
    [
        (lambda one: flip(one / "1/card.md", 0), "release/1/card.md", "changed"),
        (lambda one: (one / "2/card.md").unlink(), "release/2/card.md", "missing"),
        (lambda one: (one / "1/more.md").write_text("x"), "release/1/more.md", "added"),
        (lambda one: (one / "more.md").write_text("x"), "release/more.md", "added"),
        (lambda one: flip(one / "1/manifest.json", 9), "release/1/manifest.json", "signature"),
        (lambda one: (one / "2/manifest.sig").unlink(), "release/2/manifest.sig", "missing"),
        (lambda one: shutil.rmtree(one / "1"), "release/1/manifest.json", "missing"),
        (lambda one: (one / "2/card.md").symlink_to("x") if (one / "2/card.md").unlink() is None else None,
         "release/2/card.md", "link"),
    ],
)  # fmt: skip
def test_whatever_is_done_to_a_release_is_told(folder, harm, path, kind):
    release(folder)
    release(folder, 2)
    harm(folder / "release")
    assert told(folder) == (State.ALTERED, 0, [(path, kind)])


def test_documents_of_another_model_or_release_are_told(folder, tmp_path):
    other = signed_folder(tmp_path / "other", KEY)
    (other / "tokenizer.json").write_bytes(b"[]")
    sign_folder(other, FACTS, KEY)
    release(other)
    shutil.copytree(other / "release", folder / "release")
    assert told(folder) == (State.ALTERED, 0, [("release/1/manifest.json", "of_another")])
    shutil.rmtree(folder / "release")
    release(folder)
    shutil.copytree(folder / "release" / "1", folder / "release" / "2")
    assert told(folder) == (State.ALTERED, 0, [("release/2/manifest.json", "of_another")])


def test_a_release_signed_with_a_later_key_is_verified_by_who_trusts_both(folder):
    release(folder, key=OTHER)
    assert told(folder) == (State.UNKNOWN_SIGNER, 1, [])
    assert told(folder, also=[OTHER_PIN]) == (State.VERIFIED, 1, [])
    revoked = [RevokedKey(OTHER_PIN, "2026-11-23T09:00:00+00:00", "Lost.")]
    assert told(folder, also=[OTHER_PIN], revoked=revoked) == (State.REVOKED, 1, [])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(folder, tmp_path):
    (tmp_path / "sig").write_bytes(base64.b64decode((folder / "manifest.sig").read_text()))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "site.pub", "-rawin", "-in", "manifest.json"]
    done = subprocess.run([*command, "-sigfile", str(tmp_path / "sig")], cwd=folder, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, b"Signature Verified Successfully\n")
