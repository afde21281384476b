"""A provider that people may sign in with, as the site's settings name it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class SignInProvider:
    """One provider: `slug` stands in addresses, `issuer` is what its tokens must say."""

    slug: str
    name: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]
    acr_values: tuple[str, ...] = ()

    @property
    def discovery(self) -> str:
        """Where it describes itself."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    def as_app(self) -> dict[str, object]:
        """The provider as allauth is told of it."""
        return {
            "provider_id": self.slug,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.secret,
            "settings": {
                "server_url": self.discovery,
                "issuer": self.issuer,
                "scope": list(self.scopes),
                "oauth_pkce_enabled": True,
            },
        }


def is_safe(address: str) -> bool:
    """Whether an address is HTTPS, or stays on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
    return (parts.scheme == "https" or is_here) and bool(parts.hostname) and parts.username is None
