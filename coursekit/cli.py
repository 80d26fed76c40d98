"""The `coursekit` command: a table of names; each command loads when it is called."""

import sys
from collections.abc import Sequence
from importlib import import_module

from coursekit._base.streams import usable_streams
from coursekit._base.words import did_you_mean

# name → (module, function, one line of help); the function takes the arguments that
# follow the name and returns the exit code.
COMMANDS = {
    "badges": (
        "coursekit.staff.fork",
        "main",
        "point badges, set-up cells and README at a fork, or check them",
    ),
    "build": (
        "coursekit.staff.build.build",
        "main",
        "build the notebooks from their sources, or check that they are built",
    ),
    "cards": (
        "coursekit.staff.site.cards_command",
        "main",
        "write the sessions' quizzes as cards for spaced repetition",
    ),
    "checks": (
        "coursekit.staff.proof.checks_command",
        "main",
        "list the exercises, prove their checks, write the page of common errors",
    ),
    "claims": (
        "coursekit.staff.pages.claims_command",
        "main",
        "list the course's claims with the verdicts that were measured",
    ),
    "collect": (
        "coursekit.staff.grading.grading_command",
        "main_collect",
        "gather a class's hand-ins, nothing overwritten",
    ),
    "data": (
        "coursekit.setup.data_command",
        "main",
        "list the image sets, fetch them, check the files that are here",
    ),
    "doctor": (
        "coursekit.setup.doctor",
        "main",
        "say what works on this machine and what to do about the rest",
    ),
    "feedback": (
        "coursekit.staff.grading.grading_command",
        "main_feedback",
        "write each student's page, the class page and gradebooks",
    ),
    "grade": (
        "coursekit.staff.grading.grading_command",
        "main_grade",
        "grade a class's hand-ins, each in a sandbox",
    ),
    "inspect": (
        "coursekit.course.handin.inspect_command",
        "main",
        "recount what is in a hand-in file, without running its author's code",
    ),
    "lab": ("coursekit.setup.lab", "main", "open the course in JupyterLab"),
    "merge": (
        "coursekit.staff.grading.grading_command",
        "main_merge",
        "put together what several machines graded",
    ),
    "oral": (
        "coursekit.staff.grading.oral_sheet",
        "main",
        "write questions on a handed-in network, one page with a key",
    ),
    "recipe": (
        "coursekit.staff.grading.recipe_command",
        "main",
        "write what grades elsewhere: Slurm, Kubernetes, an image, Gradescope",
    ),
    "release": (
        "coursekit.staff.grading.grading_command",
        "main_release",
        "make an assignment's notebook, proven before it goes out",
    ),
    "run": (
        "coursekit.staff.pages.run_session",
        "main",
        "run sessions to HTML pages that need nothing else",
    ),
    "site": (
        "coursekit.staff.site.site_command",
        "main",
        "build the course's site, pages that need no kernel and no network",
    ),
    "tidy": (
        "coursekit.staff.pages.tidy",
        "main",
        "make a notebook open on GitHub, every answer kept",
    ),
    "update": (
        "coursekit.setup.update",
        "main",
        "bring new notebooks, your answers carried over",
    ),
}


def usage() -> str:
    """Write the help of the command itself."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:<{width}}  {help}" for name, (_, _, help) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: coursekit COMMAND [arguments]",
            "",
            *rows,
            "",
            "`coursekit COMMAND --help` tells more, as in: coursekit build --help",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code.

    Args:
        argv: the command's name and its arguments; `sys.argv[1:]` where None.

    Returns:
        0 on success, 1 when the command failed (one sentence on standard error), 2
        when there is no such command or none was given, 130 when it was stopped.
    """
    with usable_streams():
        return _asked(list(sys.argv[1:] if argv is None else argv))


def _asked(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage(), file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS)
        print(f"coursekit: there is no command {name!r}; {hint}", file=sys.stderr)
        return 2
    return _run(name, rest)


def _run(name: str, arguments: list[str]) -> int:
    module, function, _ = COMMANDS[name]
    try:
        return getattr(import_module(module), function)(arguments)
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        print(f"coursekit {name}: {_sentence(error)}", file=sys.stderr)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "coursekit":
            raise
        print(f"coursekit {name}: {_remedy(error.name)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"coursekit {name}: stopped", file=sys.stderr)
        return 130
    return 1


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _remedy(missing: str) -> str:
    return (
        f"this command needs {missing}, which is not installed: "
        "pip install 'coursekit[lab,extras,authoring]'"
    )


if __name__ == "__main__":
    sys.exit(main())
