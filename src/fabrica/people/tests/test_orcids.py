"""ORCID iDs of a person, their co-authors and fellow applicants: checked, bounded, shown to nobody else."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from fabrica.audit.models import Entry
from fabrica.kit.errors import Refused
from fabrica.people import queries, services
from fabrica.people.engine.orcids import found_in, is_orcid
from fabrica.people.models import Authorship

pytestmark = pytest.mark.django_db
MINE, HERS, HIS = "0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"
PAGE = "/account/authorship/"


def note(cast, now, **told):
    return services.note_authorship(**{"orcid": "", "coauthors": "", "team": "", **told}, by=cast.applicant, now=now)


def test_the_check_digit_is_checked():
    assert [is_orcid(one) for one in (MINE, HERS, HIS, "0000-0002-1825-0098", "0000000218250097")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_ids_are_found_in_any_text_and_not_in_longer_numbers():
    text = f"@article{{x, orcid = {{https://orcid.org/{HERS}}}}};{HIS.lower()}, 9{MINE} {HERS}"
    assert found_in(text) == [HERS, HIS]


def test_they_are_kept_and_the_audit_holds_how_many(cast, now):
    made = note(cast, now, orcid=f" https://orcid.org/{MINE} ", coauthors=f"{HIS}\n{HERS} {HIS}", team=HERS)
    assert (made.orcid, made.coauthors, made.team) == (MINE, [HERS, HIS], [HERS])
    assert Entry.objects.get(verb="person.note_authorship").facts == {"has_orcid": True, "coauthors": 2, "team": 1}
    note(cast, now)
    kept = queries.authorship_of(cast.applicant)
    assert (kept.orcid, kept.coauthors, kept.team) == ("", [], [])


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"orcid": "0000-0002-1825-0098"}, "This is no ORCID."),
        ({"coauthors": f"{HERS} 0000-0002-1825-0098"}, "These are no ORCID iDs: 0000-0002-1825-0098."),
        ({"team": "Hers, and his"}, "There is no ORCID in this list."),
        ({"coauthors": "x" * 128_001}, "This list is too long."),
        ({"orcid": MINE, "coauthors": MINE}, "Your own ORCID stands in a list"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_kept(cast, now, told, why):
    with pytest.raises(Refused, match=why):
        note(cast, now, **told)
    assert not Authorship.objects.exists()


def test_the_page_takes_a_list_and_a_file_and_shows_them_to_their_owner(cast):
    mine, other = Client(), Client()
    mine.force_login(cast.applicant), other.force_login(cast.officer)
    sent = SimpleUploadedFile("publications.bib", f"orcid = {{{HIS}}}".encode())
    assert mine.post(PAGE, {"orcid": MINE, "coauthors": HERS, "file": sent}).status_code == 302
    assert queries.authorship_of(cast.applicant).coauthors == [HERS, HIS]
    assert mine.get(PAGE).context["form"].initial["coauthors"] == f"{HERS}\n{HIS}"
    assert other.get(PAGE).context["form"].initial == {}
    long = SimpleUploadedFile("all.csv", b"x" * 64_001)
    assert mine.post(PAGE, {"file": long}).context["form"].errors.keys() == {"file"}
    assert mine.post(PAGE, {"coauthors": "nobody"}).status_code == 200
