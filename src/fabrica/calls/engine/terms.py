"""What an access mode says, rule by rule and figure by figure, each with its own source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fabrica.calls.engine.conditions import check
from fabrica.calls.engine.figures import VALUES
from fabrica.kit.facts import Source, source_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A figure of a mode. `value` is None where it is not known; `figures` says what each looks like."""

    id: str
    value: Any
    source: Source


@dataclass(frozen=True)
class Rule:
    """Who or what a mode is for. `needs` is a condition on the profile; advice does not decide when it is broken."""

    id: str
    text: Mapping[str, str]
    needs: Row
    is_advice: bool
    source: Source


@dataclass(frozen=True)
class Preparation:
    """What an applicant has ready. It is left out where `when` certainly does not hold."""

    id: str
    text: Mapping[str, str]
    when: Row | None
    source: Source


@dataclass(frozen=True)
class Terms:
    """All that is known about a mode."""

    key: str
    title: str
    for_whom: str
    rules: tuple[Rule, ...]
    figures: Mapping[str, Figure]
    prepare: tuple[Preparation, ...]
    version: str

    def value(self, figure: str) -> Any:
        """A figure's value; None where it is not known or the mode has no such figure."""
        return self.figures[figure].value if figure in self.figures else None

    @property
    def pool(self) -> str:
        """From which pool of a machine its awards are paid; empty where the mode does not say."""
        value = self.value("pool")
        return str(value["name"]) if value else ""


def terms_from(row: Row) -> Terms:
    """The terms in a mode's row, empty for rows of before they were kept. Raises ValueError for what makes no sense."""
    try:
        figures = [_figure(one) for one in row.get("facts", ())]
        found = Terms(
            row["key"], row["title"], row["for_whom"],
            tuple(_rule(one) for one in row.get("rules", ())),
            {one.id: one for one in figures},
            tuple(_preparation(one) for one in row.get("prepare", ())),
            str(row.get("version", "")),
        )  # fmt: skip
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError(f"a mode that lacks something or makes no sense: {error!r}") from error
    if len(found.figures) != len(figures) or len({one.id for one in found.rules}) != len(found.rules):
        raise ValueError(f"something stands twice in the mode {found.key}")
    return found


def text_of(text: Mapping[str, str], language: str) -> str:
    """Words of the data in a language, in English where they were not translated."""
    return text.get(language) or text["en"]


def _figure(row: Row) -> Figure:
    value, source = row["value"], source_of(dict(row))
    if value is not None and not VALUES[row["id"]](value):
        raise ValueError(f"a figure with a value that makes no sense: {row}")
    if (source.confidence == "unknown") != _is_unknown(value):
        raise ValueError(f"a figure is unknown exactly where it has no value: {row}")
    return Figure(row["id"], value, source)


def _is_unknown(value: Any) -> bool:
    """Whether nothing is known; a pool without its cap counts as unknown as well."""
    return value is None or (isinstance(value, Mapping) and value.get("percent_at_most", 0) is None)


def _rule(row: Row) -> Rule:
    check(row["needs"])
    return Rule(row["id"], _texts(row), row["needs"], bool(row.get("is_advice", False)), source_of(dict(row)))


def _preparation(row: Row) -> Preparation:
    if row.get("when") is not None:
        check(row["when"])
    return Preparation(row["id"], _texts(row), row.get("when"), source_of(dict(row)))


def _texts(row: Row) -> dict[str, str]:
    found = {"en": row["text"], "fr": row.get("text_fr", "")}
    if not isinstance(found["en"], str) or not found["en"].strip() or not isinstance(found["fr"], str):
        raise ValueError(f"a rule is told in words: {row}")
    return found


def gathered(loaded: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Each mode's row of the data file, whole in itself: what it shares with others and its sources written out."""
    texts = loaded["sources"]
    shared, prepare = (_named(loaded[name]) for name in ("shared", "prepare"))
    rows = {}
    for row in loaded["modes"]:
        rules = [shared[one] if isinstance(one, str) else one for one in [*loaded["everywhere"], *row["rules"]]]
        papers = [prepare[one] for one in [*loaded["prepare_everywhere"], *row["prepare"]]]
        told = {"rules": rules, "prepare": papers, "facts": row["facts"]}
        sourced = {name: [_sourced(one, texts) for one in listed] for name, listed in told.items()}
        rows[row["key"]] = {**_sourced(row, texts), **sourced, **_flat(row), "version": loaded["version"]}
    return rows


def _named(rows: Mapping[str, Row]) -> dict[str, Row]:
    return {key: {"id": key, **row} for key, row in rows.items()}


def _sourced(row: Row, texts: Mapping[str, str]) -> dict[str, Any]:
    return {**row, "source": texts[row["source"]]}


def _flat(row: Row) -> dict[str, Any]:
    """The figures that calls work with, for modes counted in GPU-hours with a clock in working days."""
    values = {one["id"]: one["value"] for one in row["facts"]}
    clock, months = values["clock"], values["months"]
    if values["unit"] != "gpu_hour" or not months or clock is None or clock["unit"] != "working_day":
        return {}
    return {
        "gpu_hours_min": values.get("size_above", 0),
        "gpu_hours_max": values.get("package") or values["size_at_most"],
        "months": months,
        "access_working_days": clock["at_most"],
        "counts_from": clock["from"],
        "opening": values["opening"]["how"],
    }


def cut_off_days(opening: Mapping[str, Any]) -> list[date]:
    """The published days, in order."""
    return [date.fromisoformat(one) for one in opening["dates"]]
