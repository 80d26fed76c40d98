"""What a reader sees of an answer before the question, as far as a program can tell.

The right answers of predictions stand in the outputs of the built solution notebook.
Text is what a student sees before the question, and from there to the reveal: prose,
comments, the statements of claims, typed titles and captions of figures. The rules
prefer to miss a spoiler to crying wolf: "5" is everywhere, and so is "better".
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from coursekit.course.claims import CLAIMS, VERDICT_MIME
from coursekit.staff.build.code import calls_in, first_argument, name_of, parsed
from coursekit.staff.build.convert import BEGIN, END
from coursekit.staff.build.notebook_source import Cell
from coursekit.staff.build.predicting import predictions_in, reveals_in

MEASURED = re.compile(r"\bmeasured (?P<answer>.+?)\. |\bmeasured (?P<last>.+?)\.$")
NUMBER = re.compile(r"(?P<number>−?-?\d[\d,]*(?:\.\d+)?)(?: (?P<unit>[^\d(±]+))?")
SAYS = r"(?:=|≈|\bis|\bare|\bgives?|\bmakes?|\bexactly|\babout|\bonly)\s*\**"
FORMULA = re.compile(r"⌊|[A-Z]²|[A-Z]·[A-Z]|[A-Z] ?[−+/] ?[A-Z\d]|\d[A-Z]\b")
BEST = r"(?:best|better|most|first|ahead|dearest|largest|higher|highest|winner|right)"
HAS = r"(?:is|are|was|were|has|have|gets?|costs?|comes?|reads?|learns?|wins|won|beats)"
SHORTEST = 4  # letters from which an option is looked for; "A" and "yes" are not
DISTINCTIVE = 3  # digits from which a number is taken for itself wherever it stands
PARTS = 5  # nodes of an expression that is worth keeping secret

Found = tuple[int, str, str]


def check_spoilers(cells: Sequence[Cell], solution: Path) -> Iterator[Found]:
    """Find answers of predictions and of exercises in what stands before them.

    Args:
        cells: of the source, neither version's own cells left out.
        solution: the built solution notebook; where it is missing, answers of
            predictions are not known.
    """
    seen = [cell for cell in cells if "solution" not in cell.tags]
    answers = answers_of(solution)
    for cell, call in predictions_in(seen):
        name = first_argument(call)
        if name in answers:
            yield from _prediction(seen, cell, name, answers[name])
    yield from _exercises(seen)


def answers_of(solution: Path) -> dict[str, str]:
    """Read what was measured for each prediction: name → "9" or "9 pixels".

    Args:
        solution: a built solution notebook.
    """
    if not solution.is_file():
        return {}
    answers = {}
    for cell in json.loads(solution.read_text(encoding="utf-8"))["cells"]:
        names = re.findall(
            r"""\breveal\(\s*["']([\w-]+)["']""", "".join(cell["source"])
        )
        said = " ".join(_said(output) for output in cell.get("outputs", ()))
        if len(names) == 1 and (match := MEASURED.search(said.strip())):
            answers[names[0]] = match["answer"] or match["last"]
    return answers


def _said(output: dict) -> str:
    data = output.get("data", {})
    if VERDICT_MIME in data:
        return data[VERDICT_MIME]["predicted"] or ""
    return "".join(data.get("text/plain", ""))


def _prediction(seen, asked: Cell, name: str, answer: str) -> Iterator[Found]:
    """Look for the answer in what stands before the question, or before its reveal."""
    question = _question_before(seen, asked)
    before = [cell for cell in seen if cell.position < question.position]
    between = _until_revealed(seen, asked, name)
    tells, everywhere = _teller(answer)
    for cell in [*(before if everywhere else _section(before)), *between]:
        if tells(visible(cell)):
            message = (
                f"the answer of {name!r}, {answer}, can be read before it is asked"
            )
            if cell in between:
                message = f"the answer of {name!r}, {answer}, stands before its reveal"
            yield cell.line, message, "error"


def _until_revealed(seen: Sequence[Cell], asked: Cell, name: str) -> list[Cell]:
    """Return the prose and typed captions from a question to the cell that reveals."""
    told = [
        cell.position for cell, call in reveals_in(seen) if first_argument(call) == name
    ]
    end = min(told, default=asked.position)
    return [cell for cell in seen if asked.position < cell.position < end]


def _teller(answer: str) -> tuple[Callable[[str], bool], bool]:
    """Return what finds an answer in a text, and whether it may look everywhere."""
    if (match := NUMBER.match(answer)) is None:
        return partial(_says, answer=answer), False
    number, unit = match["number"], (match["unit"] or "").strip()
    distinctive = len(re.sub(r"\D", "", number).strip("0")) >= DISTINCTIVE
    how = {"number": number, "unit": unit, "distinctive": distinctive}
    return partial(_tells, **how), distinctive


def _says(text: str, answer: str) -> bool:
    """Say whether a text states that an option in words is the one."""
    if sum(letter.isalpha() for letter in answer) < SHORTEST:
        return False
    named = rf"[\"“*]*(?:the )?{re.escape(answer)}\b[\"”*]*"
    said = [
        rf"\*\*{re.escape(answer)}\b[^*]*\*\*",
        rf"\b{named} {HAS} (?:the )?{BEST}\b",
    ]
    said += [
        rf"\b{named} (?:wins|won)\b",
        rf"\b{BEST}(?: \w+)? (?:is|are|was|were) {named}",
    ]
    said += [rf"\banswer (?:is|was) {named}", rf"\b{BEST}: {named}"]
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in said)


