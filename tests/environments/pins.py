"""Which versions an environment is made of: lists of requirements for pip."""

import re
from collections.abc import Iterator

# torch>=2.4 · ipywidgets>=7.7.1,<9 · coursekit[lab,extras]
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(\[(?P<extras>[^]]*)\])?(?P<bounds>.*)")
FLOOR = re.compile(r">=\s*([\w.]+)")


def canonical(name: str) -> str:
    """Return the one spelling of a package's name: `PyYAML` → `pyyaml`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(text: str) -> dict[str, str]:
    """Read lines `name==version`; comments and empty lines are skipped.

    Raises:
        ValueError: a line is something else, such as an address.
    """
    found = {}
    for line in text.splitlines():
        wish = line.partition("#")[0].strip()
        if not wish:
            continue
        match = re.fullmatch(r"([\w.-]+)==([\w.+!]+)", wish)
        if match is None:
            raise ValueError(f"a pin must be `name==version`; got {wish!r}")
        found[canonical(match[1])] = match[2]
    return found


def requirements(project: dict, extras: tuple[str, ...]) -> Iterator[str]:
    """Give what `pip install package[extras]` asks for, each line once.

    Args:
        project: the table [project] of pyproject.toml.
        extras: names of optional dependencies; extras that name extras are followed.
    """
    waiting, seen = [*project["dependencies"]], set()
    optional = project["optional-dependencies"]
    waiting += [f"{project['name']}[{extra}]" for extra in extras]
    while waiting:
        line = waiting.pop(0)
        if line in seen:
            continue
        seen.add(line)
        parts = REQUIREMENT.fullmatch(line)
        if canonical(parts["name"]) != canonical(project["name"]):
            yield line
        else:
            for extra in parts["extras"].split(","):
                waiting += optional[extra.strip()]


def floor(requirement: str) -> str:
    """Pin a requirement to its lower bound: `torch>=2.4` → `torch==2.4`.

    Raises:
        ValueError: it has no lower bound.
    """
    parts = REQUIREMENT.fullmatch(requirement.partition(";")[0].strip())
    lowest = FLOOR.search(parts["bounds"])
    if lowest is None:
        raise ValueError(f"`requirement` must have a floor (>=); got {requirement!r}")
    return f"{parts['name']}=={lowest[1]}"


def floors(
    project: dict, extras: tuple[str, ...], without: tuple[str, ...] = ()
) -> list[str]:
    """Pin everything that `package[extras]` asks for to its lower bound.

    Where several lines name a package, the highest of their bounds counts.

    Args:
        project: the table [project] of pyproject.toml.
        extras: names of optional dependencies.
        without: packages to leave out.
    """
    names = {canonical(name) for name in without}
    highest: dict[str, str] = {}
    for line in requirements(project, extras):
        name = canonical(REQUIREMENT.fullmatch(line)["name"])
        if name not in names:
            pin = floor(line)
            highest[name] = max(pin, highest.get(name, pin), key=numbers)
    return list(highest.values())


def numbers(pin: str) -> list[int]:
    """Return a pin's version as numbers that can be compared: `a==7.7.1` → 7, 7, 1."""
    return [int(number) for number in re.findall(r"\d+", pin.partition("==")[2])]
