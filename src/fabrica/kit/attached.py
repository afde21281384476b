"""Which files may be attached: by name, by size, and by what is in them. Nothing is ever opened as what it claims.

Looked at by hand, as data sets are: five kinds need five signatures, and a library that knows 500 more kinds knows
nothing of scripts in a PDF.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _

from fabrica.kit.errors import Refused
from fabrica.kit.units import size

FILE_BYTES = 10_000_000
NAME_LETTERS = 120
ENDINGS = {"pdf": "pdf", "png": "png", "jpg": "jpg", "jpeg": "jpg", "txt": "txt", "csv": "csv"}
TAIL = 1_024
STREAMS_BYTES = 16_000_000
STREAM, BLANKS = b"stream", b"\r\n\t "
HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
LETTERS = {b"%02x" % one: bytes([one]) for one in range(256)}
# Names of a PDF that act by themselves or carry other files; a name ends before a delimiter of the format.
END = rb"(?![A-Za-z0-9_.#+-])"
ACTS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|Rendition|XFA)" + END)
# Long enough to stand nowhere by chance: looked for also where a stream would be, for a comment can begin one.
ACTS_ANYWHERE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|XFA)" + END)
SAYS = {b"JS": "JavaScript", b"EmbeddedFile": "EmbeddedFiles"}
LOCKED = re.compile(rb"/Encrypt" + END)
PACKED = re.compile(rb"/ObjStm" + END)
PACKED_ODDLY = re.compile(rb"/(LZW|ASCIIHex|ASCII85|RunLength|AHx|A85|RL|Predictor)")
NUMBERED = re.compile(rb"\s*(\d+\s+\d+\s|$)")  # how packed objects begin, once nothing else is around them
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def clean_name(name: str) -> str:
    """The last part of a file's name without what a screen or a disk reads otherwise; its ending stays."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one)[0] != "C").strip()
    stem, dot, ending = shown.rpartition(".")
    if not dot or not stem.strip("."):
        raise Refused(_("A file needs a name with an ending, such as plan.pdf."))
    return f"{stem[: NAME_LETTERS - len(ending) - 1]}.{ending}"


def kind_of(name: str, data: bytes, allowed: tuple[str, ...]) -> str:
    """What a file is, by its name and its content, which must agree. Raises Refused."""
    kind = ENDINGS.get(name.rpartition(".")[2].lower())
    if kind is None or kind not in allowed:
        raise Refused(
            _("%(name)s is not a kind of file that is taken here.") % {"name": name},
            todo=_("Use one of: %(kinds)s.") % {"kinds": ", ".join(one.upper() for one in allowed)},
        )
    if not data:
        raise Refused(_("%(name)s is empty.") % {"name": name})
    if len(data) > FILE_BYTES:
        raise too_large(name, len(data))
    if not LOOKS[kind](data):
        told = _("%(name)s is not what its name says.") % {"name": name}
        raise Refused(told, why=_("Its content is not that of a %(kind)s file.") % {"kind": kind.upper()})
    if kind == "pdf":
        _check_pdf(name, data)
    return kind


def too_large(name: str, found: int) -> Refused:
    """The problem with a file that is too large."""
    facts = {"name": name, "size": size(found), "most": size(FILE_BYTES)}
    return Refused(_("%(name)s has %(size)s; a file has at most %(most)s.") % facts)


def _is_pdf(data: bytes) -> bool:
    return re.match(rb"%PDF-[12]\.\d", data) is not None and b"%%EOF" in data[-TAIL:]


def _is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and data.endswith(b"IEND\xaeB`\x82")


def _is_jpg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data[-TAIL:]


def _is_text(data: bytes) -> bool:
    try:
        return CONTROL.search(data.decode("utf-8-sig")) is None
    except UnicodeDecodeError:
        return False


LOOKS = {"pdf": _is_pdf, "png": _is_png, "jpg": _is_jpg, "txt": _is_text, "csv": _is_text}


def _check_pdf(name: str, data: bytes) -> None:
    """Refuse what acts when it is opened, carries other files, or cannot be looked into, as far as one sees cheaply."""
    everything = _unescaped(data)
    if LOCKED.search(everything):
        told = _("%(name)s is encrypted, so nobody can see what is in it.") % {"name": name}
        raise Refused(told, todo=_("Export it again without a password."))
    try:
        found = ACTS_ANYWHERE.search(everything) or next(filter(None, map(ACTS.search, _plain(data))), None)
    except ValueError:
        told = _("%(name)s has parts that are packed in a way that nobody can look into here.") % {"name": name}
        raise Refused(told, todo=_("Print it to a new PDF.")) from None
    if found:
        told = _("%(name)s is a PDF with something in it that acts or is another file.") % {"name": name}
        raise Refused(
            told,
            why=f"/{SAYS.get(found[1], found[1].decode())}",
            todo=_("Print it to a new PDF, and add files one by one."),
        )


def _unescaped(data: bytes) -> bytes:
    """With the escaped letters of names written out."""
    return HEX.sub(lambda one: LETTERS[one[1].lower()], data)


def _plain(data: bytes) -> Iterator[bytes]:
    """What of a PDF is written plainly, and its packed objects. Raises ValueError for those that cannot be unpacked."""
    room, before = STREAMS_BYTES, b""
    for part, is_content in _parts(data):
        if not is_content:
            yield _unescaped(part)
        elif PACKED.search(before):
            if PACKED_ODDLY.search(before):
                raise ValueError
            found = _inflated(part.lstrip(BLANKS), room)
            room -= len(found)
            yield _unescaped(found)
        before = _unescaped(part)


def _parts(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """What stands between the words that begin and end streams, and whether it is the content of one.

    Each letter is looked at once, whatever is begun and never ended.
    """
    begin, is_content = 0, False
    while (end := data.find(STREAM, begin)) >= 0:
        part = data[begin:end]
        yield part, is_content
        begin, is_content = end + len(STREAM), not part.endswith(b"end")
    yield data[begin:], is_content


def _inflated(raw: bytes, most: int) -> bytes:
    try:
        found = zlib.decompressobj().decompress(raw, most + 1)
    except zlib.error as error:
        raise ValueError from error
    if len(found) > most or not NUMBERED.match(found):
        raise ValueError
    return found
