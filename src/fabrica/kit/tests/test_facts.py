from datetime import date

import pytest
from fabrica.kit import facts

ROW = {"source": "A regulation", "checked_on": "2026-11-01", "confidence": "A"}


def test_a_source_tells_where_when_and_how_sure():
    source = facts.source_of(ROW)
    assert source == facts.Source("A regulation", date(2026, 11, 1), "A")
    assert str(source) == "A regulation (checked 2026-11-01, confidence A)"


@pytest.mark.parametrize("absent", ["source", "checked_on", "confidence"])
def test_a_fact_without_its_source_is_refused(absent):
    with pytest.raises(ValueError, match=f"without '{absent}'"):
        facts.source_of({key: value for key, value in ROW.items() if key != absent})


@pytest.mark.parametrize("wrong", [{"source": ""}, {"confidence": "D"}, {"checked_on": "yesterday"}])
def test_a_fact_with_a_senseless_source_is_refused(wrong):
    with pytest.raises(ValueError, match=r"needs a source|Invalid isoformat"):
        facts.source_of({**ROW, **wrong})


def test_a_data_file_is_an_object():
    assert facts.load("fabrica.calls", "modes.json")["version"]
    with pytest.raises(FileNotFoundError):
        facts.load("fabrica.calls", "absent.json")
