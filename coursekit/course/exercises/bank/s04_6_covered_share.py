"""04.6 What share of a picture cutout covers (claim C58)."""

from fractions import Fraction

from coursekit.course.exercises.exercise import Exercise, Mistake

EXERCISE = Exercise(
    id="04.6",
    title="What share cutout covers",
    statement=(
        "A square of side 16 is put on a picture of 32×32; its centre is a pixel "
        "drawn uniformly, so it may hang over the border (it covers rows y − 8 … y + "
        "7). What share of the picture does it cover on average?"
    ),
    minutes=8,
    difficulty=3,
    importance=3,
    kind="number",
    solution=49 / 256,
    oracle=49 / 256,
    right=(0.1914, Fraction(49, 256)),
    tolerance=3e3,  # three digits are enough
    wrong=(
        Mistake(
            "never hangs over",
            0.25,
            "1/4 is covered only when the square never hangs over the border; here its "
            "centre may lie on the border itself.",
            slip="border",
        ),
        Mistake(
            "one axis only",
            0.4375,
            "7/16 is the mean share along one axis; the square has two: multiply.",
            slip="one axis",
        ),
        Mistake(
            "half the side",
            0.5,
            "16 of 32 is the side; the share of the picture is that of the area, and "
            "part of the square hangs over.",
        ),
        Mistake(
            "loses a quarter of each side",
            0.140625,
            "(3/8)² lets every square lose a quarter of its side; only squares "
            "within 8 rows of the border lose anything.",
        ),
        Mistake(
            "pixels instead of a share",
            196,
            "196 is the number of pixels covered on average; the share is that over "
            "32 · 32.",
            slip="question",
        ),
        Mistake(
            "percent instead of a share",
            19.140625,
            "That is the share in percent; give a number between 0 and 1.",
            slip="question",
        ),
    ),
    hints=(
        "Rows and columns are independent: find the mean number of rows covered first.",
        "A centre at row y covers rows max(y − 8, 0) … min(y + 7, 31). Add the numbers "
        "up for y = 0 … 31 and divide by 32.",
        "14 rows on average, so (14/32)².",
    ),
    takeaway="(14/32)² = 49/256 = 19.1 %: less than the 25 % one expects.",
)
