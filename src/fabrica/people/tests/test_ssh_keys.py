"""SSH keys: what is taken, who is told, and what a page shows."""

import json
import shutil
import subprocess

import pytest
from django.test import Client
from fabrica.audit.queries import about
from fabrica.kit.errors import NotAllowed, Refused
from fabrica.notices.models import Notice
from fabrica.people import queries, services
from fabrica.people.engine import public_key
from fabrica.people.models import SshKey
from fabrica.people.tests.keys import ecdsa_line, new_line, rsa_line, security_key_line

PAGE = "/account/ssh-keys/"
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text", [new_line(), new_line(""), ecdsa_line(), rsa_line(3072), security_key_line()], ids=range(5)
)
def test_a_key_that_is_taken_is_kept_without_its_comment(text):
    key = public_key(f"  {text}\n")
    assert f"{key.kind} {key.blob}" == " ".join(text.split()[:2])


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
def test_the_fingerprint_is_openssh_s(tmp_path):
    text = new_line()
    (tmp_path / "key.pub").write_text(text)
    shown = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True)
    assert public_key(text).fingerprint == shown.stdout.split()[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not one public key"),
        ("ssh-ed25519", "not one public key"),
        (new_line() + "\n" + new_line(), "not one public key"),
        ("ssh-ed25519 " + "A" * 9_000, "not one public key"),
        (PRIVATE, "a private key"),
        (rsa_line(2048), "An RSA key of 2048 bits is not taken"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACBAP ada@laptop", "'ssh-dss' is no kind of key"),
        (f'command="rm -rf /" {new_line()}', "is no kind of key"),
        (f"no-pty {new_line()}", "'no-pty' is no kind of key"),
        (f"cert-authority {new_line()}", "is no kind of key"),
        (new_line().replace("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"), "is no kind of key"),
        (new_line().replace("ssh-ed25519", "ssh-rsa"), "damaged"),
        ("ssh-ed25519 AAAA", "damaged"),
        ("ssh-ed25519 not*base64", "damaged"),
        (new_line("")[:-9], "damaged"),
    ],
    ids=lambda _value: "line",  # the keys are new in every process, and would be part of the names
)
def test_a_key_that_is_not_taken_says_why(text, told):
    with pytest.raises(Refused, match=told):
        public_key(text)


def add(person, now, text=None, name="laptop"):
    return services.add_ssh_key(name=name, text=text or new_line(), by=person, now=now)


def test_a_key_is_added_audited_and_told(cast, now):
    key = add(cast.applicant, now)
    assert list(queries.ssh_keys_of(cast.applicant)) == [key]
    entry = about(f"person:{cast.applicant.uid}").get(verb="ssh_key.add")
    assert entry.facts == {"kind": "ssh-ed25519", "fingerprint": key.fingerprint}
    told = Notice.objects.get(kind="ssh_key_added")
    assert (told.person, told.subject, told.path) == (cast.applicant, "An SSH key was added to your account", PAGE)
    assert f'The key "laptop" (ssh-ed25519, {key.fingerprint}) opens the machines' in told.body
    assert "ada@laptop" not in key.line


def test_one_key_opens_the_account_of_one_person(cast, now):
    text = new_line()
    add(cast.applicant, now, text)
    for person in (cast.mate, cast.applicant):
        with pytest.raises(Refused, match="registered already"):
            add(person, now, text.replace("ada@laptop", "other"))
    assert SshKey.objects.count() == 1


def test_there_are_at_most_ten(cast, now):
    for _ in range(services.MAX_SSH_KEYS):
        add(cast.applicant, now)
    with pytest.raises(Refused, match="You have 10 SSH keys already"):
        add(cast.applicant, now)
    assert add(cast.mate, now).person == cast.mate


def test_a_key_needs_a_name(cast, now):
    with pytest.raises(Refused, match="needs a name"):
        add(cast.applicant, now, name=" ")


def test_a_role_that_decides_needs_its_second_factor_first(cast, now, settings):
    settings.FABRICA_DEMO = False
    with pytest.raises(Refused, match="second factor first"):
        add(cast.officer, now)


