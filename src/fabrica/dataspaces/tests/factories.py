"""Datasets, projects and uploads, made by the services themselves."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta

from fabrica.dataspaces import services
from fabrica.dataspaces.models import Dataset, Staging, Version
from fabrica.projects import services as projects
from fabrica.projects.models import Project

VALUES = {
    "title": "Letters of the harbour",
    "description": "Ten thousand letters, typed by hand.",
    "provenance": "From the town's archive.",
    "language": "en",
    "licence": "CC-BY-4.0",
    "policy_text": "Name the archive.",
    "policy_purposes": "Research and teaching.",
    "has_personal_data": False,
}
FILES = {"README.md": b"# Letters\n", "letters/one.txt": b"Dear sir,\n" * 1000, "two.csv": b"a,b\n1,2\n"}


@dataclass
class Sent:
    """A file as a browser sends it, but from memory and with any name."""

    name: str
    data: bytes

    def open(self):
        return io.BytesIO(self.data)


def sent(files=FILES):
    return [Sent(name, data) for name, data in files.items()]


def zipped(files=FILES, method=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def dataset(cast, now: datetime, slug: str = "", **changes: object) -> Dataset:
    """A dataset of the hospital's, not published."""
    values = {**VALUES, **changes}
    return services.create_dataset(organisation=cast.hospital, values=values, slug=slug, by=cast.provider, now=now)


def draft(cast, now: datetime, files=FILES, **changes: object) -> Version:
    """A draft with files."""
    made = services.new_version(dataset=dataset(cast, now, **changes), by=cast.provider, now=now)
    return services.add_files(version=made, files=sent(files), by=cast.provider, now=now)


def published(cast, now: datetime, files=FILES, **changes: object) -> Version:
    """A published version."""
    return services.publish(version=draft(cast, now, files, **changes), by=cast.provider, now=now)


def project(cast, now: datetime, title: str = "Novalis reads") -> Project:
    """A project of the start-up, led by the applicant, with the mate as its member."""
    made = projects.open_project(
        title=title, organisation=cast.startup, purpose="To read old letters.", gate_decision="ACCEPT",
        pi=cast.applicant, ends_at=now + timedelta(days=30), by=cast.officer, now=now,
    )  # fmt: skip
    projects.add_member(project=made, email=cast.mate.email, by=cast.applicant, now=now)
    return made


def waiting(cast, now: datetime, version: Version, where: Project) -> Staging:
    """A staging that waits for the worker, its terms accepted."""
    services.accept(version=version, project=where, by=cast.applicant, now=now)
    return services.stage(version=version, project=where, by=cast.applicant, now=now)
