"""The chain and the site's keys."""

import pytest
from fabrica.audit import queries, services
from fabrica.kit.signing import create_key, public_pem


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "keys"


def sealed_with(key, tmp_path, now):
    services.record(verb="test.entry", by=None, subject="test:1", now=now)
    services.seal(key=key, anchor=tmp_path / "anchors", now=now)


def test_seals_of_a_key_that_was_rotated_still_hold(db, keys, tmp_path, now):
    old = create_key(keys / "site.pem")
    sealed_with(old, tmp_path, now)
    (keys / "site.pem").unlink()
    new = create_key(keys / "site.pem")
    sealed_with(new, tmp_path, now)
    alone = queries.verify_site(keys=keys, anchor=tmp_path / "anchors")
    assert alone.problems == ("Seal 1: the signature is not this site's.",)
    (keys / "site-0123.pub").write_text(public_pem(old.public_key()))
    assert queries.verify_site(keys=keys, anchor=tmp_path / "anchors").holds
