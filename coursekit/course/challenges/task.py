"""What a challenge asks, as data: the name, the images, the rules."""

from dataclasses import dataclass

from coursekit._base.card import Card, Displayed
from coursekit.course.challenges.requirements import Rule


@dataclass(frozen=True, repr=False)
class Task(Displayed):
    """A budget to keep and a bar to reach.

    Args:
        name: such as "mnist-8k".
        title: in words.
        data: "mnist", "cifar10", "digits", "shapes" or "none".
        input_shape: (channels, height, width) of one image in pixels.
        rules: what is asked, one `Rule` each.
        images: how many pictures are generated (`data` "shapes").
        twin: the challenge to take where the data set is not at hand.
    """

    name: str
    title: str
    data: str
    input_shape: tuple[int, int, int]
    rules: tuple[Rule, ...]
    images: int | None = None
    twin: str = ""

    @property
    def _shown(self) -> Card:
        rows = [("images", self._images), *(("rule", str(r)) for r in self.rules)]
        return Card(f"{self.name} · {self.title}", rows)

    @property
    def _images(self) -> str:
        by = "×".join(map(str, self.input_shape))
        return f"{self.data}, {by}" if self.data != "none" else f"none, {by}"
