"""`python -m coursekit.setup.doctor`."""

import sys

from coursekit.setup.doctor import main

sys.exit(main())
