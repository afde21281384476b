import hashlib
import re

import pytest
from fabrica.kit import ids
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Novalis Labs", "novalis-labs"),
        ("  Élan  vital! ", "elan-vital"),
        ("Straße", "strae"),
        ("日本", "x"),
        ("", "x"),
        ("--", "x"),
        ("a" * 50, "a" * 40),
    ],
)
def test_a_slug_keeps_letters_and_digits(text, slug):
    assert ids.slug(text) == slug


@given(st.text(), st.integers(1, 48))
def test_any_text_becomes_a_valid_slug_within_its_limit(text, limit):
    made = ids.slug(text, limit)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made)
    assert len(made) <= limit
    assert ids.SLUG.fullmatch(made)


@given(st.text())
def test_a_slug_of_a_slug_is_itself(text):
    assert ids.slug(ids.slug(text)) == ids.slug(text)


def test_uids_are_opaque_and_differ():
    assert re.fullmatch(r"[0-9a-f]{32}", ids.new_uid())
    assert ids.new_uid() != ids.new_uid()


def test_a_secret_holds_256_bits_and_is_stored_as_its_hash():
    secret = ids.new_secret()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert ids.digest(secret) == hashlib.sha256(secret.encode()).hexdigest()
