"""Declare an explorer: a pure function whose arguments are annotated.

    @explorer("A photo is blurred: what stays?", photo_of)
    def blur_view(photo, *, size: Annotated[int, Whole("size", 1, 9)] = 3) -> View:
        ...

`blur_view(image, size=5)` is then a function of plain arguments, each checked, and
`blur_view.explore(image)` the same with controls. `photo_of(image)` runs once; what
depends on the settings is computed for every answer.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import get_type_hints

from coursekit.explore.declaration import Declaration
from coursekit.explore.live import LiveExplorer
from coursekit.explore.setting import Setting
from coursekit.explore.view import View

_ONLY, _NONE = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty


def explorer(
    title: str,
    prepare: Callable[..., object] | None = None,
    *,
    helpers: Mapping[str, Setting] | None = None,
    photo: str = "",
) -> Callable[[Callable[..., View]], Callable[..., View]]:
    """Declare an explorer: decorate the function that draws it.

    The function's keyword-only arguments are its settings, each annotated with a
    `Setting`; it may have one argument before them, the subject.

    Args:
        title: one line above the picture.
        prepare: makes the subject of what the caller gives (an image, a model): checks
            it and draws what stays. None takes the subject as it is given.
        helpers: name → a button, or a control that is no argument, to change others.
        photo: the argument of `prepare` that is a photo, for a button to upload one.

    Returns:
        The function with checked arguments: those of `prepare`, then the settings.
        Its `explore` takes those of `prepare` and returns the `Explorer`; its `live`
        takes a subject that is prepared already, and how to prepare it of a photo.
    """

    def declare(draw: Callable[..., View]) -> Callable[..., View]:
        subject, settings, defaults = _read(draw)
        declared = Declaration(title, draw, settings, helpers or {}, subject)
        make = prepare or _as_given(draw)

        @wraps(draw)
        def view(*args: object, **given: object) -> View:
            chosen = {name: given.pop(name, defaults[name]) for name in settings}
            made = make(*args, **given)
            return declared.view(made, declared.checked(made, chosen))

        @wraps(make)
        def explore(*args: object, **given: object) -> LiveExplorer:
            return view.live(make(*args, **given), _with(make, photo, args, given))

        explore.__name__ = explore.__qualname__ = _explore_name(draw)
        view.__signature__, view.__doc__ = _signature(make, draw), _doc(draw, settings)
        view.declaration, view.explore = declared, explore
        view.live = partial(LiveExplorer, declared)
        return view

    return declare


def _with(
    make: Callable[..., object], photo: str, args: tuple, given: dict
) -> Callable[[object], object] | None:
    """Return `make` with all its arguments but the photo, None where it has none."""
    if not photo:
        return None
    rest = inspect.signature(make).bind(*args, **given).arguments
    return lambda other: make(**{**rest, photo: other})


def _explore_name(draw: Callable[..., View]) -> str:
    """`coursekit.explore.kernel` → `explore_kernel`."""
    return f"explore_{draw.__module__.rpartition('.')[2]}"


def _as_given(draw: Callable[..., View]) -> Callable[..., object]:
    """Return a function that takes what `draw` draws, if anything, as it is."""
    fixed = [p for p in _parameters(draw) if p.kind is not _ONLY]
    signature = inspect.Signature(fixed)

    def given(*args: object, **named: object) -> object:
        return next(iter(signature.bind(*args, **named).arguments.values()), None)

    given.__signature__, given.__doc__ = signature, draw.__doc__
    return given


def _read(draw: Callable[..., View]) -> tuple[str, dict[str, Setting], dict]:
    """Return the name of the subject, the settings and their defaults."""
    hints, parameters = get_type_hints(draw, include_extras=True), _parameters(draw)
    subject = next((p.name for p in parameters if p.kind is not _ONLY), "")
    defaults = {p.name: p.default for p in parameters if p.kind is _ONLY}
    defaults = {
        n: None if d is inspect.Parameter.empty else d for n, d in defaults.items()
    }
    settings = {}
    for name, default in defaults.items():
        (setting,) = hints[name].__metadata__
        start = default if setting.start is None else setting.start
        settings[name] = replace(setting, start=start)
    return subject, settings, defaults


def _parameters(function: Callable) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def _signature(make: Callable, draw: Callable) -> inspect.Signature:
    """Return the arguments of `prepare`, then the settings; of one name, the latter."""
    own = {p.name: p for p in _parameters(draw) if p.kind is _ONLY}
    made = [p for p in _parameters(make) if p.name not in own]
    return inspect.Signature([*made, *own.values()], return_annotation=View)


def _doc(draw: Callable, settings: Mapping[str, Setting]) -> str:
    """Return the docstring of a function, and what every setting may be."""
    lines = [inspect.cleandoc(draw.__doc__ or ""), "", "Settings:"]
    for name, setting in settings.items():
        label = name if callable(setting.label) else setting.label
        words = (label if setting.about is None else setting.about, setting.allowed)
        lines.append(f"    {name}: {', '.join(filter(None, words))}.")
    return "\n".join(lines)
