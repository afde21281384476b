"""How we ask a provider: in bounded time, an answer of bounded size, and never where it sends us instead."""

import time
from typing import Any, Final

import requests

PATIENCE_SECONDS: Final = 8.0
READ_SECONDS: Final = 4.0
MOST_BYTES: Final = 1_000_000


class BoundedSession(requests.Session):
    """A session that gives up, whatever the other side does."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """One request. Raises RequestException, also for an answer too long, too late or elsewhere."""
        begun = time.monotonic()
        self.trust_env = False  # no .netrc of the server's user is ever sent
        kwargs.update(timeout=READ_SECONDS, allow_redirects=False, stream=True)
        response = super().request(*args, **kwargs)
        try:
            response._content = _read(response, begun)  # noqa: SLF001 - where requests keeps what it read
        finally:
            response.close()
        if response.is_redirect:
            raise requests.RequestException("led elsewhere")
        return response


def _read(response: requests.Response, begun: float) -> bytes:
    content = b""
    while chunk := response.raw.read1(65_536, decode_content=True):
        content += chunk
        if len(content) > MOST_BYTES or time.monotonic() - begun > PATIENCE_SECONDS:
            raise requests.RequestException("too long or too late")
    return content
