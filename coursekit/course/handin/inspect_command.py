"""`coursekit inspect`: what is in a hand-in file."""

import argparse
import json
import sys

from coursekit.course.handin.inspecting import inspect_submission

EXAMPLES = """examples:
  coursekit inspect submission.zip
  coursekit inspect submission.zip --json > found.json
"""


def main(argv: list[str] | None = None) -> int:
    """Inspect a file; 0 if it could be read, 1 with one sentence if not."""
    arguments = _parser().parse_args(argv)
    try:
        found = inspect_submission(arguments.file)
    except (ValueError, ModuleNotFoundError) as error:
        sys.stderr.write(f"coursekit inspect: {error}\n")
        return 1
    text = repr(found)
    if arguments.json:
        text = json.dumps(found.to_dict(), indent=1, ensure_ascii=False)
    sys.stdout.write(f"{text}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coursekit inspect",
        description="Recount a handed-in network from its graph; nothing that the "
        "student wrote is run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="a zip that `submit` wrote")
    parser.add_argument("--json", action="store_true", help="write JSON")
    return parser
