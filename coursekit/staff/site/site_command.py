"""`coursekit site`: the course as static pages that ask no other host for anything."""

import argparse
import io
import shutil
import sys
import time
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from coursekit.staff.build.execute import ANSI
from coursekit.staff.build.folder import notebooks_folder, sessions

NEEDED = ("sphinx", "myst_nb", "pydata_sphinx_theme")
REMEDY = (
    "the site needs {missing}, which is not installed: pip install "
    "'coursekit[authoring,site]', or run `make site`, which does it"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `coursekit site`; give its exit code."""
    parser = argparse.ArgumentParser(
        prog="coursekit site",
        description="Build the course's site from the solved notebooks. Those that ran "
        "before, with the same code and package, are not run again.",
        epilog="example: coursekit site   then open build/site/index.html",
    )
    parser.add_argument("sessions", nargs="*", metavar="NN", help="01, 02 …; else all")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/site")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="default: build/site_cache"
    )
    parser.add_argument("--root", help="the course's folder; else found from here")
    options = parser.parse_args(argv)
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ValueError(REMEDY.format(missing=missing[0]))
    notebooks = notebooks_folder(options.root)
    build = notebooks.parent / "build"
    out = (options.out or build / "site").absolute()
    cache = (options.cache or build / "site_cache").absolute()
    return _build(notebooks, options.sessions, out, cache)


def _build(notebooks: Path, numbers: Sequence[str], out: Path, cache: Path) -> int:
    """Build into the cache, then put it in the place of `out`: all of it or nothing."""
    from coursekit.staff.site.dead_links import faults_of
    from coursekit.staff.site.page_sizes import too_large
    from coursekit.staff.site.staging import stage

    began, chosen = time.perf_counter(), sessions(notebooks, numbers)
    staged = stage(notebooks, chosen, cache / "sources", cache, _say)
    whole = len(chosen) == len(sessions(notebooks))
    new = cache / "html"
    shutil.rmtree(new, ignore_errors=True)
    _sphinx(staged, new, cache / "read", whole=whole)
    if wrong := faults_of(new):
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        raise ValueError(f"the site has a link that does not hold: {wrong[0]}{more}")
    if wrong := too_large(new):
        raise ValueError(f"the site is too large: {'; '.join(wrong)}")
    _put(new, out)
    pages = sorted(out.rglob("*.html"), key=lambda path: path.stat().st_size)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    largest = f"{pages[-1].name} with {pages[-1].stat().st_size / 1e6:.1f} MB"
    _say(
        f"{len(pages)} pages in {time.perf_counter() - began:.0f} s, "
        f"{size / 1e6:.0f} MB, the largest {largest}: {out / 'index.html'}"
    )
    return 0


def _sphinx(staged, out: Path, kept: Path, *, whole: bool) -> None:
    """Let Sphinx write its pages; a warning is an error.

    Raises:
        ValueError: Sphinx found something wrong; the message is its first line.
    """
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError

    from coursekit.staff.site.sphinx_side import settings

    said = io.StringIO()
    chosen = settings(staged.home, staged.files, whole=whole)
    try:
        with warnings.catch_warnings():  # Sphinx's extensions use what is deprecated
            warnings.simplefilter("ignore")
            app = Sphinx(
                staged.texts, None, out, kept, "html", chosen, None, said, True
            )
            app.build(force_all=True)
    except SphinxError as problem:
        raise ValueError(f"Sphinx could not build the site: {problem}") from None
    warned = ANSI.sub("", said.getvalue())
    if lines := [line for line in warned.splitlines() if line.strip()]:
        more = f" (and {len(lines) - 1} lines more)" if lines[1:] else ""
        raise ValueError(f"Sphinx warns: {lines[0]}{more}")


def _put(new: Path, out: Path) -> None:
    """Put a finished folder in the place of an older one."""
    old = out.with_name(f"{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        shutil.move(out, old)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(new, out)
    shutil.rmtree(old, ignore_errors=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
