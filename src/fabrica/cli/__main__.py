"""`python -m fabrica.cli` is `fabrica`."""

from fabrica.cli.main import main

main()