def test_a_key_is_removed_by_its_person_only(cast, now):
    key = add(cast.applicant, now)
    with pytest.raises(NotAllowed):
        services.remove_ssh_key(key=key, by=cast.mate, now=now)
    services.remove_ssh_key(key=key, by=cast.applicant, now=now)
    services.remove_ssh_key(key=SshKey(pk=99, person=cast.applicant), by=cast.applicant, now=now)
    entries = about(f"person:{cast.applicant.uid}").filter(verb="ssh_key.remove")
    assert [one.facts for one in entries] == [{"fingerprint": key.fingerprint}]
    assert SshKey.objects.count() == 0


@pytest.fixture
def browser(cast):
    def browser(person=cast.applicant):
        client = Client()
        client.force_login(person)
        return client

    return browser


def test_the_page_is_empty_then_lists_and_asks_before_it_removes(cast, browser):
    empty = browser().get(PAGE).content.decode()
    assert ("No SSH key yet" in empty, "<table" in empty) == (True, False)
    answer = browser().post(PAGE, {"name": "laptop", "text": new_line()})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    key = SshKey.objects.get()
    page = browser().get(PAGE).content.decode()
    assert key.fingerprint in page
    assert 'data-confirm="Remove the SSH key laptop?' in page
    assert browser(cast.mate).post(f"{PAGE}{key.pk}/remove/").status_code == 404
    assert browser().get(f"{PAGE}{key.pk}/remove/").status_code == 405
    assert browser().post(f"{PAGE}{key.pk}/remove/")["Location"] == PAGE
    assert SshKey.objects.count() == 0


def test_a_bad_key_comes_back_with_the_reason_and_a_private_one_is_not_sent_back(browser):
    page = browser().post(PAGE, {"name": "laptop", "text": "no-pty x"})
    assert (page.status_code, list(page.context["form"].errors)) == (200, ["text"])
    page = browser().post(PAGE, {"name": "laptop", "text": PRIVATE})
    assert list(page.context["form"].errors) == ["text"]
    assert "b3BlbnNzaC1rZXktdjEAAAAA" not in page.content.decode()


def test_with_ten_keys_the_form_gives_way_to_a_sentence(cast, browser, now):
    for _ in range(services.MAX_SSH_KEYS):
        add(cast.applicant, now)
    page = browser().get(PAGE)
    assert page.context["form"] is None
    assert "You have 10 SSH keys, which is the most there may be." in page.content.decode()


@pytest.fixture
def ask(now):
    def ask(person, method, path, body=None, scopes=("account",)):
        from fabrica.kit.time import utcnow

        _, secret = services.create_token(name="t", scopes=list(scopes), days=1, by=person, now=utcnow())
        client = Client(headers={"authorization": f"Bearer {secret}"})
        return client.generic(method, f"/api/me/ssh-keys{path}", json.dumps(body), content_type="application/json")

    return ask


def test_keys_by_api(cast, ask):
    text = new_line("")
    made = ask(cast.applicant, "POST", "", {"name": "laptop", "key": f"{text} ada@laptop"})
    assert (made.status_code, made.json()["key"], made.json()["kind"]) == (201, text, "ssh-ed25519")
    assert ask(cast.applicant, "GET", "").json() == [made.json()]
    assert ask(cast.mate, "GET", "").json() == []
    path = f"/{made.json()['id']}"
    assert ask(cast.mate, "DELETE", path).status_code == 404
    assert ask(cast.applicant, "DELETE", path).status_code == 204
    assert ask(cast.applicant, "GET", "").json() == []


def test_keys_by_api_are_refused_and_need_their_scope(cast, ask):
    assert ask(cast.applicant, "POST", "", {"name": "x", "key": "no"}).status_code == 409
    assert ask(cast.applicant, "POST", "", {"name": "x", "key": "x" * 9_000}).status_code == 422
    assert ask(cast.applicant, "POST", "", {"name": "x", "key": new_line()}, scopes=["train"]).status_code == 403
