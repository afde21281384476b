"""Files of people, given out so that no browser runs or shows them as a page of this site."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

POLICY = "sandbox; default-src 'none'"


def download(data: bytes, name: str, media_type: str = "application/octet-stream") -> HttpResponse:
    """Something to save: as bytes without a type where somebody else made it, with its name, never in a page."""
    return HttpResponse(
        data,
        content_type=media_type,
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
