"""The controls of an explorer on a page, its picture, words and table."""

from dataclasses import dataclass
from pathlib import Path

HANDLE = ".noUi-handle, .ui-slider-handle"  # of a slider of ipywidgets 8, of 7
CONTROLS = ".widget-slider, .widget-dropdown"
_LAYERS = "svg:not(svg svg, .coursekit-touch svg)"
_PICTURES = """
all => all.map(e => e.localName === 'svg'
    ? new XMLSerializer().serializeToString(e) : e.outerHTML)
"""
# Something new in the output, the kernel idle and nothing new for 250 ms: a drag is
# answered many times, and the words follow the picture.
_SETTLED = """
([output, before, idle]) => {
    if (window.lastSeen !== output.innerHTML) {
        window.lastSeen = output.innerHTML;
        window.lastChange = performance.now();
    }
    const drawn = [...output.querySelectorAll('svg, img')].map(e => e.outerHTML);
    return document.querySelector(idle) && drawn.join('') !== before
        && performance.now() - window.lastChange > 250;
}
"""
_DRAWN = "all => all.map(e => e.outerHTML).join('')"
_CUT = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
_ROWS = "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
# The white between the words of neighbours in a row of a table, in pixels.
_GAPS = """
rows => rows.flatMap(row => {
    const full = [...row.cells].filter(cell => cell.textContent);
    const boxes = full.map(cell => {
        const words = document.createRange();
        words.selectNodeContents(cell);
        return words.getBoundingClientRect();
    });
    return boxes.slice(1).map((box, i) => box.left - boxes[i].right);
})
"""


@dataclass(frozen=True)
class FrontEnd:
    """Name what surrounds cells on the page of a program that shows notebooks.

    Args:
        name: of the program.
        cell, prompt, output: of code cells; selectors, like all that follow.
        idle: is on the page when the kernel waits.
        run_all: what to click, one after the other, to run every cell.
        version: JavaScript that tells the program's version.
    """

    name: str
    cell: str
    prompt: str
    output: str
    idle: str
    run_all: tuple[str, ...]
    version: str


@dataclass
class Explorer:
    """One explorer on the page."""

    output: object
    front_end: FrontEnd

    def control(self, label: str) -> "Control":
        """Return the control called `label`."""
        named = self.output.page.locator(f'.widget-label:text-is("{label}")')
        row = self.output.locator(CONTROLS).filter(has=named)
        if not row.count():
            row = self.output.get_by_role("button", name=label, exact=True)
        return Control(self, row.first)

    def settings(self) -> dict[str, int | str]:
        """Return what every slider and menu says, by its label, in order."""
        rows = self.output.locator(CONTROLS).all()
        labels = (row.locator(".widget-label").text_content() for row in rows)
        values = (Control(self, row).value for row in rows)
        return dict(zip(labels, values, strict=True))

    def buttons(self) -> list[str]:
        """Return what is written on the buttons, without those that take files."""
        words = self.output.locator("button:not(.widget-upload)").all_text_contents()
        return [word for word in words if word.strip()]

    def pictures(self) -> list[str]:
        """Return everything the explorer draws, its layers from below, as XML."""
        return self.output.locator(f"{_LAYERS}, img").evaluate_all(_PICTURES)

    def boxes(self) -> list[tuple[float, ...]]:
        """Return left, top, width and height of the layers on the page."""
        layers = self.output.locator(_LAYERS).all()
        return [tuple(layer.bounding_box().values()) for layer in layers]

    def words(self) -> list[str]:
        """Return the lines below the picture."""
        return self.output.locator("[role=status]").inner_text().splitlines()

    def text(self) -> str:
        """Return the words and numbers beside the picture."""
        words = self.output.locator(".widget-html-content").all_inner_texts()
        return "\n".join(filter(None, map(str.strip, words)))

    def table(self) -> list[list[str]]:
        """Return the cells of the table, its head first."""
        return self.output.locator("tr").evaluate_all(_ROWS)

    def gaps(self) -> list[float]:
        """Return the white between neighbouring cells of the table, in pixels."""
        return self.output.locator("tr").evaluate_all(_GAPS)

    def cut_labels(self) -> list[str]:
        """Return the labels that do not fit their place."""
        return self.output.locator(".widget-label, button").evaluate_all(_CUT)

    def drawn(self) -> str:
        """Return the markup of everything drawn, to tell two states apart."""
        return self.output.locator("svg, img").evaluate_all(_DRAWN)

    def play(self, *, pause: bool = False) -> None:
        """Start what moves a slider by itself, or stop it where it is."""
        signs = self.output.locator(".widget-play button")
        sign = ".fa-pause" if pause else ".fa-play"
        signs.filter(has=self.output.page.locator(sign)).click()
        if pause:
            self.wait_until_settled()

    def upload(self, path: Path) -> None:
        """Choose a file with the button that takes one."""
        with self.output.page.expect_file_chooser() as chooser:
            self.output.locator(".widget-upload").click()
        chooser.value.set_files(path)

    def point(self, x: float, y: float, to: tuple[float, float] = ()) -> None:
        """Press on the picture, and drag on if there is a place to go to.

        Args:
            x, y: where, in shares of the picture's width and height.
            to: the same of where the button is let go.
        """
        before, mouse = self.drawn(), self.output.page.mouse
        left, top, width, height = self.boxes()[0]
        mouse.move(left + x * width, top + y * height)
        mouse.down()
        if to:
            mouse.move(left + to[0] * width, top + to[1] * height, steps=8)
        mouse.up()
        self.wait_until_settled(before)

    def wait_until_settled(self, before: str = "") -> None:
        """Wait until the picture is another than `before` and nothing moves."""
        given = [self.output.element_handle(), before, self.front_end.idle]
        self.output.page.wait_for_function(_SETTLED, arg=given)


