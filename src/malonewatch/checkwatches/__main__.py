"""``python -m malonewatch.checkwatches`` is the script ``checkwatches``."""

import sys

from malonewatch.checkwatches.script import main

if __name__ == "__main__":
    sys.exit(main())
