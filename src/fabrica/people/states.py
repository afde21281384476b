"""The closed lists of this context."""

from unicodedata import normalize

from django.db.models import TextChoices
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fabrica.people.engine.countries import countries

TERMS_VERSION = "2026-11"
ERASED_HOST = "erased.invalid"  # no letter ever arrives there (RFC 2606)


class Role(TextChoices):
    """What the site lets a person do beyond applying."""

    OFFICER = "officer", _("Officer")
    ASSESSOR = "assessor", _("Assessor")
    OPERATOR = "operator", _("Operator")
    PROVIDER = "provider", _("Data provider")
    EXPERT = "expert", _("Expert reviewer")
    PANEL = "panel", _("Panel member")
    ETHICS = "ethics", _("Ethics officer")
    BOARD = "board", _("Member of the ethics board")


# Roles that decide about others: a second factor is required.
PRIVILEGED = frozenset({Role.OFFICER, Role.OPERATOR, Role.PANEL, Role.ETHICS, Role.BOARD})


class Language(TextChoices):
    """The languages the portal speaks."""

    EN = "en", _("English")
    FR = "fr", _("French")


class Kind(TextChoices):
    """What an organisation says it is; checked by an officer at screening."""

    STARTUP = "startup", _("Start-up")
    SME = "sme", _("Small or medium-sized enterprise")
    LARGE = "large", _("Large enterprise")
    RESEARCH = "research", _("Research organisation")
    PUBLIC = "public", _("Public body")


class Sector(TextChoices):
    """What an organisation works in, in words that applicants use."""

    AGRICULTURE = "agriculture", _("Agriculture and food")
    CLIMATE = "climate", _("Climate and environment")
    CULTURE = "culture", _("Media and culture")
    EDUCATION = "education", _("Education and research")
    ENERGY = "energy", _("Energy")
    FINANCE = "finance", _("Finance and insurance")
    GOVERNMENT = "government", _("Public services")
    HEALTH = "health", _("Health and life sciences")
    INDUSTRY = "industry", _("Manufacturing and robotics")
    MOBILITY = "mobility", _("Transport and mobility")
    SOFTWARE = "software", _("Software and digital services")
    SPACE = "space", _("Space and Earth observation")
    OTHER = "other", _("Another sector")


class Category(TextChoices):
    """What an enterprise is by Recommendation 2003/361/EC."""

    MICRO = "micro", _("Microenterprise")
    SMALL = "small", _("Small enterprise")
    MEDIUM = "medium", _("Medium-sized enterprise")
    NOT_SME = "not_sme", _("Not an SME")


class Relation(TextChoices):
    """How another enterprise stands to the one that declared it."""

    LINKED = "linked", _("Linked enterprise")
    PARTNER = "partner", _("Partner enterprise")
    LINKED_TO_PARTNER = "linked_to_partner", _("Linked to a partner enterprise")
    EXEMPT = "exempt", _("Investor with 25 % or more")


class Likeness(TextChoices):
    """Why two organisations may be the same."""

    NUMBER = "number", _("the same registration number")
    VAT = "vat", _("the same VAT number")
    PIC = "pic", _("the same PIC")
    NAME = "name", _("the same name, but for spelling and legal form")
    NEAR = "near", _("nearly the same name in the same country")


class MemberRole(TextChoices):
    """What a member may do for the organisation."""

    ADMIN = "admin", _("Administrator")
    MEMBER = "member", _("Member")


class Proof(TextChoices):
    """How it is known that a domain is an organisation's."""

    NONE = "none", _("Not proved yet")
    DNS = "dns", _("By a record in the DNS")
    OFFICER = "officer", _("By an officer")


class Cause(TextChoices):
    """Why an officer or operator ended a person's sessions or unlinked an identity."""

    INCIDENT = "incident", _("Somebody else may have got in")
    LOST = "lost", _("A device was lost")
    LEFT = "left", _("The person left the organisation that vouched for them")
    ASKED = "asked", _("The person asked for it")


class ErasureCause(TextChoices):
    """On whose word a person is erased."""

    OWN = "own", _("The person asked for it here")
    WRITTEN = "written", _("The person asked for it in writing")
    ORDER = "order", _("A court or an authority ordered it")
    UNUSED = "unused", _("The account is no longer needed")


class ErasureStop(TextChoices):
    """Why an officer or operator lets somebody's account be after all."""

    MISTAKE = "mistake", _("It was asked for by mistake")
    TAKEN_BACK = "taken_back", _("The person took the wish back in writing")
    HELD = "held", _("A proceeding or an authority needs the data")


class ErasureState(TextChoices):
    """Where an erasure stands."""

    WAITING = "waiting", _("Waiting for its day")
    CANCELLED = "cancelled", _("Cancelled")
    DONE = "done", _("Done")


class Scope(TextChoices):
    """What a token may be used for. Reading is in every token."""

    READ = "read", _("Read what I may see")
    APPLY = "apply", _("Write and submit applications")
    TRAIN = "train", _("Accept data policies, launch and cancel runs")
    PUBLISH = "publish", _("Publish datasets")
    DECIDE = "decide", _("Screen, assess and award")
    ACCOUNT = "account", _("Change my account and organisation")


def _country_name(code: str) -> str:
    """What a country is called in the language that is active."""
    return countries().by_code[code].name((get_language() or "en").split("-")[0])


_name_of = lazy(_country_name, str)
# Every country an organisation may be of, by its code; whether it may apply is a question of each access mode.
COUNTRIES = {code: _name_of(code) for code in countries().by_code}
MEMBER_COUNTRIES = {code: COUNTRIES[code] for code in countries().members}


def country_choices() -> list[tuple[str, str]]:
    """The countries in the alphabet of the reader; accents do not count."""
    named = [(code, str(name)) for code, name in COUNTRIES.items()]
    return sorted(named, key=lambda one: normalize("NFKD", one[1].casefold()).encode("ascii", "ignore"))
