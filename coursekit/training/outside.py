"""What a run changes outside `state_dict`, saved and put back with it.

Textbooks write batch norm with plain attributes; others count steps in a global, or
draw from a generator of their own. A run that is resumed without these goes on as
another run.
"""

import warnings
from collections import deque
from collections.abc import Callable

import torch

from coursekit.training.plain_data import GENERATORS, pack, text_of, unpack
from coursekit.training.variables import Variables, is_inside

IN_PLACE = (list, set, dict, deque, torch.Tensor)


class Outside:
    """Watch the variables of a run's model, loss, schedule and augmentation.

    What an augmentation changes is not put back, but for its generators: what it draws
    follows from them, and nothing else in it is learnt from.

    Args:
        roots: name → what the run uses.
    """

    def __init__(self, roots: dict[str, object]):
        self._roots, self._told = roots, False
        start = Variables(roots)
        self._texts = {path: text_of(v.value) for path, v in start.found.items()}
        self._lists = _lists(start)
        self.texts = {name: start.texts(name) for name in roots}
        if start.unread:
            warnings.warn(
                f"whether {', '.join(sorted(start.unread))} is the same as before "
                "cannot be read, so a resumed run may differ: that is up to you",
                stacklevel=2,
            )

    def saved(self) -> dict | None:
        """Return what has changed since the start; None, said once, if it cannot be."""
        now = Variables(self._roots)
        moved = {
            path: variable
            for path, variable in now.found.items()
            if self._texts.get(path) != text_of(variable.value)
        }
        kept = {p: v for p, v in moved.items() if _is_kept(p, v.value)}
        lost = [p for p, v in kept.items() if not (v.can_be_put or _in_place(v.value))]
        lists = _lists(now)
        lost += [p for p in lists if self._lists.get(p, lists[p]) != lists[p]]
        lost += sorted(self._texts.keys() & now.lines.keys())
        if not lost:
            packed = {path: pack(variable.value) for path, variable in kept.items()}
            return {"moved": list(moved), "values": packed}
        if not self._told:
            self._told = True
            warnings.warn(
                f"this run cannot be saved: {lost[0]} changes while it trains and "
                "is no plain data; keep it in a buffer, a number or a list (training "
                "goes on)",
                stacklevel=2,
            )
        return None

    def putting(self, saved: dict) -> Callable[[], None]:
        """Return a function that puts back what `saved` returned.

        Raises:
            ValueError: there is no place for a value; nothing is changed.
        """
        now, steps = Variables(self._roots), []
        for path, packed in saved["values"].items():
            owner = now.owners.get(path.rpartition(".")[0])
            if path not in now.found and owner is None:
                raise ValueError(f"there is no {path} to put its value into")
            steps.append((now.found.get(path), owner, path, packed))

        def put() -> None:
            for variable, owner, path, packed in steps:
                if variable is None:
                    owner[path.rpartition(".")[2]] = unpack(packed)
                    continue
                value = unpack(packed, variable.value)
                if value is not variable.value:
                    variable.put(value)

        return put


def _is_kept(path: str, value: object) -> bool:
    if isinstance(value, GENERATORS):
        return True
    return not (is_inside(path, "augment") or is_inside(path, "valid"))


def _in_place(value: object) -> bool:
    return isinstance(value, (*GENERATORS, *IN_PLACE))


def _lists(variables: Variables) -> dict[str, str]:
    """Return the lines of lists of objects: how many there are."""
    return {
        path: text
        for path, text in variables.lines.items()
        if " of " in text and not is_inside(path, "augment")
    }
