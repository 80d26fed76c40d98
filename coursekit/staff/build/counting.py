"""How much there is to read in a cell: lines of code, words of prose."""

import ast
import re

from coursekit.staff.build.code import parsed


def code_lines(code: str) -> int:
    """Count a cell's lines of code: docstrings, comments and blank lines are free."""
    rows = {
        number
        for number, row in enumerate(code.splitlines(), 1)
        if row.strip() and not row.strip().startswith("#")
    }
    for node in ast.walk(parsed(code)):
        documented = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            rows -= set(range(text.lineno, text.end_lineno + 1))
    return len(rows)


def words(markdown: str) -> int:
    """Count a cell's words: headings, tables, code, formulas and addresses are free."""
    text = re.sub(r"```.*?```", " ", markdown, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$", " ", text, flags=re.DOTALL)
    text = re.sub(r"^(#|\||\[!\[).*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"\$[^$\n]+\$|`[^`\n]+`", "x", text)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>|https?://\S+", " ", text)
    return len(re.findall(r"\w[\w'’.,×/-]*", text))
