"""The words on the screens: gather them, and check that every one has its French.

`python -m fabrica.config.messages` gathers (needs GNU gettext) and compiles; `--check` only looks, and ends with status
1 where a word is missing, unsure or not compiled.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
CATALOGUE = PACKAGE / "web" / "locale" / "fr" / "LC_MESSAGES" / "django.po"
GATHER = ["makemessages", "--locale", "fr", "--no-location", "--no-obsolete", "--ignore", "tests/*", "--verbosity", "0"]


def gather() -> None:
    """Bring the catalogue up to date with the sources; what is new has no French yet."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "fabrica.config.settings_test"}
    subprocess.run([sys.executable, "-m", "django", *GATHER], cwd=PACKAGE, check=True, env=environment)  # noqa: S603 - our own program


def compile_to(target: Path) -> None:
    """Compile the catalogue; raises CalledProcessError where a translation is malformed."""
    command = [str(_tool("msgfmt")), "--check-format", "--output-file", str(target), str(CATALOGUE)]
    subprocess.run(command, check=True)  # noqa: S603 - an argument list


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} is missing. Install GNU gettext (Debian: apt install gettext).")
    return found


def unfinished() -> list[str]:
    """The words without French, or with a French nobody is sure of."""
    listed = []
    for flag in ("--untranslated", "--only-fuzzy"):
        command = [_tool("msgattrib"), flag, "--no-wrap", str(CATALOGUE)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - an argument list
        listed += [line[7:-1] for line in told.splitlines() if line.startswith('msgid "') and line != 'msgid ""']
    return listed


def problems() -> list[str]:
    """What is wrong with the committed catalogue; it is left as it was."""
    committed = CATALOGUE.read_text(encoding="utf-8")
    try:
        gather()
        fresh = CATALOGUE.read_text(encoding="utf-8")
        found = [f"no sure French: {word}" for word in unfinished()]
    finally:
        CATALOGUE.write_text(committed, encoding="utf-8")
    if _words(fresh) != _words(committed):
        found.append("the catalogue does not hold the words of the sources: run `python -m fabrica.config.messages`")
    with tempfile.TemporaryDirectory() as scratch:
        compiled = Path(scratch) / "django.mo"
        compile_to(compiled)
        if compiled.read_bytes() != CATALOGUE.with_suffix(".mo").read_bytes():
            found.append("the compiled catalogue is stale: run `python -m fabrica.config.messages`")
    return found


def _words(catalogue: str) -> list[str]:
    return sorted(line for line in catalogue.splitlines() if line.startswith(("msgid ", '"')) and "Date:" not in line)


def main() -> None:
    """Gather and compile, or check."""
    if "--check" in sys.argv[1:]:
        found = problems()
        for line in found:
            sys.stderr.write(f"{line}\n")
        sys.exit(1 if found else 0)
    gather()
    compile_to(CATALOGUE.with_suffix(".mo"))
    for word in unfinished():
        sys.stdout.write(f"to translate: {word}\n")


if __name__ == "__main__":
    main()
