"""The operator's page is followed: its tariff is set by its command, and sells hours to an invoice."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fabrica.allocations.models import Tariff
from fabrica.allocations.tests import billing, factories
from fabrica.allocations.tests.billing import HOUR
from fabrica.config import setup, site_tariff
from typer.testing import CliRunner

PAGE = (Path(__file__).parents[4] / "docs" / "operator" / "invoices.md").read_text(encoding="utf-8")
JANUARY, FEBRUARY = datetime(2027, 1, 5, 9, tzinfo=UTC), datetime(2027, 2, 4, 9, tzinfo=UTC)


@pytest.fixture
def run(cast, monkeypatch):
    """The command of the page, at a moment of its own."""
    monkeypatch.setattr(setup, "utcnow", lambda: JANUARY)
    return lambda *told: CliRunner().invoke(site_tariff.app, [str(one) for one in told])


def test_the_page_leads_from_its_file_to_an_invoice(cast, machine, fake, run, tmp_path):
    command, file = re.search(r"^    fabrica-site tariff (set here) (\S+)$", PAGE, re.M).groups()
    path = tmp_path / file
    path.write_text(re.search(r"```json\n(.*?)```", PAGE, re.S)[1], encoding="utf-8")
    told = run(*command.split(), path)
    assert (told.exit_code, told.output.splitlines()) == (
        0, ["Tariff 1 of Here, from 2027-01-01.", "  one: 2.5 EUR for a gpu_hour (1 GPU)"],
    )  # fmt: skip
    assert run(*command.split(), path).exit_code == 0
    assert Tariff.objects.count() == 1
    factories.fund(cast, machine, JANUARY)
    award = billing.sold(cast, billing.open_pay_per_use(cast, machine, JANUARY), JANUARY).award
    billing.addressed(cast, JANUARY)
    billing.used(award, "1", 2 * HOUR, datetime(2027, 1, 9, tzinfo=UTC))
    made = billing.issued(award, cast, FEBRUARY)
    assert re.search(r"such as `([A-Z0-9-]+)`", PAGE)[1] == made.number == "HERE-2027-00001"
    assert run("show", "here").output == (
        "Tariff 1 of Here, from 2027-01-01: Decision of the Governing Board of 2 December 2026 "
        "(checked 2026-12-03, confidence A)\n"
    )


def test_what_cannot_be_is_told_in_a_sentence(machine, fake, run, tmp_path):
    for changes, words in (
        ({"prices": [{"machine": "two", "unit": "gpu_hour", "gpus_per_unit": "1", "euros": "1"}]}, "no machine two"),
        ({"prices": [{"machine": "one", "unit": "node_hour", "gpus_per_unit": "4", "euros": "1"}]}, "counts 1 GPUs"),
        ({"prices": [{"machine": "one", "unit": "native", "gpus_per_unit": "4", "euros": "1"}]}, "no unit of its own"),
        ({"from": "2031-01-01"}, "within three years"),
    ):
        path = tmp_path / "tariff.json"
        path.write_text(json.dumps(json.loads(billing.tariff()) | changes), encoding="utf-8")
        told = run("set", "here", path)
        assert (told.exit_code, words in told.output) == (1, True), told.output
