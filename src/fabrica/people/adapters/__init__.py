"""Outside systems that people's pages ask: name servers."""
