"""How a machine that counts otherwise is shown: on the start page, and where a project's hours stand."""

from fractions import Fraction

import pytest
from django.utils import translation
from fabrica.clusters import queries as clusters
from fabrica.clusters.adapters.fake import FakeCluster
from fabrica.clusters.engine import Counting
from fabrica.kit.errors import Refused
from fabrica.portal.counted import counted, in_native
from fabrica.registry.tests.conftest import key, site  # noqa: F401 - fixtures

MODULES = Counting(Fraction(1, 2), 8, native="GCD-hours", native_per_gpu_hour=Fraction(2))
NODES = Counting(devices_per_node=4, by_node=True, native_per_gpu_hour=Fraction(1, 4))
SAID = {
    "plain": (Counting(step_seconds=60), "", ""),
    "modules": (
        MODULES, "One GPU-hour is 2 GCD-hours. A device of this machine is charged as 1/2 GPU.", "5,000 GCD-hours",
    ),
    "nodes": (
        NODES,
        "4 GPU-hours are one of its node-hours. Nodes are given as a whole: a run is charged 4 GPUs for each of its nodes.",
        "625 node-hours",
    ),
    "named": (Counting(native="core-hours", native_per_gpu_hour=Fraction(3, 2)), "One GPU-hour is 1.50 core-hours.",
              "3,750 core-hours"),
}  # fmt: skip


def serve(machine, now, counting):
    fake = FakeCluster(now, counting=counting)
    clusters.serve(machine.adapter, lambda _machine: fake)


@pytest.mark.parametrize("kind", SAID)
def test_how_it_counts_is_said(machine, now, kind):
    counting, sentence, hours = SAID[kind]
    serve(machine, now, counting)
    assert (counted(machine), in_native(machine, 2_500 * 3600)) == (sentence, hours)


def test_it_is_said_in_french_too(machine, now):
    serve(machine, now, NODES)
    with translation.override("fr"):
        assert counted(machine) == (
            "4 heures GPU font une de ses heures-nœud. Les nœuds sont attribués en entier : une exécution est comptée "
            "4 GPU pour chacun de ses nœuds."
        )


def test_a_machines_file_that_cannot_be_read_hides_nothing(machine, now):
    def broken(_machine):
        raise Refused("The machine's file cannot be read.")

    clusters.serve(machine.adapter, broken)
    assert (counted(machine), in_native(machine, 3600)) == ("", "")


def test_the_start_page_and_the_project_show_it(browser, site, now):  # noqa: F811
    serve(site.machine, now, MODULES)
    sentence = SAID["modules"][1]
    assert sentence in browser().get("/").content.decode()
    told = browser("applicant").get(f"/projects/{site.project.slug}/").content.decode()
    assert f'20 GCD-hours are free. <span class="quiet">{sentence}</span>' in told


def test_where_an_hour_is_a_gpu_hour_nothing_is_said(browser, site, now):  # noqa: F811
    serve(site.machine, now, Counting(step_seconds=60))
    assert "Hours there" not in browser("applicant").get(f"/projects/{site.project.slug}/").content.decode()
