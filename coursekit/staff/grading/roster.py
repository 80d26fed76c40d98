"""Whose a hand-in is: the roster, and the names that learning platforms give files.

    Canvas   doejane_LATE_4711_90210_a1.ipynb       name, late, user's id, file's id
    Moodle   Jane Doe_4711_assignsubmission_file/a1.ipynb   name, participant's number
             Jane Doe_4711_assignsubmission_file_a1.ipynb   the same, without folders
    plain    s4711.ipynb · s4711/a1.ipynb           an id or a name of the roster

These follow the platforms' own sources (Canvas: `lib/content_zipper.rb`; Moodle:
`mod/assign/classes/downloader.php`) and were not tried with files of a real course.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PLATFORMS = {
    "moodle": re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_"),
    "canvas": re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_\d+_."),
}
STRANGER = "not on the roster"
NAMES = ("name", "full name", "student")  # columns of whole names
FIRST, LAST = "first name", ("surname", "last name")
FULL = "first and last name"


@dataclass(frozen=True)
class Named:
    """What a file's name says.

    Args:
        student: an id of the roster; "" where nobody could be found.
        platform: "canvas" or "moodle" where the name is one of theirs, else "".
        number: the student's, on the platform; Moodle's differs by assignment.
        flags: "late", as Canvas's names say; why it is nobody's.
    """

    student: str
    platform: str = ""
    number: str = ""
    flags: tuple[str, ...] = ()


def read_roster(path: Path) -> dict[str, str]:
    """Read who is in the class.

    Args:
        path: CSV with a column `id`, and `name` or others by which students are known.
            What stands for several students (a group, a first name) is left out.

    Returns:
        The id by everything that may stand in a file's name, in small letters.

    Raises:
        ValueError: it is no CSV in UTF-8 with a column `id`, an id twice, two students
            with one name.
    """
    rows = _rows(path)
    meant: dict[str, set[str]] = {}
    for row in rows:
        for word in _words(row):
            meant.setdefault(word, set()).add(row["id"])
    told = {}
    for column in ("id", *NAMES, FULL):
        for row in rows:
            for word in spellings(row.get(column, "")):
                other = told.setdefault(word, row["id"])
                if other != row["id"]:
                    raise ValueError(
                        f"`{path.name}`: {row[column]!r} stands for {other} and for "
                        f"{row['id']}; write it so that they can be told apart"
                    )
    single = {word: min(ids) for word, ids in meant.items() if len(ids) == 1}
    return single | told


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a roster, columns in small letters, each with an id."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        mark = ";" if first.count(";") > first.count(",") else ","
        reader = csv.DictReader(io.StringIO(text), delimiter=mark, strict=True)
        columns = {name: name.strip().lower() for name in reader.fieldnames or ()}
        read = list(reader)
    except UnicodeDecodeError:
        sentence = f"`{path.name}` is not UTF-8; save the roster as that"
        raise ValueError(sentence) from None
    except csv.Error as error:
        raise ValueError(f"`{path.name}` is no CSV: {error}") from None
    if not read or "id" not in columns.values():
        has_id = "id" in columns.values()
        needs = "line for each student" if has_id else "first line with a column `id`"
        raise ValueError(f"`{path.name}` needs a {needs}")
    rows = [
        {to: (row[name] or "").strip() for name, to in columns.items()} for row in read
    ]
    ((most, times),) = (ids := Counter(row["id"] for row in rows)).most_common(1)
    if "" in ids:
        raise ValueError(f"`{path.name}` has a line without an id")
    if times > 1:
        raise ValueError(f"`{path.name}` has {times} lines with the id {most!r}")
    for row in rows:
        last = next((row[name] for name in LAST if name in row), "")
        if FIRST in row and last:
            row[FULL] = f"{row[FIRST]} {last}"
    return rows


def _words(row: dict[str, str]) -> set[str]:
    return {word for value in row.values() for word in spellings(value)}


def spellings(value: str) -> set[str]:
    """Return how a name may be written: Ana van Dam → anavandam, vandamana, …"""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", value).lower())
    turns = ("".join(words[i:] + words[:i]) for i in range(len(words)))
    return set(turns) - {""}


def named(came_as: str, roster: dict[str, str], assignment: str = "") -> Named:
    """Find whose a file is.

    A platform's name decides alone: what follows in it, and what lies inside, was named
    by students, who may write any name. Without one, names that disagree are nobody's.

    Args:
        came_as: where it was, with slashes.
        roster: as `read_roster` gives it; {} takes names as they come.
        assignment: its id; a notebook called by it and a student is that student's.
    """
    parts = PurePosixPath(came_as).parts
    stem = PurePosixPath(parts[-1]).stem.removeprefix(f"{assignment}-")
    for part in parts:
        for platform, form in PLATFORMS.items():
            if match := form.match(part):
                return _on_platform(platform, match, roster)
    if not roster:
        return Named(stem if len(parts) == 1 else parts[-2])
    plain = (*parts[:-1], stem)
    found = {roster[one] for part in plain for one in spellings(part) if one in roster}
    if len(found) > 1:
        return Named("", flags=(f"names {' and '.join(sorted(found))}",))
    return Named(*found) if found else Named("", flags=(STRANGER,))


def _on_platform(platform: str, match: re.Match, roster: dict[str, str]) -> Named:
    words = [match["name"]]
    if platform == "canvas":  # Moodle's number is an assignment's, no student's
        words.insert(0, match["number"])
    known = [roster[s] for word in words for s in spellings(word) if s in roster]
    student = next(iter(known), "") if roster else match["name"]
    late = ("late",) if match.groupdict().get("late") else ()
    flags = late if student else (*late, STRANGER)
    return Named(student, platform, match["number"], flags)
