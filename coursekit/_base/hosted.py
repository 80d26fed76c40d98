"""Which hosted runtime is this, if any? One answer for everybody."""

import os

# The variable that each service sets on its machines.
HOSTED = {"Colab": "COLAB_RELEASE_TAG", "Kaggle": "KAGGLE_KERNEL_RUN_TYPE"}


def hosted_by() -> str | None:
    """Return "Colab" or "Kaggle", None on a machine of one's own."""
    return next((name for name, sign in HOSTED.items() if sign in os.environ), None)
