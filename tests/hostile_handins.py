"""Hand-ins of a class that does not mean well, and of one that is only careless.

Each is a file's bytes and what the grader must say: points of the exercise 01.3 (1 for
right), and whether a person has to look.
"""

import json
from dataclasses import dataclass

RIGHT = """\
def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field
"""
STUB = "def receptive_field(layers):\n    ...\n"
CHECK = 'check("01.3", receptive_field)'
INSIDE = "def receptive_field(layers):\n"


@dataclass(frozen=True)
class Case:
    """A hand-in, the points it deserves, and a word of the sentence it gets.

    `person` says whether somebody has to look at the file.
    """

    name: str
    data: bytes
    points: int
    word: str = ""
    person: bool = False


def notebook(*sources: str, kind: str = "code", **more: object) -> bytes:
    """Return the bytes of a notebook with these cells, without any metadata."""
    cells = [{"cell_type": kind, "source": source} | more for source in sources]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}).encode()


def body(*lines: str) -> bytes:
    """Return a notebook whose answer has this body."""
    return notebook(INSIDE + "".join(f"    {line}\n" for line in lines))


def before(code: str) -> bytes:
    """Return a notebook that runs `code` beside a right answer that uses it."""
    return notebook(
        f"def prepare():\n{_indented(code)}\n\nSIZE = prepare()", _uses_size()
    )


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


def _uses_size() -> str:
    return RIGHT.replace("    field, jump", "    SIZE\n    field, jump")


