"""The sectors that projects chose from the sections of NACE Rev. 2.1, in the words that organisations use of theirs."""

from typing import Any

from django.db import migrations

WORDS = {
    "A": "agriculture", "B": "industry", "C": "industry", "D": "energy", "E": "climate", "F": "industry",
    "H": "mobility", "J": "culture", "K": "software", "L": "finance", "P": "government", "Q": "education",
    "R": "health", "S": "culture", "V": "government",
}  # fmt: skip
OTHER = "other"


def fill(apps: Any, _schema: Any) -> None:
    listings = apps.get_model("projects", "Listing").objects
    for section in listings.exclude(sector="").order_by().values_list("sector", flat=True).distinct():
        if len(section) == 1:
            listings.filter(sector=section).update(sector=WORDS.get(section, OTHER))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("projects", "0008_sector_words")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
