"""Signing in at OpenID providers: what allauth leaves out, and its decisions that are ours."""
