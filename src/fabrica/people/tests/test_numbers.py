"""Numbers and names by which organisations are told apart."""

import pytest
from django.utils import translation
from fabrica.kit.errors import Refused
from fabrica.people.engine.numbers import SAYINGS, checked_number, checked_vat, compact, name_key
from fabrica.people.states import MEMBER_COUNTRIES
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength


@pytest.mark.parametrize(
    ("number", "country", "kept"),
    [
        ("FR 40 303 265 045", "FR", "FR40303265045"),
        ("fr-40303265045", "FR", "FR40303265045"),
        ("EL 094259216", "GR", "EL094259216"),
        ("ATU13585627", "AT", "ATU13585627"),
        (" HRB 86 9912 ", "DE", "HRB 86 9912"),
        ("303 265 045 RCS Paris", "FR", "303 265 045 RCS Paris"),
        ("DE136695976", "AT", "DE136695976"),
        ("ES 1", "ES", "ES 1"),
    ],
)
def test_a_vat_number_is_kept_plain_and_any_other_as_it_is(number, country, kept):
    assert checked_number(number, country) == kept


@pytest.mark.parametrize(
    ("number", "country"),
    [("FR 41 303 265 045", "FR"), ("DE 13669597", "DE"), ("EL 094259217", "GR"), ("ATU13585628", "AT")],
)
def test_a_vat_number_with_a_wrong_digit_is_refused_and_says_what_else_would_do(number, country):
    with pytest.raises(Refused, match="is not a VAT number of this country") as told:
        checked_number(number, country)
    assert "commercial register" in told.value.todo


@pytest.mark.parametrize(
    ("number", "country", "kept"),
    [
        ("CHE-107.787.577", "CH", "CHE107787577"), ("CHE-107.787.577 MWST", "CH", "CHE107787577MWST"),
        ("GB 980 7806 84", "GB", "GB980780684"), ("anything 1", "US", "ANYTHING1"), ("", "CH", ""),
    ],
)  # fmt: skip
def test_a_vat_number_from_outside_the_union_is_checked_where_a_library_knows_it(number, country, kept):
    assert checked_vat(number, country) == kept
    assert checked_number("CHE-107.787.577", "CH") == "CHE-107.787.577"


@pytest.mark.parametrize(("number", "country"), [("CHE-107.787.578", "CH"), ("GB 980 7806 85", "GB")])
def test_a_vat_number_from_outside_the_union_with_a_wrong_digit_is_refused(number, country):
    with pytest.raises(Refused, match="is not a VAT number of this country"):
        checked_vat(number, country)


def test_every_country_has_its_check():
    prefixes = {"EL" if one == "GR" else one for one in MEMBER_COUNTRIES}
    assert {"EL" if one == "gr" else one.upper() for one in vat.MEMBER_STATES} - {"XI"} == prefixes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Novalis Labs", "NOVALIS LABS SAS"),
        ("Société Générale d'Essais", "societe generale d essais S.A."),
        ("Müller & Söhne GmbH", "Muller Sohne"),
        ("Alba Sp. z o.o.", "ALBA"),
    ],
)
def test_two_spellings_of_a_name_are_alike(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Alba", "Albatros"), ("SA", "AG"), ("Labs One", "Labs Two")])
def test_two_names_are_not(one, other):
    assert name_key(one) != name_key(other) != ""


def test_a_number_is_compared_without_its_blanks():
    assert compact("FR 40-303.265/045") == compact("fr40303265045") == "FR40303265045"


def test_what_a_wrong_number_lacks_is_told_in_the_language_of_the_reader():
    with translation.override("fr"), pytest.raises(Refused) as told:
        checked_vat("FR 41 303 265 045", "FR")
    assert told.value.what == "FR 41 303 265 045 n’est pas un numéro de TVA de ce pays."
    assert told.value.why == "La clé de contrôle du numéro n’est pas valable."


def test_every_reason_of_the_checker_of_numbers_has_its_words():
    assert [str(one()) for one in (InvalidFormat, InvalidChecksum, InvalidLength, InvalidComponent)] == list(SAYINGS)
