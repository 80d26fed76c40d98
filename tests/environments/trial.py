"""Run notebooks and unit tests in an environment, each as one row of the table."""

import json
import re
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.environments.course import driven_file, solutions
from tests.environments.judge import Row
from tests.environments.places import TrialError, interpreter, run, say, tail

PROBE = "import coursekit, sys; print(coursekit.__file__, sys.prefix, sep='\\n')"
CELL_SECONDS = 300
SUM = re.compile(r"=+ (.*) in [\d.]+s.*=+")
LENIENT = ("-o", "filterwarnings=default")  # other versions warn of other things
# Tests that look at the checkout or at a developer's tool, not at the environment; and
# those of the browser.
NOT_HERE = {
    "test_benchmarks",
    "test_bootstrap",
    "test_environments",
    "test_house",
    "test_layers",
    "test_notebooks",
    "test_fit_for_strangers",
    "test_forked_kernels",
    "test_pictures",
    "test_portable",
    "test_readme",
    "test_wheel",
    "test_workflows",
}


@dataclass(frozen=True)
class Trial:
    """An environment, and a copy of the course without the package to run in it.

    Args:
        environment: its folder.
        folder: the copy.
        variables: the environment variables of everything that runs.
    """

    environment: Path
    folder: Path
    variables: dict[str, str]

    def check_installed(self) -> None:
        """Make sure that the package is the environment's, seen from the copy.

        Raises:
            TrialError: it is another one.
        """
        done = subprocess.run(
            [interpreter(self.environment), "-c", PROBE],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        lines = done.stdout.splitlines()
        if done.returncode or not lines[0].startswith(lines[1]):
            raise TrialError(f"not the installed package: {done.stdout}{done.stderr}")
        say(f"The package on trial: {lines[0]}")

    def test(self, what: str, *options: object) -> Row:
        """Run pytest; its words go to a log in the environment."""
        name = re.sub(r"[/ ]", "_", what)
        log = self.environment / "logs" / f"{name}.log"
        log.unlink(missing_ok=True)
        pytest = [
            interpreter(self.environment),
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
        ]
        start = time.perf_counter()
        code = run([*pytest, *options], log, cwd=self.folder, env=self.variables)
        seconds = time.perf_counter() - start
        counts = SUM.findall(log.read_text(encoding="utf-8"))
        words = counts[-1] if counts else f"exit code {code}"
        say(f"{'pass' if code == 0 else 'FAIL'}  {seconds:6.1f} s  {what}: {words}")
        if code:
            say(f"{tail(log)}\nAll of it: {log}")
        return Row(what, code == 0, seconds, words)

    def notebook_rows(self, sessions: tuple[str, ...]) -> list[Row]:
        """Run both versions of these sessions: of the student's what differs."""
        rows = []
        limit = f"--nbval-cell-timeout={CELL_SECONDS}"
        for solution in solutions(self.folder):
            if solution.name.startswith(sessions):
                student = solution.parent.parent / solution.name
                row = self.test(solution.name, *LENIENT, limit, student, solution)
                rows.append(replace(row, words=row.words + turned(solution)))
        return rows

    def unit_row(self, pattern: str, *options: str) -> Row:
        """Run the unit tests whose file name fits, such as "test_explore*.py"."""
        files = unit_files(self.folder, pattern)
        return self.test(f"{len(files)} files of unit tests", *options, *files)


def turned(notebook: Path) -> str:
    """Say how many controls the last cell of a notebook's copy turned."""
    path = driven_file(notebook)
    if not path.exists():
        return ", controls not turned"
    found = json.loads(path.read_text(encoding="utf-8"))
    return f", {found['controls']} controls through {found['values']} values"


def unit_files(folder: Path, pattern: str) -> list[str]:
    """List the unit tests that say something about an environment."""
    found = sorted((folder / "tests").glob(pattern))
    here = [path for path in found if not path.stem.startswith("test_browser")]
    return [f"tests/{path.name}" for path in here if path.stem not in NOT_HERE]
