"""A tagged PDF of a template and data: typst, in a process of its own that ends with the document.

So the portal never loads it, a text that takes long is ended, and nothing but the template is ever code: data reaches
it as JSON, and what was written by people is put on the page as plain text.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from fabrica.kit.errors import Unreachable

SECONDS = 30
MOST_BYTES = 20_000_000
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def typeset(template: str, data: Mapping[str, Any], created_at: int) -> bytes:
    """The PDF of a typst template that reads `data`; the same template, data and second give the same bytes.

    Raises Unreachable where it takes too long or cannot be made.
    """
    told = json.dumps({"template": template, "data": json.dumps(data, sort_keys=True), "created_at": created_at})
    command = [sys.executable, "-I", __file__]
    try:
        made = subprocess.run(  # noqa: S603 - an argument list
            command, input=told.encode(), capture_output=True, timeout=SECONDS, check=False, env=ENVIRONMENT
        )
    except subprocess.TimeoutExpired as error:
        raise Unreachable("The document took too long to make.", todo="Try again later.") from error
    if made.returncode or not made.stdout.startswith(b"%PDF-") or len(made.stdout) > MOST_BYTES:
        why = made.stderr.decode(errors="replace").strip()[-500:]
        raise Unreachable("The document could not be made.", why=why, todo="Tell the site's operator.")
    return made.stdout


def main() -> None:
    """What the process does: one document, from what it is told to what it answers, and no file but the template."""
    import typst  # noqa: PLC0415 - the only process that loads it is this one

    told = json.loads(sys.stdin.buffer.read())
    with tempfile.TemporaryDirectory() as folder:
        made = typst.compile(
            told["template"].encode(), root=folder, format="pdf", ignore_system_fonts=True,
            sys_inputs={"data": told["data"]}, pdf_standards=["ua-1"], timestamp=told["created_at"],
            package_path=folder, package_cache_path=folder,
        )  # fmt: skip
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
