"""A notebook and its explorers on a page of the browser, for tests/test_browser.py."""

import contextlib
from dataclasses import dataclass, field

_PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
_STARTED = _PROMPTS + r".some(cell => /\[(\d+|\*)\]/.test(cell.textContent))"
_DONE = _PROMPTS + r".every(cell => /\[\d+\]/.test(cell.textContent))"
_OUTER = "all => all.map(e => e.outerHTML)"
# JupyterLab draws the cells above only now, and what one wanted to look at moves away.
_AT_REST = """
handle => {
    handle.scrollIntoView({block: 'center'});
    const place = handle.getBoundingClientRect().top;
    if (window.lastPlace !== place) {
        window.lastPlace = place;
        window.lastMove = performance.now();
    }
    return performance.now() - window.lastMove > 500;
}
"""
# Another picture than before, the kernel idle and nothing new for 300 ms: a drag is
# answered many times, and the words follow the picture.
_SETTLED = """
([output, before]) => {
    const drawn = [...output.querySelectorAll('svg, img')].map(e => e.outerHTML);
    if (window.lastSeen !== output.innerHTML) {
        window.lastSeen = output.innerHTML;
        window.lastChange = performance.now();
    }
    const idle = document.querySelector(
        '.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status=idle]');
    return idle && drawn.join('') !== before
        && performance.now() - window.lastChange > 300;
}
"""


@dataclass
class Notebook:
    """One notebook on a page of the browser.

    Args:
        page: playwright's page.
        errors: what the page reported by itself: uncaught errors, failed requests.
    """

    page: object
    errors: list[str] = field(default_factory=list)

    def run_all(self, seconds: float = 60) -> None:
        """Run every cell and wait until the last one has its number."""
        from playwright.sync_api import TimeoutError as TooLate

        for _ in range(5):
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            with contextlib.suppress(TooLate):
                self.page.wait_for_function(_STARTED, timeout=4000)
                break
        self.page.wait_for_function(_DONE, timeout=seconds * 1000)

    def tracebacks(self) -> list[str]:
        """Return the end of every error shown on the page."""
        output = self.page.locator(".jp-OutputArea-output")
        shown = output.filter(has_text="Traceback (most recent call last)")
        return [text[-300:] for text in shown.all_text_contents()]

    def alerts(self) -> list[str]:
        """Return what explorers say went wrong in them."""
        return self.page.locator("[role=alert]").all_text_contents()

    def explorer(self, label: str) -> "Explorer":
        """Return the output of the cell that holds the slider called `label`."""
        output = self.page.locator(".jp-OutputArea-output").filter(
            has=self.page.locator(".widget-slider").filter(has_text=label)
        )
        found = Explorer(output.first, label)
        found.handle.scroll_into_view_if_needed()
        handle = found.handle.element_handle()
        self.page.wait_for_function(_AT_REST, arg=handle)
        return found


@dataclass
class Explorer:
    """The controls, picture and text of one explorer on the page."""

    output: object
    label: str

    @property
    def slider(self) -> object:
        """The slider with its label and its readout."""
        return self.output.locator(".widget-slider").filter(has_text=self.label).first

    @property
    def handle(self) -> object:
        """What one drags, and what has the keyboard's focus."""
        return self.slider.get_by_role("slider")

    @property
    def value(self) -> str:
        """The number beside the slider."""
        return self.slider.locator(".widget-readout").inner_text()

    def picture(self) -> str:
        """Return the markup of everything the explorer draws."""
        return "".join(self.output.locator("svg, img").evaluate_all(_OUTER))

    def text(self) -> str:
        """Return the words and numbers beside the picture."""
        words = self.output.locator(".widget-html-content").all_inner_texts()
        return "\n".join(filter(None, map(str.strip, words)))

    def drag(self, pixels: int) -> None:
        """Drag the slider by the mouse, and wait until the picture follows."""
        self.handle.hover()
        box = self.handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse, before = self.output.page.mouse, self.picture()
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + pixels, y, steps=8)
        mouse.up()
        self._wait_for_a_picture_other_than(before)

    def press(self, key: str) -> None:
        """Press a key on the slider, and wait until the picture follows."""
        before = self.picture()
        self.handle.focus()
        self.output.page.keyboard.press(key)
        self._wait_for_a_picture_other_than(before)

    def _wait_for_a_picture_other_than(self, before: str) -> None:
        output = self.output.element_handle()
        self.output.page.wait_for_function(_SETTLED, arg=[output, before])
