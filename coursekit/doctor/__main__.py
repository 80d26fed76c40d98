"""`python -m coursekit.doctor`."""

import sys

from coursekit.doctor import main

sys.exit(main())
