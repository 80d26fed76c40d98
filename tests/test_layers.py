"""The direction of imports as law: a module imports from lower floors only.

Floor 0 is for everybody; neighbours on a floor do not know each other. Imports inside
functions count like any other, and so do imports for types.
"""

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "coursekit"
FLOORS = {
    0: {"_base"},
    1: {"anatomy", "augment", "blocks", "data", "figures", "gradcam", "metrics"},
    2: {"models", "training"},
    3: {"explore", "course"},
    4: {"staff"},
    5: {"authoring", "checks", "claims", "cli", "setup"},
}
# Inside `course` a room imports from the rooms before it: a hand-in knows challenges,
# no challenge knows hand-ins. `start` and the rooms' front door know nobody.
COURSE = (
    "records",
    "experiments",
    "claims",
    "prediction_cards",
    "predictions",
    "sharing",
    "exercises",
    "defence",
    "overview",
    "outline",
    "routes",
    "network_file",
    "challenges",
    "handin",
)
# What was published under these addresses stays there, and nowhere else.
OLD_ADDRESSES = {"authoring", "checks", "claims"}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
# `import coursekit` imports none of HEAVY; what a training run needs imports torch, and
# nothing of LATE before a function asks for it.
LATE = {"torchvision", "matplotlib.pyplot", "sklearn", "cv2", "ipywidgets", "IPython"}
HEAVY = LATE | {"torch", "matplotlib"}


