"""UNIX names: which there may be, and which a person gets. Pure functions."""

import re
import string
import unicodedata

from fabrica.kit.errors import Refused

DEFAULT_TEMPLATE = "u{number:05d}"
MAX_LENGTH, MAX_TEMPLATE = 31, 40
NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
SPEC = re.compile(r"|0?[1-9]d")
KNOWN = ("number", "initial", "first", "last")

# The accounts of Debian and Red Hat systems, of services on a cluster, and names people take for one.
SYSTEM_ACCOUNTS = """
root daemon bin sys sync games man lp mail news uucp proxy backup list irc gnats nobody nogroup adm admin
administrator operator ftp ftpuser shutdown halt wheel sudo staff users utmp shadow tty disk kmem video audio
messagebus dbus polkitd sshd ssh rpc rpcuser chrony ntp tss postfix dovecot exim sssd tcpdump unbound
slurm slurmrestd slurmdbd munge mysql mariadb postgres redis ldap openldap nslcd lustre
apache nginx www www-data git fabrica ubuntu debian centos rocky cloud-user ansible test guest
"""
SYSTEM = frozenset(SYSTEM_ACCOUNTS.split())
RESERVED = re.compile(r"_.*|systemd-.*|fabrica-.*|fp\d+")  # fp0001: the accounts that the projects' jobs run as


def check_unix_name(name: str) -> None:
    """Raises Refused for what is no UNIX name, or the name of a system's account."""
    if not NAME.fullmatch(name):
        raise Refused(
            f"{name[:40]!r} is no UNIX name.",
            why=f"It has at most {MAX_LENGTH} characters: small letters, digits, '-' and '_', a letter first.",
        )
    if name in SYSTEM or RESERVED.fullmatch(name):
        raise Refused(f"{name} is the name of a system's account.", todo="Choose another.")


def is_of_projects(template: str, name: str) -> bool:
    """Whether a project's own account could be called this, by the template of projects such as `fp{number:04d}`."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return False  # by such a template nothing is called anything; the site's check refuses it
    pattern = "".join(re.escape(text) + ("" if field is None else r"\d+") for text, field, _spec, _convert in parts)
    return re.fullmatch(pattern, name) is not None


def check_template(template: str) -> None:
    """Raises Refused for a template that cannot make names, or would make the same for everybody."""
    try:
        parts = [part[1:] for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise _bad(template, f"{error}.") from error
    known = all(name in KNOWN and SPEC.fullmatch(spec or "") and not convert for name, spec, convert in parts)
    if not parts or not known or len(template) > MAX_TEMPLATE:
        raise _bad(template, f"It has at most {MAX_TEMPLATE} characters, and at least one field.")
    try:
        check_unix_name(unix_name(template, "Ada Lovelace", 7))
    except ValueError as error:
        raise _bad(template, f"{error}.") from error


def _bad(template: str, why: str) -> Refused:
    return Refused(
        f"{template[:60]!r} makes no UNIX names.",
        why=why,
        todo=f"Write it as {DEFAULT_TEMPLATE} or {{initial}}{{last}}. The fields are: {', '.join(KNOWN)}.",
    )


def unix_name(template: str, full_name: str, number: int) -> str:
    """The name that a template makes of a person: plain letters only, cut to length. It may be empty or taken."""
    words = [word for word in (_plain(part) for part in full_name.split()) if word] or [""]
    fields = {"number": number, "initial": words[0][:1], "first": words[0], "last": words[-1]}
    return template.format(**fields).lower()[:MAX_LENGTH]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", letters)
