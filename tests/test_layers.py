"""The direction of imports as law: a module imports from lower floors only.

Floor 0 is for everybody. Modules of one floor do not know each other, except where
`SAME_FLOOR` says so. Imports inside functions count like any other.
"""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "coursekit"
FLOORS = {
    0: {"_validate"},
    1: {
        "anatomy",
        "augment",
        "blocks",
        "claims",
        "data",
        "figures",
        "gradcam",
        "metrics",
        "training",
    },
    2: {"models"},
    3: {"checks", "course", "explore"},
    4: {"authoring", "grading", "handin"},
    5: {"bootstrap", "cli", "doctor", "lab"},
}
SAME_FLOOR = {("training", "data"), ("claims", "metrics")}
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

    `from a import b` gives both `a` and `a.b`, since b may be a module. A call
    `import_module("a")` counts too.
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
    return found


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """Resolve the dots of a relative import."""
    if not node.level:
        return node.module
    climb = node.level - (1 if is_package else 0)
    base = module.split(".")
    home = base[: len(base) - climb]
    return ".".join([*home, node.module] if node.module else home)


def imports_of(module: str, *, for_types: bool = True) -> set[str]:
    """Return what one module of the package imports.

    Args:
        module: its dotted name.
        for_types: count imports below `if TYPE_CHECKING:`, which never run.
    """
    path = MODULES[module]
    source = path.read_text(encoding="utf-8")
    if not for_types:
        source = ast.unparse(WithoutTypes().visit(ast.parse(source)))
    return imports(source, module, path.name == "__init__.py")


class WithoutTypes(ast.NodeTransformer):
    """Drop the blocks that only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """Keep an `if` unless it asks for TYPE_CHECKING; keep its `else`."""
        return node.orelse if "TYPE_CHECKING" in ast.unparse(node.test) else node


def house(module: str) -> str | None:
    """The name in the table: `coursekit.data.stream` → `data`; None for the root."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def neighbours(module: str) -> set[str]:
    """Return the names in the table that `module` imports from, its own left out."""
    inside = {name for name in imports_of(module) if name.startswith("coursekit.")}
    return {house(name) for name in inside} - {house(module), "__version__"}


def test_every_module_has_a_floor():
    homeless = {house(module) for module in MODULES} - set(FLOOR_OF) - {None}
    assert not homeless, f"give {sorted(homeless)} a floor in the table"


@pytest.mark.parametrize("module", [m for m in MODULES if house(m)])
def test_imports_point_downward(module: str):
    own = house(module)
    wrong = {
        name
        for name in neighbours(module)
        if (own, name) not in SAME_FLOOR and FLOOR_OF.get(name, 9) >= FLOOR_OF[own]
    }
    assert not wrong, f"{module} (floor {FLOOR_OF[own]}) imports {sorted(wrong)}"


def test_the_root_of_the_package_loads_nothing_by_itself():
    top = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
    found = [node for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
    roots = [ast.unparse(node) for node in found]
    assert roots == ["from importlib import import_module"]


@pytest.mark.parametrize("module", MODULES)
def test_no_star_import(module: str):
    assert not {name for name in imports_of(module) if name.endswith(".*")}


def test_no_import_goes_in_a_circle():
    # `from package import module` also names the package, which is loaded first anyway.
    graph = {
        module: {
            name
            for name in imports_of(module, for_types=False) & set(MODULES)
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


@pytest.mark.parametrize("module", ["anatomy", "data", "training", "claims", "checks"])
def test_building_blocks_load_torch_and_no_more(module: str):
    assert not loaded_by(f"import coursekit.{module}") & LATE