def dotted(path: Path) -> str:
    """`coursekit/data/stream.py` → `coursekit.data.stream`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(source: str, module: str, is_package: bool) -> set[str]:
    """Return every module name that `source` imports, wherever it does so.

    `from a import b` gives both `a` and `a.b`, since b may be a module. The calls
    `import_module("a")` and `lazy(__name__, {".a": "names"})` count too.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = absolute(node, module, is_package)
            found.add(home)
            found.update(f"{home}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            name, first = ast.unparse(node.func), node.args[0]
            if name.endswith("import_module") and isinstance(first, ast.Constant):
                found.add(first.value)
            elif name == "lazy" and isinstance(node.args[-1], ast.Dict):
                homes = map(ast.literal_eval, node.args[-1].keys)
                found.update(module + h if h[0] == "." else h for h in homes)
    return found


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """Resolve the dots of a relative import."""
    if not node.level:
        return node.module
    climb = node.level - (1 if is_package else 0)
    base = module.split(".")
    home = base[: len(base) - climb]
    return ".".join([*home, node.module] if node.module else home)


def imports_of(module: str) -> set[str]:
    """Return what one module of the package imports, for types or to run."""
    path = MODULES[module]
    source = path.read_text(encoding="utf-8")
    return imports(source, module, path.name == "__init__.py")


LAZY = [m for m in MODULES if "coursekit._base.lazy.lazy" in imports_of(m)]


def house(module: str) -> str | None:
    """The name in the table: `coursekit.data.stream` → `data`; None for the root."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def room(module: str) -> str | None:
    """The room inside `course`, None elsewhere and for its front door."""
    parts = module.split(".")
    return parts[2] if parts[1:2] == ["course"] and len(parts) > 2 else None


def neighbours(module: str) -> set[str]:
    """Return the names in the table that `module` imports from, its own left out."""
    inside = {name for name in imports_of(module) if name.startswith("coursekit.")}
    return {house(name) for name in inside} - {house(module), "__version__"}


def test_every_module_has_a_floor():
    homeless = {house(module) for module in MODULES} - set(FLOOR_OF) - {None}
    assert not homeless, f"give {sorted(homeless)} a floor in the table"


@pytest.mark.parametrize("module", [m for m in MODULES if house(m)])
def test_imports_point_downward(module: str):
    own = FLOOR_OF[house(module)]
    wrong = {n for n in neighbours(module) if FLOOR_OF.get(n, 9) >= own}
    assert not wrong, f"{module} (floor {own}) imports {sorted(wrong)}"


@pytest.mark.parametrize("module", [m for m in MODULES if room(m)])
def test_rooms_of_the_course_import_from_the_rooms_before_them(module: str):
    before = COURSE[: COURSE.index(room(module))] if room(module) in COURSE else ()
    others = {room(name) for name in imports_of(module) & set(MODULES)}
    wrong = others - {None, room(module), *before}
    assert not wrong, f"{module} imports {sorted(wrong)}"


@pytest.mark.parametrize("address", sorted(OLD_ADDRESSES))
def test_old_addresses_are_for_readers_and_not_for_the_package(address: str):
    users = [m for m in MODULES if address in neighbours(m)]
    assert not users, f"{users} import from the old address coursekit.{address}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("authoring.start.start", "course.start.start"),
        ("checks.check", "course.check"),
        ("checks.challenge", "course.challenge"),
        ("checks.challenges", "course.all_challenges"),
        ("claims.verdict", "course.verdict"),
        ("claims.verdict_table", "course.verdict_table"),
    ],
)
def test_what_was_published_keeps_its_address(old: str, new: str):
    objects = [
        getattr(importlib.import_module(f"coursekit.{home}"), name)
        for home, _, name in (address.rpartition(".") for address in (old, new))
    ]
    assert objects[0] is objects[1]


def test_the_root_of_the_package_loads_nothing_by_itself():
    top = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
    found = [node for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
    roots = [ast.unparse(node) for node in found]
    assert roots == ["from coursekit._base.lazy import lazy"]


@pytest.mark.parametrize("package", LAZY)
def test_no_module_hides_a_public_name_once_it_is_imported(package: str):
    names = importlib.import_module(package).__all__
    hidden = {f"{package}.{name}" for name in names} & set(MODULES)
    assert hidden <= {"coursekit.anatomy", "coursekit.setup.doctor"}  # are modules


@pytest.mark.parametrize("module", MODULES)
def test_no_star_import(module: str):
    assert not {name for name in imports_of(module) if name.endswith(".*")}


def test_no_import_goes_in_a_circle():
    # `from package import module` also names the package, which is loaded first anyway.
    graph = {
        module: {
            name
            for name in imports_of(module) & set(MODULES)
            if not f"{module}.".startswith(f"{name}.")
        }
        for module in MODULES
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b", {"a.b"}),
        ("from a import b", {"a", "a.b"}),
        ("def f():\n    from a import b", {"a", "a.b"}),
        ("from . import b", {"pkg.sub", "pkg.sub.b"}),
        ("from ..c import b", {"pkg.c", "pkg.c.b"}),
        ("from a import *", {"a", "a.*"}),
        ("importlib.import_module('a.b')", {"a.b"}),
        ("lazy(__name__, {'.b': 'x y', 'c.d': 'z'})", {"pkg.sub.module.b", "c.d"}),
    ],
)
def test_the_reader_of_imports_sees_every_way_to_import(
    source: str, expected: set[str]
):
    assert imports(source, "pkg.sub.module", is_package=False) == expected


def loaded_by(statement: str) -> set[str]:
    """Return the names in sys.modules after `statement` ran in a new Python."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_by("import coursekit") & HEAVY


@pytest.mark.parametrize(
    "module",
    ["anatomy", "data", "training", "course.claims", "course.exercises"],
)
def test_building_blocks_load_torch_and_no_more(module: str):
    every = (
        f"import coursekit.{module} as room; [getattr(room, n) for n in room.__all__]"
    )
    assert not loaded_by(every) & LATE


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        ("from coursekit import fit", 46),
        ("from coursekit import anatomy; anatomy.anatomy", 27),
    ],
)
def test_one_idea_does_not_load_the_whole_house(statement: str, most: int):
    loaded = {name for name in loaded_by(statement) if name.startswith("coursekit")}
    assert len(loaded) <= most, sorted(loaded)
