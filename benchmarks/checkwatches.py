"""The cron script's entry point, as a module to run."""

import sys

from malonewatch.checkwatches.script import main

if __name__ == "__main__":
    sys.exit(main())
