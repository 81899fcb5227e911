"""``python -m malonewatch`` is the command ``malonewatch``."""

import sys

from malonewatch.cli import main

sys.exit(main())
