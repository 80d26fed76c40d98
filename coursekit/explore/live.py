"""The controls of a declared explorer, and how each fits itself to the others."""

from coursekit.explore.declaration import Declaration, States
from coursekit.explore.setting import known
from coursekit.explore.shell import Explorer, limit, player
from coursekit.explore.view import View


class LiveExplorer(Explorer):
    """Show what a declaration draws of a subject, with a control for every setting."""

    def __init__(self, declared: Declaration, subject: object):
        self.declared, self.subject, self._players = declared, subject, {}
        names, parts = {declared.subject: subject}, {**declared.settings}
        for name in declared.order:
            parts[name] = declared.settings[name].control(names)
            names[name] = parts[name].value
        self._names = names
        parts |= {name: b.control(names) for name, b in declared.buttons.items()}
        groups = self._groups(parts)
        super().__init__(declared.title, parts, self.draw, self.adjust, groups)

    def at(self, **values: object) -> View:
        """Return the View of one of `states`; the controls stay where they are."""
        return self.declared.view(self.subject, values)

    def draw(self) -> View:
        """Return the View of now."""
        return self.declared.view(self.subject, self._names)

    def adjust(self, name: str) -> None:
        """Answer a change of the control `name`: fit all to each other."""
        settings = self.declared.settings
        moving = {**settings, **self.declared.buttons}.get(name)
        if moving is not None and moving.sets is not None:
            now = self._names | {n: self.controls[n].value for n in settings}
            for other, value in known(moving.sets, now).items():
                self.controls[other].value = value
        names, moved = {self.declared.subject: self.subject}, set()
        for name in self.declared.order:
            names[name] = settings[name].fit(self.controls[name], names, moved)
            if names[name] != self._names[name]:
                moved.add(name)
        self._names = names
        for name, setting in settings.items():
            setting.dress(self.controls[name], names)
        for name, play in self._players.items():
            limit(play, self.controls[name].max)

    def _groups(self, controls: dict) -> dict[str, list]:
        """Return heading → controls, in the order of the page."""
        groups = {}
        for name, part in {**self.declared.settings, **self.declared.buttons}.items():
            row = groups.setdefault(part.group, [])
            row.append(controls[name])
            if getattr(part, "play", ""):
                shown, self._players[name] = player(part.play, controls[name])
                row.append(shown)
        return groups


def states(explorer: Explorer, **only: object) -> States:
    """Return every state of an explorer, to count (`len`) or to go through.

    Args:
        explorer: what an `explore_…` function returned.
        only: settings by name with the values to keep, where all would be too many.

    Raises:
        ValueError: `explorer` is something else, or what it shows depends on the way
            there (a chain of layers built step by step).

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
