"""A tagged PDF of a template and data: typst, in a process of its own that ends with the document.

So the portal never loads it, a text that takes long is ended, and nothing but the template is ever code: data reaches
it as JSON, and what was written by people is put on the page as plain text.
"""

import json
import re
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from fabrica.kit.errors import Unreachable

SECONDS = 30
MOST_BYTES = 20_000_000
MEMORY_BYTES = 1 << 30
AT_ONCE, WAIT_SECONDS = 2, 5  # of one process of the portal, which has other things to do
ROOM = threading.BoundedSemaphore(AT_ONCE)
NO_LETTER = "could not be displayed"
LONE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # what JSON or a page cannot hold
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def typeset(template: str, data: Mapping[str, Any], created_at: int) -> bytes:
    """The PDF of a typst template that reads `data`; the same template, data and second give the same bytes.

    Raises Unreachable where it takes too long or cannot be made, or where too many are being made.
    """
    plain = json.dumps(_shown(data), sort_keys=True)
    told = json.dumps({"template": template, "data": plain, "created_at": created_at, "memory": MEMORY_BYTES})
    if not ROOM.acquire(timeout=WAIT_SECONDS):
        raise Unreachable(_("Too many documents are being made just now."), todo=_("Try again in a minute."))
    try:
        return _made(told)
    finally:
        ROOM.release()


def _made(told: str) -> bytes:
    command = [sys.executable, "-I", __file__]
    try:
        made = subprocess.run(  # noqa: S603 - an argument list
            command, input=told.encode(), capture_output=True, timeout=SECONDS, check=False, env=ENVIRONMENT
        )
    except subprocess.TimeoutExpired as error:
        raise Unreachable(_("The document took too long to make."), todo=_("Try again later.")) from error
    if made.returncode or not made.stdout.startswith(b"%PDF-") or len(made.stdout) > MOST_BYTES:
        why = made.stderr.decode(errors="replace").strip()[-500:]
        raise Unreachable(_("The document could not be made."), why=why, todo=_("Tell the site's operator."))
    return made.stdout


def _shown(value: Any) -> Any:
    """The same data with a sign in the place of each letter that no page can show."""
    if isinstance(value, str):
        return LONE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {key: _shown(one) for key, one in value.items()}
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value


def main() -> None:
    """What the process does: one document, from what it is told to what it answers, and no file but the template."""
    told = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_AS, (told["memory"], told["memory"]))
    import typst  # noqa: PLC0415 - the only process that loads it is this one

    with tempfile.TemporaryDirectory() as folder:
        how: dict[str, Any] = {
            "input": told["template"].encode(), "root": folder, "format": "pdf", "ignore_system_fonts": True,
            "sys_inputs": {"data": told["data"]}, "timestamp": told["created_at"], "package_path": folder,
            "package_cache_path": folder,
        }  # fmt: skip
        try:
            made = typst.compile(**how, pdf_standards=["ua-1"])
        except typst.TypstError as error:
            if NO_LETTER not in str(error):
                raise
            made = typst.compile(**how)  # tagged too, with an empty box for each letter that the fonts lack
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
