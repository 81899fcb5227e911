"""``python -m malonewatch.cli`` is the command ``malonewatch``."""

import sys

from malonewatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
