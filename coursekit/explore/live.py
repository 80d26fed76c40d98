"""The controls of a declared explorer, and how each fits itself to the others."""

from collections.abc import Callable
from html import escape

from ipywidgets import FileUpload, Widget

from coursekit.explore.declaration import Declaration, States
from coursekit.explore.depends import known
from coursekit.explore.setting import Button
from coursekit.explore.shell import BUTTON, Explorer, limit, player
from coursekit.explore.view import View

_OWN = "your own photo"  # heading


class LiveExplorer(Explorer):
    """Show what a declaration draws of a subject, with a control for every setting.

    `state` holds the value of every setting now.

    Args:
        declared: what the explorer is made of.
        subject: what it shows.
        again: makes the subject anew of another photo, or refuses it in one sentence;
            with it there is a button to upload one.
    """

    def __init__(
        self,
        declared: Declaration,
        subject: object,
        again: Callable[[object], object] | None = None,
    ):
        self.declared, self.subject, self._again = declared, subject, again
        self._all, self._players = {}, {}
        names = {declared.subject: subject}
        for name in (*declared.order, *declared.helpers):
            self._all[name] = declared.controls[name].control(names)
            names[name] = getattr(self._all[name], "value", None)
        self._names = names
        parts = {n: self._all[n] for n in declared.controls}
        shown = {n: p for n, p in parts.items() if isinstance(p, Widget)}
        groups = self._groups(shown)
        if again is not None:
            groups[_OWN] = [self._uploader()]
        super().__init__(declared.title, shown, self.draw, self.adjust, groups)

    @property
    def state(self) -> dict[str, object]:
        """The value of every setting."""
        return {name: self._names[name] for name in self.declared.settings}

    def show(self, photo: object) -> None:
        """Show another photo: a path, a Pillow image, an array or a tensor.

        Raises:
            ValueError: it is none, or not one for this explorer.
        """
        if self._again is None:
            raise ValueError("this explorer shows no photo that could be another one")
        self.subject = self._again(photo)
        self.refresh(self.declared.subject)

    def _uploader(self) -> FileUpload:
        """Return the button that takes a file from the page."""
        button = FileUpload(description="choose a file", accept="image/*", **BUTTON)
        button.observe(lambda change: self._take(change["new"]), "value")
        return button

    def _take(self, files: object) -> None:
        """Show an uploaded file, or say what is wrong with it."""
        listed = [*(files.values() if isinstance(files, dict) else files)]  # 7 or 8
        try:
            if listed:
                self.show(bytes(listed[-1]["content"]))
        except ValueError as error:
            self._layers[-1].value += f"<div role='alert'>{escape(str(error))}</div>"

    def at(self, **values: object) -> View:
        """Return the View of one of `states`; the controls stay where they are."""
        return self.declared.view(self.subject, values)

    def draw(self) -> View:
        """Return the View of now."""
        return self.declared.view(self.subject, self._names)

    def adjust(self, *changed: str) -> None:
        """Answer a change of some controls: fit all to each other."""
        wanted = self._set_by([name for name in changed if name in self._all])
        subject = self.declared.subject
        names, moved = {**self._names, subject: self.subject}, {subject} & {*changed}
        for other in (*self.declared.order, *self.declared.helpers):
            setting, control = self.declared.controls[other], self._all[other]
            if isinstance(setting, Button):
                continue
            names[other] = setting.fit(control, names, moved, wanted.get(other))
            if names[other] != self._names[other]:
                moved.add(other)
        self._names = names
        for other, control in self.controls.items():
            self.declared.controls[other].dress(control, names)
        for other, play in self._players.items():
            limit(play, self.controls[other].max)

    def _set_by(self, changed: list[str]) -> dict[str, object]:
        """Return what controls set, and what is set by these in turn."""
        values = {n: getattr(c, "value", None) for n, c in self._all.items()}
        names, wanted, todo = {**self._names, **values}, {}, [*changed]
        while todo:
            moving = todo.pop()
            sets = self.declared.controls[moving].sets
            new = known(sets, {**names, "value": names[moving]}) if sets else {}
            todo += [n for n in new if new[n] != names[n] and n != moving]
            names |= new
            wanted |= new
        return wanted

    def _groups(self, controls: dict) -> dict[str, list]:
        """Return heading → controls, in the order of the declaration."""
        groups = {}
        for name, setting in self.declared.controls.items():
            row = groups.setdefault(setting.group, [])
            if name in controls:
                row.append(controls[name])
            if getattr(setting, "play", ""):
                shown, self._players[name] = player(setting.play, controls[name])
                row.append(shown)
        return groups


def states(explorer: Explorer, **only: object) -> States:
    """Return every state of an explorer, to count (`len`) or to go through.

    Args:
        explorer: what an `explore_…` function returned.
        only: settings by name with the values to keep, where all would be too many.

    Raises:
        ValueError: `explorer` is something else, or it has no such setting.

    Example:
        >>> explorer = explore_padding()
        >>> len(states(explorer)), len(states(explorer, width=(0, 16)))
        (5280, 320)
        >>> views = (explorer.at(**state) for state in states(explorer))
    """
    if not isinstance(explorer, LiveExplorer):
        raise ValueError(
            "`explorer` must be what an explore_… function of declared settings "
            f"returned; got {type(explorer).__name__}"
        )
    unknown = only.keys() - explorer.declared.settings.keys()
    if unknown:
        listed = ", ".join(map(repr, explorer.declared.settings))
        raise ValueError(f"a setting must be one of {listed}; got {min(unknown)!r}")
    return States(explorer.declared, explorer.subject, only)
