"""Which states of each explorer a page holds: all, or so few of some settings.

An island is to stay below 1 MB. Where each state has pictures of its own, or a network
answers, a page holds a chosen few, and says so.
"""

import base64
from collections.abc import Callable
from itertools import islice

import numpy as np

from coursekit.explore.branches import CHANNELS, SIDE
from coursekit.explore.live import LiveExplorer, states
from coursekit.staff.pages.island.chain_told import a_chain
from coursekit.staff.pages.island.held import Held

# Name of an explorer → setting → how many of its values.
FEW = {
    "augmentation": {"amount": 3, "holes": 2, "seed": 3},
    "desk": dict.fromkeys(("red", "green", "blue"), 3),
    "hiding": {"picture": 6, "draw": 5},
    "network": {"channel": 4, "row": 3, "column": 3},
    "receptive_field": {"row": 9, "column": 9},  # of a network; a chain has a rule
    "softmax": {"first": 4, "second": 4, "third": 4},
}
# How many states at most: of a large network or image there are fewer values yet.
MOST, MOST_OF_OTHERS = {"network": 4000}, 30_000
_FEWER = (17, 9, 5, 3, 2, 1)


def a_module(explorer: LiveExplorer) -> dict:
    """Return what stays while the widths of an inception module change."""
    view = explorer.view
    return {"side": SIDE, "channels": CHANNELS, "backdrop": view.backdrop}


def a_photo(explorer: LiveExplorer) -> dict:
    """Return the photo that is pooled, colour by colour, and what stays drawn."""
    photo = explorer.subject
    planes = photo.pixels.transpose(2, 0, 1).astype(np.uint8)
    return {
        "pixels": base64.b64encode(planes.tobytes()).decode(),
        "size": photo.size,
        "backdrop": photo.backdrop,
    }


# Name of an explorer → what the rule of that name in the page has to know.
RULES = {"branches": a_module, "pooling": a_photo, "receptive_field": a_chain}


def rule_of(explorer: LiveExplorer) -> Callable[[LiveExplorer], dict] | None:
    """Return what tells the page's own rule its constants, None without a rule."""
    is_model = getattr(explorer.subject, "model", None) is not None
    return None if is_model else RULES.get(name_of(explorer))


def name_of(explorer: LiveExplorer) -> str:
    """Return what an explorer is called in an address: `explore_padding` → padding."""
    module = explorer.declared.draw.__module__
    return module.removeprefix("coursekit.explore.").partition(".")[0]


def held_of(explorer: LiveExplorer) -> Held:
    """Return the states to hold; of a large subject fewer values of each setting."""
    name, settings = name_of(explorer), explorer.declared.settings
    few, most = FEW.get(name, {}), MOST.get(name, MOST_OF_OTHERS)
    held = Held(explorer, few)
    for count in () if rule_of(explorer) else _FEWER:
        if sum(1 for _ in islice(held, most + 1)) <= most:
            break
        fewer = {
            n: min(count, few.get(n, count)) for n in settings if n != held.order[0]
        }
        held = Held(explorer, fewer)
    return held


def needs_python(explorer: LiveExplorer) -> str:
    """Say in a line what the page leaves out, "" where nothing."""
    held = held_of(explorer)
    if rule_of(explorer) or not held.few:
        return ""
    count, whole = sum(1 for _ in held), len(states(explorer))
    return f"The page holds {count:,} of {whole:,} states; the others need Python."