STYLES = (
    Case("as it should be", notebook("import torch", RIGHT, CHECK), 1),
    Case("one cell with all", notebook(f"import torch\n{RIGHT}\n{CHECK}"), 1),
    Case("source as lines", notebook(*[RIGHT]).replace(b"@", b""), 1),
    Case("a script", RIGHT.encode(), 1),
    Case(
        "by recursion, with a helper in a later cell",
        notebook(
            "def receptive_field(layers):\n    return reach(layers)",
            "def reach(layers):\n    if not layers:\n        return 1\n"
            "    k, s, d = layers[0]\n    return (reach(layers[1:]) - 1) * s "
            "+ d * (k - 1) + 1",
        ),
        1,
    ),
    Case(
        "a lambda",
        notebook(
            "receptive_field = lambda layers: f(layers)",
            RIGHT.replace("receptive_field", "f"),
        ),
        1,
    ),
    Case(
        "renamed, and checked so",
        notebook(RIGHT.replace("receptive_field", "rf"), 'check("01.3", rf)'),
        1,
    ),
    Case(
        "a partial",
        notebook(
            "from functools import partial",
            RIGHT.replace("receptive_field(", "rf(a, "),
            "receptive_field = partial(rf, 0)",
        ),
        1,
    ),
    Case(
        "numbers as numpy",
        notebook(
            "import numpy as np",
            RIGHT.replace("return field", "return np.int64(field)"),
        ),
        1,
    ),
    Case("cells after an error", notebook("1 / 0", "undefined_name", RIGHT), 1),
    Case(
        "magics between",
        notebook("%matplotlib inline\n!pip install torch", "%%time\n" + RIGHT),
        1,
    ),
)
CARELESS = (
    Case("empty notebook", notebook(), 0, "not in the hand-in", person=True),
    Case("empty file", b"", 0, "empty", person=True),
    Case("untouched", notebook(STUB, CHECK), 0, "No answer so far"),
    Case("the cell deleted", notebook("import torch", CHECK), 0),
    Case("the cell copied, the stub last", notebook(RIGHT, CHECK, STUB, CHECK), 1),
    Case("the cell copied, the stub first", notebook(STUB, CHECK, RIGHT, CHECK), 1),
    Case("cells reversed", notebook(CHECK, RIGHT, "import torch"), 1),
    Case("retyped to raw", notebook(RIGHT, kind="raw"), 1),
    Case("retyped to markdown", notebook(RIGHT, kind="markdown"), 1),
    Case("ids twice", notebook(RIGHT, STUB, id="a"), 1),
    Case("no return", notebook(RIGHT.replace("return field", "field")), 0, "return"),
    Case(
        "prints it",
        notebook(RIGHT.replace("return field", "print(field)")),
        0,
        "return",
    ),
    Case("ignores dilation", notebook(RIGHT.replace("dilation *", "")), 0, "dilation"),
    Case(
        "a syntax error", notebook(RIGHT.replace("1, 1", "1, 1 1")), 0, "cannot be read"
    ),
    Case("a syntax error elsewhere", notebook("def (", RIGHT), 1),
    Case(
        "a name that is missing",
        notebook(RIGHT.replace("field +=", "fild +=")),
        0,
        "fild",
    ),
    Case("called instead of given", notebook("receptive_field = 7"), 0, "int"),
    Case("a class instead", notebook("class receptive_field: pass"), 0, "class"),
    Case(
        "two parameters", notebook(RIGHT.replace("(layers)", "(layers, x)")), 0, "takes"
    ),
    Case("async", notebook("async " + RIGHT), 0, "async"),
    Case("UTF-16", notebook(RIGHT).decode().encode("utf-16"), 0, "UTF-16", person=True),
    Case("byte-order mark", b"\xef\xbb\xbf" + notebook(RIGHT), 1),
    Case("broken JSON", notebook(RIGHT)[:-20], 0, "JSON", person=True),
    Case("JSON, and no notebook", b'{"a": 1}', 0, "no cells", person=True),
    Case("bytes", bytes(range(256)) * 9, 0, "UTF-8", person=True),
    Case("lists in lists", b'{"cells":' + b"[" * 200_000, 0, "", person=True),
    Case(
        "a pickle",
        b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00K\x01.",
        0,
        "UTF-8",
        person=True,
    ),
    Case(
        "a zip by another name", b"PK\x03\x04" + b"\xff" * 500, 0, "UTF-8", person=True
    ),
    Case(
        "another assignment",
        notebook("def softmax(x):\n    return x"),
        0,
        "",
        person=True,
    ),
)
HOSTILE = (
    Case("endless loop", body("while True: pass"), 0, "did not end"),
    Case(
        "endless loop that swallows",
        body(
            "while True:",
            "    try:",
            "        while True: pass",
            "    except BaseException: pass",
        ),
        0,
        "stopped",
    ),
    Case("endless loop in C", body("return sum(iter(int, 1))"), 0, "did not end"),
    Case("endless loop at the top", before("while True: pass"), 0, "did not end"),
    Case("sleep", body("import time", "time.sleep(1e6)"), 0, "did not end"),
    Case(
        "fork bomb",
        body(
            "import os", "while True:", "    try: os.fork()", "    except OSError: pass"
        ),
        0,
    ),
    Case(
        "five gigabytes", body("x = bytearray(5 * 2**30)", "return len(x)"), 0, "emory"
    ),
    Case(
        "five gigabytes of tensor",
        body("import torch", "x = torch.ones(5 * 2**28)", "return 1"),
        0,
    ),
    Case(
        "gigabytes in children",
        body(
            "import os",
            "for _ in range(4):",
            "    if not os.fork():",
            "        x = bytearray(2**30)",
            "        x[::4096] = b'1' * len(x[::4096])",
            "        while True: pass",
            "while True: pass",
        ),
        0,
        "stopped",
    ),
    Case(
        "fills the disk",
        body(
            "for i in range(10**6):", "    open(f'/tmp/{i}', 'wb').write(bytes(2**20))"
        ),
        0,
    ),
    Case(
        "deletes files",
        before(
            "import shutil, coursekit\n"
            "shutil.rmtree(coursekit.__path__[0], ignore_errors=True)\n"
            "shutil.rmtree('/tmp', ignore_errors=True)\n"
            "return 1"
        ),
        1,
    ),
    Case(
        "network",
        body("import socket", "socket.create_connection(('1.1.1.1', 53), 2)"),
        0,
        "OSError",
    ),
    Case("exits", body("import sys", "sys.exit(0)"), 0),
    Case("exits hard", body("import os", "os._exit(0)"), 0, "ended"),
    Case("quits", body("quit()"), 0),
    Case(
        "ends the kernel",
        body("get_ipython().kernel.do_shutdown(True)", "return 1"),
        0,
        "get_ipython",
    ),
    Case("asks and waits", body("return int(input('?'))"), 0, "EOFError"),
    Case(
        "searches the disk",
        body(
            "import os",
            "wanted = {'course.secret', 'manifest.csv', 'hostile_handins.py'}",
            "for folder, inside, names in os.walk('/'):",
            "    inside[:] = {*inside} - {'usr', 'lib', 'proc', 'sys', 'share'}",
            "    if wanted & set(names): return os.path.join(folder, 'found')",
            "return 1",
        ),
        0,
        "the result is 1",
    ),
    Case(
        "links out of the sandbox",
        body(
            "import os",
            "os.symlink('/root', '/tmp/a')",
            "os.symlink('../../../etc/shadow', '/tmp/b')",
            "return len(os.listdir('/tmp/a')) + len(open('/tmp/b').read())",
        ),
        0,
        "Error",
    ),
    Case("crashes", body("import ctypes", "ctypes.string_at(0)"), 0, "ended"),
    Case("huge output", body("while True: print('x' * 10**6)"), 0, "printed"),
    Case(
        "huge output below Python",
        body("import os", "while True: os.write(1, b'x' * 10**6)"),
        0,
        "did not end",
    ),
    Case("huge result", body("return 'x' * 10**9"), 0),
    Case(
        "huge tensor as a result", body("import torch", "return torch.zeros(2**27)"), 0
    ),
    Case(
        "ignores signals",
        body(
            "import signal",
            "signal.signal(signal.SIGALRM, signal.SIG_IGN)",
            "while True: pass",
        ),
        0,
        "did not end",
    ),
    Case(
        "kills what it sees",
        body("import os, signal", "os.kill(-1, signal.SIGKILL)", "return 1"),
        0,
    ),
    Case(
        "kills its parent",
        body("import os, signal", "os.kill(os.getppid(), signal.SIGKILL)", "return 1"),
        0,
    ),
    Case(
        "background process",
        before(
            "import os\n"
            "if not os.fork():\n"
            "    os.setsid()\n"
            "    while True: pass\n"
            "return 1"
        ),
        1,
    ),
    Case(
        "thread that never ends",
        before(
            "import threading\n"
            "work = lambda: [0 for _ in iter(int, 1)]\n"
            "threading.Thread(target=work, daemon=True).start()\n"
            "return 1"
        ),
        1,
    ),
    Case(
        "reads the answers",
        notebook(
            "from coursekit.course.exercises.registry import load\n"
            "receptive_field = load('01.3').solution"
        ),
        0,
    ),
    Case(
        "reads the answers' file",
        body(
            "import pathlib, coursekit",
            "p = pathlib.Path(coursekit.__file__).parent",
            "return list(p.rglob('s01_3*'))[0].read_text()",
        ),
        0,
        "IndexError",
    ),
    Case(
        "asks for the solution",
        notebook(
            "from coursekit import solution\n"
            "names = {}\n"
            "exec(solution('01.3').text, names)\n"
            "receptive_field = names['receptive_field']"
        ),
        0,
    ),
    Case(
        "replaces asserts and builtins",
        notebook(
            "import builtins\n"
            "builtins.all = lambda *_: True\n"
            "builtins.isinstance = lambda *_: True",
            "def receptive_field(layers):\n"
            "    import builtins\n"
            "    builtins.sum = builtins.all = lambda *_: True\n"
            "    return 1",
        ),
        0,
    ),
    Case(
        "replaces torch",
        notebook(
            "import torch",
            "def receptive_field(layers):\n"
            "    torch.isclose = torch.equal = lambda *_, **__: torch.tensor(True)\n"
            "    return 1",
        ),
        0,
    ),
    Case(
        "equal to everything",
        notebook(
            "class Any(int):\n"
            "    def __eq__(self, other): return True\n"
            "    __hash__ = int.__hash__",
            "def receptive_field(layers):\n    return Any(1)",
        ),
        0,
    ),
    Case(
        "a tensor that lies",
        notebook(
            "import torch\n"
            "class Lie(torch.Tensor):\n"
            "    def item(self): return 5\n"
            "    def __eq__(self, o): return True\n"
            "    def __torch_function__(self, *a, **k): return True",
            "def receptive_field(layers):\n    return Lie([1.0])",
        ),
        0,
    ),
    Case(
        "replaces the recorder",
        notebook(
            "import coursekit.course.exercises.observe as o\n"
            "import coursekit.staff.grading.answer_process as a",
            "def receptive_field(layers):\n"
            "    a.run = o.run = lambda *_: o.Record(None, 'right')\n"
            "    a.Session.on_call = lambda *_: {'status': 'right', 'points': 99}\n"
            "    return 1",
        ),
        0,
    ),
    Case(
        "writes frames of its own",
        body(
            "import os",
            "for f in range(3, 40):",
            "    try: os.write(f, bytes(7) + b'\\x09[true,[]]' * 99)",
            "    except OSError: pass",
            "return 1",
        ),
        0,
    ),
    Case(
        "forges a grade's file",
        body(
            "import os, pathlib",
            "for p in ('grades', '/tmp', '/'):",
            "    try: pathlib.Path(p, 'forged.json').write_text('{\"points\": 99}')",
            "    except OSError: pass",
            "return 1",
        ),
        0,
    ),
    Case(
        "a finder of secrets",
        body(
            "import gc",
            "from coursekit.course.exercises.exercise import Exercise",
            "return [o for o in gc.get_objects() if type(o) "
            "is Exercise][0].solution(layers)",
        ),
        0,
    ),
    Case(
        "looks into its frames",
        body(
            "import sys",
            "f = sys._getframe()",
            "while f:",
            "    for v in f.f_locals.values():",
            "        if type(v).__name__ == 'Exercise': return v.solution(layers)",
            "    f = f.f_back",
            "return 1",
        ),
        0,
    ),
    Case(
        "imports a pickle",
        body(
            "import pickle",
            "return pickle.loads(b\"cos\\nsystem\\n(S'touch /tmp/x'\\ntR.\")",
        ),
        0,
    ),
    Case("deep recursion", body("return receptive_field(layers)"), 0, "Recursion"),
    Case(
        "recursion without a limit",
        body(
            "import sys",
            "sys.setrecursionlimit(10**9)",
            "return receptive_field(layers)",
        ),
        0,
    ),
    Case("a result in a result", body("x = []", "x.append(x)", "return x"), 0),
    Case(
        "mounts",
        body(
            "import ctypes",
            "return ctypes.CDLL(None).umount2(b'/proc', "
            "2) + ctypes.CDLL(None).umount2(b'/tmp', 2)",
        ),
        0,
    ),
    Case(
        "writes over others' memory",
        body("return open('/proc/1/mem', 'r+b').read(1)"),
        0,
        "FileNotFound",
    ),
    Case(
        "takes the number of every call",
        notebook(
            "calls = 0",
            "def receptive_field(layers):\n"
            "    global calls\n"
            "    calls += 1\n"
            "    return calls",
        ),
        0,
    ),
)
FORGED = (
    "import coursekit.staff.grading.answer_process as a\n"
    "a.described = lambda *_: {'sort': 'function', 'parameters': [1, 2]}"
)
LISTED = (
    "import coursekit.staff.grading.answer_process as a\n"
    "a.Session.on_call = lambda *_: "
    "{'value': 1, 'several': 7, 'changed': [], 'replaced': 3}"
)
HOSTILE += (
    Case("lies about its parameters", before(FORGED + "\nreturn 1"), 0, "stopped"),
    Case("a record of other types", before(LISTED + "\nreturn 1"), 0, "no result"),
)
ALL = STYLES + CARELESS + HOSTILE
