"""The public summary of training content of Article 53(1)(d), by the Commission's template of July 2025."""

from typing import Any

from fabrica.registry.engine.documents.schema import rows_at
from fabrica.registry.engine.documents.writing import row, safe, tables

PREFACE = (
    "Article 53(1)(d) of Regulation (EU) 2024/1689 asks providers of general-purpose AI models to publish this, and to "
    "bring it up to date when the model is trained further. Whether it is owed for this model, its model card says."
)
KNOWN = ("title", "uri", "provider", "licence", "size_bytes")


def render(facts: dict[str, Any]) -> str:
    """The summary as Markdown."""
    return tables(facts, "summary", preface=PREFACE, more=_datasets)


def _datasets(facts: dict[str, Any], section: str) -> str:
    """Under the sizes: each dataset version that the run had, as the site recorded it."""
    if section != "1.3":
        return ""
    lines = [row("Dataset", "Version", "Provider", "Licence", "Bytes"), row("---", "---", "---", "---", "---:")]
    lines += [row(*(_known(one.get(name)) for name in KNOWN)) for one in rows_at(facts, "datasets") or [{}]]
    told = "Datasets that the run was given (recorded). Which source each is of, the sections below say as declared."
    return f"{told}\n\n" + "\n".join(lines)


def _known(value: Any) -> str:
    return "unknown" if value in (None, "") else safe(str(value))
