"""The demonstration: the whole way, played on this machine by a made-up cast through the services of a real site.

Only the cast and the operator's set-up are made here; everything else goes through the HTTP API, the worker, the
cluster port and the runner, exactly as on a site.
"""
