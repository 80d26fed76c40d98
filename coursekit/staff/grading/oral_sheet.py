"""A page for talking with students: questions on their own network, and the key."""

from html import escape

from coursekit.course.defence import LETTERS, Defence
from coursekit.staff.grading.feedback import page


def oral_sheet(defence: Defence, student: str, network: str) -> str:
    """Return one page: questions above, the key below, folded.

    Args:
        defence: as `defend` gives it.
        student: whose network it is.
        network: what it is called, such as the file handed in.
    """
    rows = []
    for one in defence.questions:
        pairs = zip(LETTERS, one.choices, strict=True)
        choices = "".join(
            f"<li>{letter}) {escape(text)}</li>" for letter, text in pairs
        )
        text = escape(one.text)
        rows.append(f"<li>{text}<ul style='list-style:none'>{choices}</ul></li>")
    head = f"<h1>{escape(student)}: {escape(network)}</h1>"
    key = f"<details><summary>Key</summary><pre>{escape(defence.key)}</pre></details>"
    return page(f"Oral sheet: {student}", f"{head}<ol>{''.join(rows)}</ol>{key}")
