"""`python -m fabrica.config` is `fabrica-site`."""

from fabrica.config.site import main

main()
