"""A site as it is deployed: each test starts Python afresh with an environment of its own."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.long

SECRET = {"FABRICA_SECRET_KEY": "k8s-9f0e2c7b4a6d1e5f3a8b7c2d9e4f6a1b0c5d8e7f2a3b4c6d8e0f"}
ASKED = [
    "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_PROXY_SSL_HEADER", "DEBUG",
]  # fmt: skip
SHOW = "import json, django; django.setup(); from django.conf import settings as s; print(json.dumps([getattr(s, n) for n in %r]))"


@pytest.fixture
def start(tmp_path):
    def start(*argv, **changes):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FABRICA_", "DATABASE_URL", "DJANGO_"))
        }
        environment = {
            **kept, "DJANGO_SETTINGS_MODULE": "fabrica.config.settings", "FABRICA_HOME": str(tmp_path), **changes,
        }  # fmt: skip
        return subprocess.run([sys.executable, *argv], env=environment, capture_output=True, text=True, timeout=60)

    return start


def test_a_site_without_a_secret_refuses_to_start_and_says_how_to_make_one(start, tmp_path):
    done = start("-c", "import django; django.setup()")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: There is no secret key. Run `fabrica-site init` to make one in "
        f"{tmp_path}/secret-key, or set FABRICA_SECRET_KEY or FABRICA_SECRET_KEY_FILE."
    )


def test_the_deploy_check_finds_nothing(start):
    done = start("-W", "error", "-m", "django", "check", "--deploy", "--fail-level", "INFO", **SECRET)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (1 silenced).\n"), done.stderr


def test_outside_the_demo_cookies_are_secure_and_https_is_kept(start):
    done = start("-c", SHOW % ASKED, **SECRET)
    assert json.loads(done.stdout) == [True, True, True, True, 31_536_000, True, None, False]


def test_the_demo_alone_speaks_plain_http(start):
    done = start("-c", SHOW % ASKED, FABRICA_DEMO="1", **SECRET)
    assert json.loads(done.stdout) == [False, False, True, False, 0, False, None, False]


def test_only_behind_a_proxy_its_header_is_believed(start):
    asked = SHOW % ["SECURE_PROXY_SSL_HEADER", "ALLAUTH_TRUSTED_PROXY_COUNT"]
    assert json.loads(start("-c", asked, **SECRET).stdout) == [None, 0]
    done = start("-c", asked, FABRICA_BEHIND_PROXY="1", **SECRET)
    assert json.loads(done.stdout) == [["HTTP_X_FORWARDED_PROTO", "https"], 1]


@pytest.mark.parametrize("unsafe", ["FABRICA_DEMO", "FABRICA_DEBUG"])
def test_the_demo_and_debugging_listen_on_loopback_only(start, unsafe):
    done = start("-m", "fabrica.config", "serve", "--host", "0.0.0.0", **{**SECRET, unsafe: "1"})
    told = "The demo and debugging listen on loopback only, not on 0.0.0.0. Leave out --host.\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_the_demo_keeps_to_its_own_folder_whatever_a_site_set_in_the_same_shell(start, tmp_path):
    named = tmp_path / "named"
    named.write_text("postgresql://portal@db/portal")
    show = "import fabrica.config.demo.__main__; from fabrica.config import env; print(env.text('FABRICA_HOME'), [*map(env.text, %r)])"
    set_by_a_site = ["DATABASE_URL", "FABRICA_STORAGE", "FABRICA_KEYS", "FABRICA_SECRET_KEY"]
    files = {f"{name}_FILE": str(named) for name in [*set_by_a_site, "FABRICA_HOME"]}
    done = start("-c", show % set_by_a_site, FABRICA_DEMO_FOLDER=str(tmp_path / "demo"), **files)
    assert done.stdout == f"{tmp_path / 'demo'} ['', '', '', '']\n", done.stderr


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"FABRICA_DEMO": "1", "FABRICA_HOSTS": "factory.example"}, "fabrica.E001"),
        ({"FABRICA_DEBUG": "1", "FABRICA_HOSTS": "factory.example"}, "fabrica.E002"),
        ({"FABRICA_SECRET_KEY": "short"}, "fabrica.E003"),
        ({"FABRICA_UNIX_PROJECT_TEMPLATE": "project"}, "fabrica.E005"),
        ({"FABRICA_ACKNOWLEDGEMENT": "Thanks to {secret_key}."}, "fabrica.E006"),
        ({"FABRICA_ACKNOWLEDGEMENT": "Thanks to {site.__class__}."}, "fabrica.E006"),
        ({"FABRICA_ACKNOWLEDGEMENT": "Thanks to {site"}, "fabrica.E006"),
        ({"FABRICA_CLOCKS": "/nowhere.json"}, "fabrica.E007"),
        ({"FABRICA_CRITERIA": "/nowhere.json"}, "fabrica.E007"),
        ({"FABRICA_SME_RULES": "/nowhere.json"}, "fabrica.E007"),
        ({"FABRICA_LIFE_RULES": "/nowhere.json"}, "fabrica.E007"),
    ],
)
def test_what_would_be_unsafe_does_not_pass_the_check(start, changes, told):
    done = start("-m", "django", "check", **{**SECRET, **changes})
    assert done.returncode == 1
    assert f"({told})" in done.stderr


def test_a_worker_does_not_begin_with_data_of_the_site_that_cannot_be_used(start):
    done = start("-m", "fabrica.config", "work", "--until-idle", FABRICA_CLOCKS="/nowhere.json", **SECRET)
    told = "FABRICA_CLOCKS: /nowhere.json cannot be used. No such file or directory"
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


CAMPUS = {
    "FABRICA_OIDC_PROVIDERS": "my-campus", "FABRICA_OIDC_MY_CAMPUS_ISSUER": "https://campus.example/",
    "FABRICA_OIDC_MY_CAMPUS_CLIENT_ID": "fabrica", "FABRICA_OIDC_MY_CAMPUS_SECRET": "s3cret",
    "FABRICA_OIDC_MY_CAMPUS_ACR_VALUES": "one two",
}  # fmt: skip
SETTINGS = "import django; django.setup(); from django.conf import settings as s; "
PROVIDERS = SETTINGS + "print(s.FABRICA_OIDC_PROVIDERS)"
CAMPUS_READ = SETTINGS + "one = s.FABRICA_OIDC_PROVIDERS['my-campus']; print(one, one.secret)"


def test_there_is_no_provider_unless_one_is_named(start):
    assert start("-c", PROVIDERS, **SECRET).stdout == "{}\n"


def test_a_provider_is_read_with_its_secret_from_a_file_and_does_not_show_it(start, tmp_path):
    (tmp_path / "secret").write_text("hidden\n")
    named = {**CAMPUS, "FABRICA_OIDC_MY_CAMPUS_SECRET_FILE": str(tmp_path / "secret")}
    done = start("-c", CAMPUS_READ, **named, **SECRET)
    assert done.stdout == (
        "SignInProvider(slug='my-campus', name='my-campus', issuer='https://campus.example/', client_id='fabrica', "
        "scopes=('openid', 'profile', 'email'), acr_values=('one', 'two')) hidden\n"
    ), done.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"FABRICA_OIDC_PROVIDERS": "My Campus"}, "My Campus is no name for a provider"),
        ({"FABRICA_OIDC_PROVIDERS": "my-campus,my-campus"}, "or stands there twice"),
        ({"FABRICA_OIDC_MY_CAMPUS_SECRET": ""}, "FABRICA_OIDC_MY_CAMPUS_SECRET is missing"),
        ({"FABRICA_OIDC_MY_CAMPUS_ISSUER": "http://campus.example"}, "is not an https:// address"),
        ({"FABRICA_OIDC_MY_CAMPUS_ISSUER": "https://me@campus.example"}, "is not an https:// address"),
        ({"FABRICA_OIDC_MY_CAMPUS_SCOPES": "email"}, "FABRICA_OIDC_MY_CAMPUS_SCOPES lacks openid"),
    ],
)
def test_a_provider_that_cannot_be_stops_the_start(start, change, told):
    done = start("-c", PROVIDERS, **{**CAMPUS, **change}, **SECRET)
    assert done.returncode == 1
    assert told in done.stderr.splitlines()[-1]
