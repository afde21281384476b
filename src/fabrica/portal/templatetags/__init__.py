"""What the pages of the portal share: `{% load portal %}`."""
