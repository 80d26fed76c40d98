"""`coursekit data list | get | verify`: the data sets on this computer."""

import argparse
import sys
from collections.abc import Sequence

from coursekit.data.catalogue import SETS, entry
from coursekit.data.storage_folder import data_folder
from coursekit.data.store import get, is_complete, verify

_EMBEDDED = (
    ("digits", "1,797 real handwritten digits, 8×8 to 32×32"),
    ("photos", "two real photographs"),
    ("shapes", "generated shapes of which everything is known"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the three commands; return 0 only on success.

    Example:
        coursekit data get mnist
    """
    arguments = _parser().parse_args(argv)
    return arguments.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coursekit data",
        description="List, download or check the data sets of the course.",
        epilog="example: coursekit data get mnist",
    )
    commands = parser.add_subparsers(required=True, metavar="list | get | verify")
    for name, run, help, example in (
        ("list", _list, "what there is, and what lies here", ""),
        ("get", _get, "download what is missing", " mnist"),
        ("verify", _verify, "compare the files with their published sums", " mnist"),
    ):
        command = commands.add_parser(
            name,
            help=help,
            description=help,
            epilog=f"example: coursekit data {name}{example}",
        )
        command.set_defaults(run=run)
        command.add_argument("--root", help="data folder, instead of COURSEKIT_DATA")
        if name != "list":
            command.add_argument("names", nargs="*", metavar="SET", help="all if none")
        if name == "get":
            command.add_argument("--mirror", help="host or address of one mirror")
            command.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _list(arguments: argparse.Namespace) -> int:
    rows = [(name, "embedded", what) for name, what in _EMBEDDED]
    for name, wanted in SETS.items():
        here = is_complete(name, arguments.root)
        size = sum(remote.size for remote in wanted.archives) / 1e6
        state = "here" if here else f"{size:.0f} MB to get"
        rows.append((name, state, wanted.source))
    lines = [f"{name:<15}{state:<15}{what}" for name, state, what in rows]
    where = f"data folder: {data_folder(arguments.root)}"
    sys.stdout.write("\n".join([*lines, where, ""]))
    return 0


def _get(arguments: argparse.Namespace) -> int:
    names = [entry(name).name for name in arguments.names or SETS]
    for name in names:
        path = get(
            name,
            arguments.root,
            mirror=arguments.mirror,
            progress=not arguments.quiet,
        )
        sys.stdout.write(f"{name}: in {path}\n")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    names = [entry(name).name for name in arguments.names or SETS]
    if not arguments.names:
        names = [name for name in names if is_complete(name, arguments.root)]
    if not names:
        sys.stdout.write(f"no downloaded set in {data_folder(arguments.root)}\n")
        return 0
    bad, again = [], {}
    for name in names:
        for finding in verify(name, arguments.root):
            sys.stdout.write(f"{name}: {finding.file}: {finding.state}\n")
            if finding.state in ("wrong", "missing"):
                bad.append(f"{name} ({finding.file} is {finding.state})")
                again[name] = True
    if bad:
        sys.stderr.write(
            f"coursekit data: {bad[0]}{', and more' if bad[1:] else ''}: delete what "
            f"is wrong, then run `coursekit data get {' '.join(again)}`\n"
        )
    return 1 if bad else 0
