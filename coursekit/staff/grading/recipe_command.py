"""`coursekit recipe`: what grades a class on other machines."""

import argparse
import sys
from pathlib import Path

from coursekit._base.files import write_whole
from coursekit._base.validate import integer
from coursekit.staff.grading.assignment import read_assignment
from coursekit.staff.grading.course_secret import read_secret
from coursekit.staff.grading.gradescope import autograder
from coursekit.staff.grading.recipes import CONTAINERFILE, kubernetes, slurm

KINDS = {
    "image": "Containerfile of --sandbox docker and podman, and of the Kubernetes Job",
    "slurm": "batch script of an array job",
    "kubernetes": "an Indexed Job, without network",
    "gradescope": "the zip of an autograder",
}


def main(argv: list[str] | None = None) -> int:
    """Write a recipe; a file that is there and differs stays."""
    parser = argparse.ArgumentParser(
        prog="coursekit recipe",
        description="write what grades on other machines",
        epilog="for example: coursekit recipe a1.toml slurm --folder fall --shards 8",
    )
    listed = "; ".join(f"{kind}: {words}" for kind, words in KINDS.items())
    parser.add_argument("assignment", type=Path, help="the assignment's TOML file")
    parser.add_argument("kind", choices=KINDS, help=listed)
    parser.add_argument(
        "--folder",
        default="class",
        help="the class's, as the machines see it; default: class",
    )
    parser.add_argument("--shards", type=int, default=4, help="machines; default: 4")
    parser.add_argument("--to", type=Path, default=Path(), help="default: here")
    given = parser.parse_args(argv)
    name, data = _made(given)
    path = given.to / name
    if path.exists() and path.read_bytes() != data:
        raise ValueError(f"`{path}` is there and differs; move it away first")
    write_whole(path, data)
    sys.stdout.write(f"{path}\n")
    return 0


def _made(given: argparse.Namespace) -> tuple[str, bytes]:
    assignment = read_assignment(given.assignment)
    shards = integer("--shards", given.shards, low=1)
    if given.kind == "gradescope":
        secret = read_secret(given.assignment.parent)
        data = autograder(given.assignment, secret)
        return f"{assignment.id}-gradescope.zip", data
    if given.kind == "image":
        return "Containerfile", CONTAINERFILE.encode()
    write, name = {
        "slurm": (slurm, "slurm.sh"),
        "kubernetes": (kubernetes, "kubernetes.yaml"),
    }[given.kind]
    text = write(given.assignment.as_posix(), given.folder, assignment.id, shards)
    return name, text.encode()
