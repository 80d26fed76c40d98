"""Two real processes that share a step of training, on any computer with two.

`SplitBatch` is data parallelism (Goyal et al. 2017, section 3,
https://arxiv.org/abs/1706.02677): the same net in both, half of the batch each,
gradients added up. `SplitNet` is model parallelism (Krizhevsky et al. 2012, section
3.2): the first layers in one process, the last ones in the other. They talk through
`torch.distributed` (gloo), and meet at a file, so no port has to be free.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F

import coursekit.training.workers  # noqa: F401 (before any group is made)

PROGRAM = "from coursekit.training.two_processes import worker; worker()"


class CannotStartError(RuntimeError):
    """Two processes could not start or talk here."""


@dataclass(frozen=True, eq=False)
class Step:
    """What one process has after the step.

    Attributes:
        gradient: of all weights this process holds, in one row.
        sent: bytes that it handed to the other one.
    """

    gradient: Tensor
    sent: int


@dataclass(frozen=True, eq=False)
class SplitBatch:
    """The same net in both processes, each with its part of the batch.

    Args:
        net: in training mode.
        images, labels: the whole batch.
        first: images that go to process 0; the others go to process 1.
        weighted: whether a process counts by its images; False: both count the same.
    """

    net: nn.Module
    images: Tensor
    labels: Tensor
    first: int
    weighted: bool = True

    def run(self, rank: int) -> Step:
        """Do this process's part."""
        part = slice(self.first) if rank == 0 else slice(self.first, None)
        images, labels = self.images[part], self.labels[part]
        self.net.zero_grad()  # jobs may share a net
        F.cross_entropy(self.net(images), labels).backward()
        weight = len(images) / len(self.images) if self.weighted else 0.5
        gradient = weight * gradient_of(self.net)
        distributed.all_reduce(gradient)  # adds up, and gives the sum to both
        return Step(gradient, _bytes(gradient))


@dataclass(frozen=True, eq=False)
class SplitNet:
    """The first layers in process 0, the last ones in process 1.

    Args:
        first, last: the two parts of the net. images, labels: the batch.
    """

    first: nn.Module
    last: nn.Module
    images: Tensor
    labels: Tensor

    def run(self, rank: int) -> Step:
        """Send the maps forward, or the gradient of the maps back."""
        (self.first if rank == 0 else self.last).zero_grad()
        if rank == 0:
            maps = self.first(self.images)
            distributed.send(maps.detach().contiguous(), dst=1)
            back = torch.empty_like(maps)
            distributed.recv(back, src=1)
            maps.backward(back)
            return Step(gradient_of(self.first), _bytes(maps))
        with torch.no_grad():
            maps = torch.empty_like(self.first(self.images[:1]))  # for its shape
        maps = maps.new_empty(len(self.images), *maps.shape[1:])
        distributed.recv(maps, src=0)
        maps.requires_grad_()
        F.cross_entropy(self.last(maps), self.labels).backward()
        distributed.send(maps.grad.contiguous(), dst=0)
        return Step(gradient_of(self.last), _bytes(maps.grad))


def gradient_of(net: nn.Module) -> Tensor:
    """Return the gradients of all weights in one row."""
    return torch.cat([weight.grad.flatten() for weight in net.parameters()])


def in_two_processes(
    jobs: Mapping[str, SplitBatch | SplitNet], *, seconds: float = 60
) -> dict[str, tuple[Step, Step]]:
    """Start two processes, let them do all jobs together, return both answers.

    Args:
        jobs: name → job.
        seconds: after which it is given up.

    Raises:
        CannotStartError: processes may not be started here, or cannot talk.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(dict(jobs), folder / "jobs.pt")
        _start(folder, seconds)
        ranks = [torch.load(folder / f"{r}.pt", weights_only=False) for r in (0, 1)]
    return {name: (ranks[0][name], ranks[1][name]) for name in jobs}


def worker() -> None:
    """Do one process's part of all jobs; its arguments say which."""
    folder, rank, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(1)
    store = distributed.FileStore(str(folder / "meet"), 2)
    patience = timedelta(seconds=seconds)
    how = {"store": store, "rank": rank, "world_size": 2, "timeout": patience}
    distributed.init_process_group("gloo", **how)
    jobs = torch.load(folder / "jobs.pt", weights_only=False)
    done = {name: job.run(rank) for name, job in jobs.items()}
    torch.save(done, folder / f"{rank}.pt")
    distributed.barrier()  # nobody leaves while the other one still talks
    distributed.destroy_process_group()  # see `coursekit.training.workers`


def _start(folder: Path, seconds: float) -> None:
    """Run both processes to their end.

    Raises:
        CannotStartError: one did not start, did not end well, or took too long.
    """
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    processes, errors = [], folder / "errors"
    try:
        with errors.open("w", encoding="utf-8") as log:
            for rank in ("0", "1"):
                arguments = [*command, rank, str(seconds)]
                how = {"env": surroundings, "stdout": log, "stderr": log}
                processes.append(subprocess.Popen(arguments, **how))
            codes = [process.wait(timeout=seconds) for process in processes]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotStartError(f"two processes could not work here: {error}") from error
    finally:
        for process in processes:
            process.kill()
            process.wait()
    if any(codes):
        said = errors.read_text(encoding="utf-8").strip().splitlines()
        last = said[-1] if said else "no reason given"
        raise CannotStartError(f"two processes could not work here: {last:.200}")


def _bytes(numbers: Tensor) -> int:
    return numbers.numel() * numbers.element_size()
