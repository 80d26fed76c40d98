"""What a challenge asks, as data: the name, the images, the rules."""

from dataclasses import dataclass
from html import escape

from coursekit.course.challenges.requirements import Rule


@dataclass(frozen=True, repr=False)
class Task:
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

    def __repr__(self) -> str:
        lines = [f"{self.name} · {self.title}", f"  images: {self._images}"]
        return "\n".join([*lines, *(f"  · {rule}" for rule in self.rules)])

    def _repr_html_(self) -> str:
        rules = "".join(f"<li>{escape(str(rule))}</li>" for rule in self.rules)
        style = "border-left:6px solid #0072B2;padding:0.4em 0.8em;margin:0.3em 0"
        return (
            f'<div role="group" aria-label="{escape(self.title)}" style="{style}">'
            f"<b>{escape(self.name)}</b> · {escape(self.title)}<br>"
            f"images: {escape(self._images)}<ul>{rules}</ul></div>"
        )

    @property
    def _images(self) -> str:
        by = "×".join(map(str, self.input_shape))
        return f"{self.data}, {by}" if self.data != "none" else f"none, {by}"
