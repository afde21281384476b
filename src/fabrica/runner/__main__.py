"""`python -m fabrica.runner JOB.json`."""

import sys

from fabrica.runner.main import main

sys.exit(main(sys.argv[1:]))