def _question_before(seen: Sequence[Cell], asked: Cell) -> Cell:
    return [cell for cell in seen if cell.position <= asked.position][-2:][0]


def _tells(text: str, number: str, unit: str, distinctive: bool) -> bool:
    either = {number, number.replace(",", "")}
    written = "(?:" + "|".join(map(re.escape, sorted(either))) + ")"
    alone = rf"(?<![\w.,×]){written}(?![\w×]|[.,]\d| ?×)"
    if distinctive:
        return re.search(alone, text) is not None
    said = [rf"{SAYS}{alone}", rf"\*\*{written}\*\*"]
    said += [rf"{alone}\**\s+{re.escape(unit)}"] if unit and unit != "%" else []
    return any(re.search(pattern, text) for pattern in said)


def visible(cell: Cell) -> str:
    """Return what of a cell reads as text: prose, comments, claims, typed captions."""
    if cell.kind == "markdown":
        return cell.text
    comments = re.findall(r"#\s+(.*)$", cell.text, re.MULTILINE)
    shown = [row for row in comments if not re.fullmatch(r"(your )?answer", row)]
    shown += [CLAIMS[id].statement for id in _claims_in(cell)]
    return "\n".join([*shown, *_captions(cell)])


def _captions(cell: Cell) -> list[str]:
    """List the titles and words of figures that are typed, not computed."""
    given = [word for call in calls_in(cell) for word in call.keywords]
    texts = [word.value for word in given if word.arg in ("title", "words")]
    return [one.value for one in texts if isinstance(one, ast.Constant) and one.value]


def _claims_in(cell: Cell) -> list[str]:
    called = [c for c in calls_in(cell) if name_of(c.func) == "claim"]
    return [id for call in called if (id := first_argument(call)) in CLAIMS]


def _section(before: Sequence[Cell]) -> list[Cell]:
    """Return the cells from the last heading on."""
    starts = [n for n, cell in enumerate(before) if re.match(r"#+ ", cell.text)]
    return list(before[starts[-1] :]) if starts else list(before)


def _exercises(seen: Sequence[Cell]) -> Iterator[Found]:
    """Look for the expressions of a solution, and for formulas of claims above it."""
    for cell in seen:
        if cell.kind != "code" or BEGIN not in cell.text:
            continue
        before = [other for other in seen if other.position < cell.position]
        secrets = _expressions(_solution(cell.text))
        for other in before:
            if secrets & _expressions(_code_in(other)):
                message = f"shows an expression that solves the exercise {_where(cell)}"
                yield other.line, message, "error"
        for other in _section(before):
            if other.kind != "code":
                continue
            for id in _claims_in(other):
                if FORMULA.search(CLAIMS[id].statement):
                    message = (
                        f"claim {id} states a formula before the exercise "
                        f"{_where(cell)}: show the claim after it"
                    )
                    yield other.line, message, "error"


def _where(cell: Cell) -> str:
    return f"at line {cell.line}"


def _solution(text: str) -> str:
    inside = re.findall(rf"{BEGIN}\n(.*?){END}", text, re.DOTALL)
    lines = "\n".join(inside).splitlines()
    return "\n".join(line.strip() for line in lines)


def _code_in(cell: Cell) -> str:
    """Return what a student reads as code: the cell without its solutions, or spans."""
    if cell.kind == "code":
        return re.sub(rf"{BEGIN}.*?{END}", "", cell.text, flags=re.DOTALL)
    return "\n".join(re.findall(r"`([^`\n]+)`", cell.text))


def _expressions(code: str) -> set[str]:
    """Return the arithmetic in code, names left out: a + 2 * b and x + 2 * y agree."""
    expressions = set()
    for row in [code, *code.splitlines()]:
        try:
            tree = parsed(re.sub(r"^return ", "", row.strip()))
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            parts = sum(isinstance(n, ast.BinOp) for n in ast.walk(node))
            if isinstance(node, ast.BinOp) and parts >= PARTS:
                expressions.add(_without_names(node))
    return expressions


def _without_names(node: ast.expr) -> str:
    return re.sub(r"\bid='\w+'|\battr='\w+'", "", ast.dump(node))
