"""A declaration as one HTML page that prints on A4 and needs nothing else: no script, no font, no network."""

from html import escape

from fabrica.people.engine.sme.declaration import Declaration, Part

STYLE = """
@page { size: A4; margin: 18mm }
body { font: 11pt/1.4 sans-serif; max-width: 180mm; margin: 2em auto; padding: 0 1em; color: #000; background: #fff }
h1 { font-size: 16pt } h2 { font-size: 12pt; margin: 1.4em 0 .3em; break-after: avoid }
p { margin: .3em 0 }
table { border-collapse: collapse; width: 100%; margin: .4em 0 }
th, td { border: 1px solid #666; padding: .25em .4em; text-align: left; vertical-align: top; overflow-wrap: break-word }
tr, dl { break-inside: avoid }
dt { margin-top: 1.2em } dd { margin: 0; height: 2.4em; border-bottom: 1px solid #000 }
"""


def to_html(document: Declaration, language: str = "en") -> str:
    """The page."""
    parts = "\n".join(_part(one) for one in document.parts)
    lines = "".join(f"<dt>{escape(one)}</dt><dd></dd>" for one in document.signature)
    title = escape(document.title)
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{parts}\n<dl>{lines}</dl>\n</main>\n</body>\n</html>\n"
    )


def _part(part: Part) -> str:
    words = "".join(f"<p>{escape(one)}</p>\n" for one in part.paragraphs)
    return f"<section>\n<h2>{escape(part.heading)}</h2>\n{words}{_table(part) if part.columns else ''}</section>"


def _table(part: Part) -> str:
    heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in part.columns)
    rows = "".join(f"<tr>{_cells(one)}</tr>\n" for one in part.rows)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"


def _cells(row: tuple[str, ...]) -> str:
    first, *rest = row
    return f'<th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(one)}</td>" for one in rest)
