"""The report on a battery for people: Markdown, and one HTML page without scripts, links or anything from elsewhere."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any

from fabrica.evaluation.battery.meanings import WORDS, meaning, notice
from fabrica.evaluation.battery.result import Verdict

COLUMNS = ("Figure", "Verdict", "Value", "95 % interval", "n", "Untrained or control", "Threshold", "Data (SHA-256)")
NONE = "–"
HASH_SHOWN = 12
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0}caption{text-align:left}"
    "th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top}"
    "td.pass{background:#e3f4e3}td.warn{background:#fff3d1}td.fail{background:#fbdcdc}td.not_run,td.told{background:#eee}"
    "code{overflow-wrap:anywhere}div.wide{overflow-x:auto}"
)


def to_markdown(values: dict[str, Any]) -> str:
    """The content of battery.json as Markdown."""
    lines = ["# Evaluation report", "", notice(), "", *(f"- {name}: {text}" for name, text in _facts(values)), ""]
    for probe, rows in _by_probe(values):
        title, words = meaning(probe)
        lines += [f"## {title}", "", *([words, ""] if words else [])]
        lines += [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
        lines += [_line(_cells(one)) for one in rows]
        lines += ["", *(f"- {told}" for told in _notes(rows)), ""]
    return "\n".join(lines).rstrip() + "\n"


def to_html(values: dict[str, Any]) -> str:
    """The content of battery.json as a page."""
    facts = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in _facts(values)
    )
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>Evaluation report</title><style>{STYLE}</style></head><body><main>\n<h1>Evaluation report</h1>\n"
        f"<p>{escape(notice())}</p>\n<table><caption>What was measured</caption>{facts}</table>\n"
        f"{''.join(_section(probe, rows) for probe, rows in _by_probe(values))}</main></body></html>\n"
    )


def _section(probe: str, rows: list[dict[str, Any]]) -> str:
    title, words = meaning(probe)
    head = "".join(f"<th scope='col'>{escape(one)}</th>" for one in COLUMNS)
    body = "".join(_row(one) for one in rows)
    notes = "".join(f"<li>{escape(told)}</li>" for told in _notes(rows))
    table = f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    return f"<h2>{escape(title)}</h2>\n<p>{escape(words)}</p>\n{table}\n{f'<ul>{notes}</ul>' if notes else ''}\n"


def _row(one: dict[str, Any]) -> str:
    name, verdict, *rest = (escape(cell) for cell in _cells(one))
    cells = "".join(f"<td>{cell}</td>" for cell in rest)
    return f"<tr><th scope='row'>{name}</th><td class='{escape(one['verdict'])}'>{verdict}</td>{cells}</tr>"


def _facts(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What was measured, with what, and how it came out."""
    yield "Result", ", ".join(f"{WORDS[one]}: {values['summary'].get(one.value, 0)}" for one in Verdict)
    yield "Model", f"SHA-256 {values['model']['sha256']}"
    data = values["data"]
    yield "Held-out text", f"{data['held_out_documents']} documents, SHA-256 {data['held_out_sha256']}"
    yield "Training text at hand", f"{data['training_documents']} documents"
    shares = (f"{name} {share:.0%}" for name, share in values["training_languages"].items())
    yield "Languages of the training text", ", ".join(shares) or "not known"
    seconds = sum(values["seconds"].values())
    yield "Profile", f"{values['profile']}, {seconds:.0f} seconds on {values['device']}, seed {values['seed']}"
    told = {"battery": values.get("version", 1), **values["versions"]}
    yield "Versions", ", ".join(f"{name} {version}" for name, version in told.items())


def _by_probe(values: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for probe, rows in groupby(values["results"], key=lambda one: str(one["probe"])):
        yield probe, list(rows)


def _notes(rows: list[dict[str, Any]]) -> list[str]:
    """What is said of figures, each sentence once, after the names of those it is said of."""
    names: dict[str, list[str]] = {}
    for one in rows:
        if one["note"]:
            names.setdefault(one["note"], []).append(one["name"])
    return [f"{', '.join(told)}: {note}" for note, told in names.items()]


def _cells(one: dict[str, Any]) -> list[str]:
    interval = NONE if one["low"] is None else f"{_figure(one['low'])} to {_figure(one['high'])}"
    return [
        one["name"],
        WORDS[Verdict(one["verdict"])],
        f"{_figure(one['value'])} {one['unit'] if one['value'] is not None else ''}".strip(),
        interval,
        str(one["n"]),
        _figure(one["baseline"]),
        one["threshold"] or NONE,
        one["data_sha256"][:HASH_SHOWN] or NONE,
    ]


def _figure(value: float | None) -> str:
    return NONE if value is None else f"{value:.4g}"


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
