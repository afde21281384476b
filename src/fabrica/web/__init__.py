"""Web: how the product looks and speaks on a screen, and nothing else.

Owns the base templates, the components, the static files, the security headers of every answer and the mapping
of problems to pages. Its words: component, tone, problem page. It knows no context, reads no table and decides
nothing: what it shows is handed to it.
"""
