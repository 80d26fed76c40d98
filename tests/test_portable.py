"""What students run works on Windows, macOS and Linux: no habits of one system.

Read from the syntax tree of the package, of the sources of the sessions and of every
code cell of the built notebooks. What is allowed all the same stands in `ALLOWED` with
its reason.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Modules that one of the systems does not have.
MODULES = """crypt curses fcntl grp msvcrt posix pty pwd readline resource spwd syslog
    termios tty winreg winsound _winapi"""
# Processes: `spawn` (Windows, macOS) imports __main__ again, which a notebook has not.
PROCESSES = "multiprocessing torch.multiprocessing ProcessPoolExecutor"
OS_NAMES = """chown fork forkpty getegid geteuid getgid getpgid getuid killpg mkfifo
    mknod nice posix_spawn rename renames setsid statvfs symlink sysconf uname wait
    waitpid system startfile"""
SIGNALS = """SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2
    alarm pause setitimer sigwait"""
MODULES, PROCESSES, OS_NAMES, SIGNALS = (
    set(names.split()) for names in (MODULES, PROCESSES, OS_NAMES, SIGNALS)
)
PATH = re.compile(
    r"/(?:bin|content|dev|etc|home|kaggle|mnt|opt|proc|root|sys|tmp|usr|var)\b"
    r"|[A-Za-z]:\\|~/"
)
JOINED = re.compile(r"^/[\w.-]*$")  # what follows a folder in f"{folder}/name"
FOLDERISH = re.compile(r"(?:path|folder|root|place|home|dir|directory)s?$", re.I)

# (file, what) → why it is right there.
ALLOWED = {
    (
        "coursekit/course/exercises/guard.py",
        "module resource",
    ): "on Linux only, asked before",
    (
        "coursekit/course/exercises/guard.py",
        "signal.SIGALRM",
    ): "only where setitimer exists",
    (
        "coursekit/course/exercises/guard.py",
        "signal.setitimer",
    ): "its absence is asked before",
    ("coursekit/course/exercises/guard.py", "path /proc/self/statm"): "on Linux only",
    ("coursekit/_base/free_memory.py", "os.sysconf"): "asked for by name before",
    ("coursekit/_base/free_memory.py", "path /sys/fs/cgroup"): "on Linux only",
    ("coursekit/_base/free_memory.py", "path /proc/self/statm"): "if it is there",
    (
        "coursekit/staff/grading/class_grading.py",
        "module ProcessPoolExecutor",
    ): "a command's, with spawn, never a notebook's",
    (
        "coursekit/staff/grading/class_grading.py",
        "module multiprocessing",
    ): "names spawn",
    ("coursekit/course/handin/bounds.py", "module resource"): "its absence is caught",
    (
        "coursekit/_base/lasting.py",
        "path /content",
    ): "Colab's or none",
    (
        "coursekit/_base/lasting.py",
        "path /content/drive/MyDrive",
    ): "Colab's",
    ("coursekit/_base/lasting.py", "path /kaggle/working"): "Kaggle's",
}
# Two sides of Linux's walls around students' code; `sandbox` refuses other systems.
WALLS = (
    "grading/own_processes.py",
    "grading/sandbox.py",
    "grading/walls.py",
    "grading/warm_server.py",
)


def sources() -> dict[str, str]:
    """Return the code that students run: name of the file → text."""
    files = [*(ROOT / "coursekit").rglob("*.py"), *(ROOT / "notebooks").rglob("*.py")]
    files = [path for path in files if not name(path).endswith(WALLS)]
    found = {name(path): path.read_text(encoding="utf-8") for path in sorted(files)}
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = [c["source"] for c in cells if c["cell_type"] == "code"]
            found[name(path)] = without_magic("\n".join(map("".join, code)))
    return found


def without_magic(code: str) -> str:
    """Put `pass` in the place of `%pip`, which the set-up cell may call."""
    return re.sub(r"^(\s*)%pip .*$", r"\1pass", code, flags=re.MULTILINE)


def name(path: Path) -> str:
    """Return a file's name as it stands in `ALLOWED`."""
    return path.relative_to(ROOT).as_posix()


