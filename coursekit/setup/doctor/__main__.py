"""`python -m coursekit.setup.doctor`."""

import sys

from coursekit._base.streams import usable_streams
from coursekit.setup.doctor import main

with usable_streams():
    code = main()
sys.exit(code)
