"""What the doctor says of providers that people sign in with."""

import pytest
from fabrica.config.doctor.finding import bad, well
from fabrica.config.doctor.sign_in import discover, providers
from fabrica.people.engine.providers import SignInProvider
from fabrica.people.tests.signing_in import there  # noqa: F401 - fixture


def known(provider):
    return SignInProvider("campus", "Campus", provider.issuer, "fabrica", "s3cret", ("openid",))


def test_without_providers_there_is_nothing_to_say():
    assert list(providers()) == []


def test_a_provider_that_describes_itself_is_well(there, settings):
    settings.FABRICA_OIDC_PROVIDERS = {"campus": known(there)}
    assert list(providers()) == [well(f"Campus answers at {there.issuer}.")]


def test_a_provider_that_calls_itself_something_else_is_told(there):
    there.discovery = {"issuer": "https://evil.example"}
    assert discover(known(there)) == bad(
        f"Campus says that it is https://evil.example, not {there.issuer}.",
        "Set its ISSUER to exactly what it says, slash by slash, if that is whom you trust.",
    )


def test_an_address_without_https_is_told(there):
    there.discovery = {"jwks_uri": "http://evil.example/keys"}
    assert discover(known(there)) == bad("Campus names no HTTPS address for jwks_uri.", "Tell the people who run it.")


@pytest.mark.parametrize("broken", ["redirect", "error", "nonsense", "endless"])
def test_a_provider_that_answers_badly_is_told(there, broken):
    there.broken = broken
    finding = discover(known(there))
    assert not finding.is_well
    assert finding.what.startswith(
        f"Campus does not describe itself at {there.issuer}/.well-known/openid-configuration: "
    )


def test_a_provider_that_is_gone_is_told(there):
    there.stop()
    assert not discover(known(there)).is_well