def habits(source: str) -> Iterator[str]:
    """Yield what in a source belongs to one system only."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node)
        elif isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.JoinedStr):
            yield from _joined(node)
        elif id(node) not in prose and _is_path(node):
            yield f"path {node.value}"


def _is_path(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text and PATH.match(node.value) is not None


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    names = {alias.name for alias in node.names}
    home = getattr(node, "module", None)
    if home == "os":
        yield from (f"os.{one}" for one in names & OS_NAMES)
    if home == "signal":
        yield from (f"signal.{one}" for one in names & SIGNALS)
    modules = {home or ""} | names
    yield from (f"module {one}" for one in modules & (MODULES | PROCESSES))


def _attribute(node: ast.Attribute) -> Iterator[str]:
    owner = ast.unparse(node.value)
    if (owner == "os" and node.attr in OS_NAMES) or (
        owner == "signal" and node.attr in SIGNALS
    ):
        yield f"{owner}.{node.attr}"
    if f"{owner}.{node.attr}" in PROCESSES or node.attr == "ProcessPoolExecutor":
        yield f"module {owner}.{node.attr}"


def _call(node: ast.Call) -> Iterator[str]:
    given = {word.arg: word.value for word in node.keywords}
    if "num_workers" in given:
        yield "num_workers"
    if isinstance(value := given.get("shell"), ast.Constant) and value.value:
        yield "shell=True"
    called = node.func.attr if isinstance(node.func, ast.Attribute) else None
    if isinstance(node.func, ast.Name):
        called = node.func.id
    if called == "rename" and len(node.args) == 1:
        yield "rename onto a file that may exist: use replace"
    if "encoding" not in given and _is_text(node, called, given):
        yield f"{called} without encoding"


def _is_text(node: ast.Call, called: str | None, given: dict) -> bool:
    """Say whether a call reads or writes text whose encoding differs by system."""
    if called in ("read_text", "write_text"):
        return called == "write_text" or not node.args
    if called not in ("open", "fdopen", "NamedTemporaryFile", "TemporaryFile"):
        return False
    owner = ast.unparse(getattr(node.func, "value", node.func))
    if owner.split(".")[-1] in ("Image", "tarfile", "zipfile", "self"):
        return False
    if (owner, called) == ("os", "open"):
        return False
    of_path = isinstance(node.func, ast.Attribute) and called == "open"
    of_path = of_path and owner not in ("io", "gzip", "codecs")
    place = 0 if of_path else 1
    mode = given.get("mode") or (node.args[place] if len(node.args) > place else None)
    if of_path and mode is not None and not any(map(_is_mode, ast.walk(mode))):
        return False  # not a path: `archive.open(member)`
    is_binary = called.endswith("TemporaryFile") or owner == "gzip"
    modes = [one.value for one in ast.walk(mode or node) if _is_mode(one)]
    return any("b" not in one for one in modes or ["b" if is_binary else "r"])


def _is_mode(node: ast.AST) -> bool:
    """Say whether a constant is a mode such as "rb"; a mode may be chosen by `if`."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text and bool(re.fullmatch(r"[rwax][bt+]*", node.value))


def _joined(node: ast.JoinedStr) -> Iterator[str]:
    """Find f"{folder}/name"; URLs and names inside archives may have slashes."""
    for left, right in zip(node.values, node.values[1:], strict=False):
        if not isinstance(left, ast.FormattedValue):
            continue
        text = right.value if isinstance(right, ast.Constant) else ""
        if JOINED.match(text) and FOLDERISH.search(ast.unparse(left.value)):
            yield f"joined {ast.unparse(left.value)}{text}"


SOURCES = sources()
FOUND = {(file, what) for file, source in SOURCES.items() for what in habits(source)}


def test_the_package_the_sessions_and_their_notebooks_are_read():
    folders = {"/".join(file.split("/")[:2]) for file in SOURCES}
    assert {"coursekit/training", "notebooks/src", "notebooks/solutions"} <= folders
    assert "notebooks/00_start_here.ipynb" in SOURCES


def test_no_code_that_students_run_has_the_habits_of_one_system():
    surprises = sorted(FOUND - set(ALLOWED))
    told = "\n".join(f"{file}: {what}" for file, what in surprises)
    assert not surprises, f"portable code, or a reason in ALLOWED:\n{told}"


@pytest.mark.parametrize("case", ALLOWED)
def test_every_exception_is_still_needed(case):
    assert case in FOUND


@pytest.mark.parametrize(
    ("source", "habit"),
    [
        ("DataLoader(data, num_workers=2)", "num_workers"),
        ("import fcntl", "module fcntl"),
        ("def f():\n    from resource import getrlimit", "module resource"),
        ("import torch.multiprocessing as mp", "module torch.multiprocessing"),
        ("os.fork()", "os.fork"),
        ("from os import geteuid", "os.geteuid"),
        ("signal.signal(signal.SIGALRM, f)", "signal.SIGALRM"),
        ("from signal import SIGKILL", "signal.SIGKILL"),
        ("place = '/tmp/run'", "path /tmp/run"),
        ("place = 'C:\\\\data'", "path C:\\data"),
        ("place = '~/data'", "path ~/data"),
        ("print(f'{folder}/run.pt')", "joined folder/run.pt"),
        ("open('notes.md')", "open without encoding"),
        ("open('notes.md', 'w')", "open without encoding"),
        ("path.open()", "open without encoding"),
        ("path.open('a')", "open without encoding"),
        ("path.read_text()", "read_text without encoding"),
        ("path.write_text('x')", "write_text without encoding"),
        ("gzip.open(path, 'rt')", "open without encoding"),
        ("os.fdopen(number, 'w')", "fdopen without encoding"),
        ("path.open('ab' if more else 'w')", "open without encoding"),
        ("subprocess.run('ls | wc', shell=True)", "shell=True"),
        ("os.system('ls')", "os.system"),
        ("part.rename(path)", "rename onto a file that may exist: use replace"),
    ],
)
def test_a_habit_is_found(source, habit):
    assert list(habits(source)) == [habit]


@pytest.mark.parametrize(
    "source",
    [
        "'''Write to /tmp by hand.'''",
        "open('notes.md', encoding='utf-8')",
        "open('data.bin', 'rb')",
        "path.open('wb')",
        "path.open('ab' if more else 'wb')",
        "gzip.open(path)",
        "Image.open(path)",
        "path.read_text('utf-8')",
        "os.open(os.devnull, os.O_WRONLY)",
        "archive.open(member)",
        "url = f'{host}/file.gz'",
        "part.replace(path)",
        "folder / 'run.pt'",
        "os.replace(part, path)",
        "kind = '4/2'",
    ],
)
def test_what_works_everywhere_is_let_pass(source):
    assert list(habits(source)) == []
