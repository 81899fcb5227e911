"""``python -m malonewatch.cli`` is the command ``malonewatch``."""

import sys

from malonewatch.cli import main

sys.exit(main())
