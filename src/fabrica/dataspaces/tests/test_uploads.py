"""Too large a request is refused before it is written anywhere."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from fabrica.dataspaces.models import Version
from fabrica.dataspaces.tests.factories import draft
from fabrica.people import services as people
from fabrica.kit.time import utcnow


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture(autouse=True)
def small(settings):
    settings.FABRICA_UPLOAD_LIMIT_BYTES = 20_000
    settings.FILE_UPLOAD_HANDLERS = [
        "fabrica.dataspaces.uploads.Bounded",
        "django.core.files.uploadhandler.MemoryFileUploadHandler",
        "django.core.files.uploadhandler.TemporaryFileUploadHandler",
    ]


def test_the_api_says_how_much_is_too_much(cast, now):
    version = draft(cast, now)
    _, secret = people.create_token(name="t", scopes=["publish"], by=cast.provider, now=now)
    path = f"/api/datasets/{version.dataset.slug}/versions/1/files"
    send = lambda data: Client().post(
        path, {"files": SimpleUploadedFile("a.txt", data)}, headers={"Authorization": f"Bearer {secret}"}
    )
    told = send(b"x" * 10_100_000)
    assert (told.status_code, told.json()["what"]) == (
        413,
        "This upload has 10.1 MB; the limit of a version is 20.0 kB.",
    )
    assert send(b"x" * 9_000).status_code == 200


def test_a_page_refuses_it_too(cast, now, client):
    version = draft(cast, now)
    client.force_login(cast.provider)
    sent = {"uploads": SimpleUploadedFile("a.txt", b"x" * 10_100_000)}
    assert client.post(f"/data/{version.dataset.slug}/1/upload/", sent).status_code in (400, 413)
    assert Version.objects.get().file_count == 3
