"""Outside systems that people's pages speak with: OpenID providers, name servers, mail; and what allauth asks us."""
