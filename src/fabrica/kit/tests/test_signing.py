import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabrica.kit import signing
from fabrica.kit.errors import Refused
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def key(tmp_path):
    return signing.create_key(tmp_path / "site.pem")


def other_kind():
    return ec.generate_private_key(ec.SECP256R1())


def test_a_key_is_for_its_owner_and_its_public_half_for_all(tmp_path, key):
    assert (tmp_path / "site.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "site.pub").stat().st_mode & 0o777 == 0o644
    public = signing.load_public_key(tmp_path / "site.pub")
    assert signing.fingerprint(public) == signing.fingerprint(key.public_key())
    again = signing.load_key(tmp_path / "site.pem")
    assert signing.fingerprint(again.public_key()) == signing.fingerprint(public)


def test_a_key_is_never_overwritten(tmp_path, key):
    before = (tmp_path / "site.pem").read_bytes()
    with pytest.raises(Refused, match="exists already"):
        signing.create_key(tmp_path / "site.pem")
    assert (tmp_path / "site.pem").read_bytes() == before


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_signature_holds_for_its_data_alone(data, other):
    key = signing.Ed25519PrivateKey.generate()
    made = signing.sign(key, data)
    assert signing.is_signed(key.public_key(), data, made)
    assert signing.is_signed(key.public_key(), other, made) == (data == other)


def test_another_key_did_not_sign_it(key):
    stranger = signing.Ed25519PrivateKey.generate().public_key()
    assert not signing.is_signed(stranger, b"data", signing.sign(key, b"data"))


@given(st.text(max_size=100))
def test_malformed_signatures_are_just_not_signatures(text):
    key = signing.Ed25519PrivateKey.generate()
    assert not signing.is_signed(key.public_key(), b"data", text)


def test_a_flipped_bit_breaks_a_signature(key):
    raw = bytearray(base64.b64decode(signing.sign(key, b"data")))
    raw[0] ^= 1
    assert not signing.is_signed(key.public_key(), b"data", base64.b64encode(raw).decode())


def test_a_fingerprint_is_the_hash_of_the_raw_key():
    raw = bytes(range(32))
    public = signing.Ed25519PublicKey.from_public_bytes(raw)
    assert signing.fingerprint(public) == "sha256:630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"


def test_a_missing_or_broken_key_file_is_told(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        signing.load_key(tmp_path / "absent.pem")
    with pytest.raises(Refused, match="cannot be read"):
        signing.load_public_key(tmp_path / "absent.pub")
    (tmp_path / "junk.pem").write_text("junk")
    with pytest.raises(Refused, match="cannot be read"):
        signing.load_key(tmp_path / "junk.pem")
    with pytest.raises(Refused, match="not a public key in PEM"):
        signing.load_public_key(tmp_path / "junk.pem")
    (tmp_path / "bytes.pub").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="cannot be read"):
        signing.load_public_key(tmp_path / "bytes.pub")


def test_a_key_of_another_kind_is_refused(tmp_path):
    private = other_kind()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ec.pem").write_bytes(pem)
    with pytest.raises(Refused, match="not an Ed25519 key"):
        signing.load_key(tmp_path / "ec.pem")
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(Refused, match="not an Ed25519 public key"):
        signing.public_key(public.decode())


def test_a_key_with_a_password_is_told_and_does_not_crash(tmp_path):
    pem = signing.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    (tmp_path / "locked.pem").write_bytes(pem)
    with pytest.raises(Refused, match="cannot be read"):
        signing.load_key(tmp_path / "locked.pem")