@dataclass
class Control:
    """A slider, a menu or a button; each way to use it waits for the picture."""

    explorer: Explorer
    row: object

    @property
    def value(self) -> int | str:
        """The number of a slider, the chosen words of a menu."""
        if self.row.locator("select").count():
            chosen = "e => e.selectedOptions[0].textContent"
            words = self.row.locator("select").evaluate(chosen)
            return words.replace("\u00a0", " ").strip()
        return int(self.row.locator(".widget-readout").inner_text())

    def press(self, keys: str) -> None:
        """Press keys on the control, which has the keyboard's focus.

        Args:
            keys: names with blanks between. A menu is to be opened (Space) before
                arrows: JupyterLab takes those of a closed one for itself
                (github.com/jupyter-widgets/ipywidgets/issues/3912).
        """
        before = self.explorer.drawn()
        self._focus()
        for key in keys.split():
            self.row.page.keyboard.press(key)
        self.explorer.wait_until_settled(before)

    def drag(self, pixels: int) -> None:
        """Drag a slider by the mouse."""
        before, mouse = self.explorer.drawn(), self.row.page.mouse
        handle = self.row.locator(HANDLE)
        handle.hover()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + pixels, y, steps=8)
        mouse.up()
        self.explorer.wait_until_settled(before)

    def type(self, number: int) -> None:
        """Write a number into a slider's readout."""
        before = self.explorer.drawn()
        self.row.locator(".widget-readout").dblclick()
        self.row.page.keyboard.press("Control+a")
        self.row.page.keyboard.type(str(number))
        self.row.page.keyboard.press("Enter")
        self.explorer.wait_until_settled(before)

    def choose(self, words: str) -> None:
        """Choose an option of a menu."""
        before = self.explorer.drawn()
        self.row.locator("select").select_option(label=words)
        self.explorer.wait_until_settled(before)

    def pick(self, words: str) -> None:
        """Choose an option that changes nothing in the picture by itself."""
        self.row.locator("select").select_option(label=words)
        self.explorer.wait_until_settled()

    def click(self) -> None:
        """Click a button with the mouse."""
        before = self.explorer.drawn()
        self.row.click()
        self.explorer.wait_until_settled(before)

    def _focus(self) -> None:
        inside = self.row.locator(f"{HANDLE}, select")
        (inside.first if inside.count() else self.row).focus()
