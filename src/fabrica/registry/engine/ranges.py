"""One byte range of a file, as HTTP asks for it (RFC 9110, 14.2): enough to resume a broken download."""

import re

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def range_of(header: str, size_bytes: int) -> range | None:
    """The bytes that a Range header asks for; None for no header or one not understood (then the whole file is sent).

    Raises ValueError for a range that lies outside the file: the answer is 416.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        asked = range(max(0, size_bytes - int(last)), size_bytes)
    else:
        asked = range(int(first), min(int(last) + 1 if last else size_bytes, size_bytes))
        if last and int(last) < int(first):
            return None
    if not asked:
        raise ValueError("outside the file")
    return asked
