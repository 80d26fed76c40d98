"""`coursekit oral`: a page for talking with students about the network they handed in.

The questions come from the file itself, and other files give other questions. The key
is folded: closed, the page prints as the student's sheet; open, with the key below.
"""

import argparse
import sys
from html import escape
from pathlib import Path

from coursekit._base.card import inline
from coursekit._base.files import write_whole
from coursekit.course.defence import LETTERS, Defence, Question, defend
from coursekit.course.handin import inspect_submission
from coursekit.staff.grading.feedback import page

SMALL = (
    "<style>ol.choices{list-style:none;padding-left:1em;margin:.2em 0 .8em}"
    "@page{size:A4;margin:14mm}@media print{:root{color-scheme:light}"
    "body{font-size:10.5pt;line-height:1.3;max-width:none;margin:0;padding:0}"
    "h1{font-size:15pt;margin:0 0 .3em}details{font-size:8pt;line-height:1.25}"
    "details:not([open]){display:none}ol.choices{margin-bottom:.5em}}</style>"
)


def oral_sheet(defence: Defence, student: str, network: str) -> str:
    """Return one page: questions above, the key below, folded.

    Args:
        defence: as `defend` gives it.
        student: whose network it is.
        network: what it is called, such as the file handed in.
    """
    asked = "".join(map(_asked, defence.questions))
    key = "".join(map(_explained, defence.questions))
    title = f"{student}: {network}"
    return page(
        f"Oral sheet: {title}",
        f"{SMALL}<h1>{escape(title)}</h1><p>Name: __________________ Date: __________"
        f"</p><ol>{asked}</ol><details><summary>Key</summary><ol>{key}</ol></details>",
    )


def _asked(question: Question) -> str:
    pairs = zip(LETTERS, question.choices, strict=True)
    rows = "".join(f"<li>☐ {one}) {inline(text)}</li>" for one, text in pairs)
    return f"<li>{inline(question.text)}<ol class='choices'>{rows}</ol></li>"


def _explained(question: Question) -> str:
    wrong = (f"{one}: {inline(why)}" for one, why in sorted(question.why.items()))
    return f"<li><b>{question.right}</b>. {'; '.join(wrong)}</li>"


def sheet_of_file(path: Path) -> str:
    """Return the sheet of a file that `submit` wrote.

    The file was judged in a process with bounds before it is replayed here.

    Raises:
        ValueError: no hand-in file, or a network nothing can be asked about.
        OSError: the file cannot be read.
    """
    from coursekit.course.handin.opening import opened
    from coursekit.course.network_file.graph import read_graph
    from coursekit.course.network_file.replay import Replay

    inspection = inspect_submission(path)
    if inspection.doubts:
        raise ValueError(f"{path.name}: nothing is asked where {inspection.doubts[0]}")
    replay = Replay(read_graph(opened(path).model))
    seed = int(inspection.sha256[:8], 16)
    defence = defend(replay, inspection.input_shape, seed=seed)
    return oral_sheet(defence, inspection.claims.name or path.stem, inspection.file)


def main(argv: list[str] | None = None) -> int:
    """Write a sheet for each file; a file that gives none is said, the others go on."""
    parser = argparse.ArgumentParser(
        prog="coursekit oral",
        description="write a page of questions on a handed-in network, with a key",
        epilog="example:\n  coursekit oral fall/files/*.zip --to fall/oral",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", type=Path, nargs="+", help="zips that `submit` wrote")
    parser.add_argument("--to", type=Path, help="folder; default: beside each file")
    given = parser.parse_args(argv)
    failed = 0
    for path in given.files:
        target = (given.to or path.parent) / f"{path.stem}-oral.html"
        try:
            write_whole(target, sheet_of_file(path))
        except (ValueError, OSError) as error:
            failed += 1
            sys.stderr.write(f"coursekit oral: {path.name}: {error}\n")
        else:
            sys.stdout.write(f"{target}\n")
    return 1 if failed else 0
