"""The README's moving picture says what was measured, and stands still on request."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from coursekit.staff.pages.moving_picture import drawn_from

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
STORED = (NOTEBOOKS / "pictures" / "predict_run_verdict.svg").read_text("utf-8")


def test_the_stored_picture_is_what_the_stored_verdict_gives():
    assert drawn_from(NOTEBOOKS) == STORED


def test_it_says_what_a_unit_sees_after_each_layer_and_the_verdict():
    """Each 3×3 adds 2 to a field that begins with 1: 3, 5, 7."""
    words = " ".join(ET.fromstring(STORED).itertext())
    assert "You said 9, measured 7. Not this time." in words
    assert "C12 ✓ true" in words
    label = ET.fromstring(STORED).get("aria-label")
    assert "the field grows to 3, 5, 7." in label


def test_it_moves_only_where_motion_is_welcome_and_asks_no_other_machine():
    style = STORED[STORED.index("<style>") : STORED.index("</style>")]
    assert re.search(r"no-preference\)\s*\{\s*\.at \{ animation: 10s", style)
    assert style.count("animation:") == 1
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|<script|href=", STORED) == []
