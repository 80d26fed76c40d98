"""A notebook and its explorers on a page of the browser, whichever program shows it.

JupyterLab and the classic Notebook differ in the names of what surrounds a cell
(`FrontEnd`). Inside an output ipywidgets 7 and 8 make the same page, but for the handle
of a slider.
"""

import contextlib
from dataclasses import dataclass, field

from tests.controls import Explorer, FrontEnd

_DONE = r"""
([prompts, idle]) => document.querySelector(idle)
    && [...document.querySelectorAll(prompts)].every(e => /\[\d+\]/.test(e.textContent))
"""
_STARTED = r"""
prompts => [...document.querySelectorAll(prompts)]
    .some(e => /\[(\d+|\*)\]/.test(e.textContent))
"""
# A front end draws the cells above only now, and what one wanted to look at moves away.
_AT_REST = """
place => {
    place.scrollIntoView({block: 'center'});
    const top = place.getBoundingClientRect().top;
    if (window.lastPlace !== top) {
        window.lastPlace = top;
        window.lastMove = performance.now();
    }
    return performance.now() - window.lastMove > 500;
}
"""


@dataclass
class Notebook:
    """One notebook on a page of the browser.

    Args:
        page: playwright's page.
        front_end: the program that shows it.
        errors: what the page reported by itself: uncaught errors, failed requests.
    """

    page: object
    front_end: FrontEnd
    errors: list[str] = field(default_factory=list)

    def run_all(self, seconds: float = 60) -> None:
        """Run every cell and wait until the last one has its number."""
        from playwright.sync_api import TimeoutError as TooLate

        prompts = self.front_end.prompt
        for _ in range(5):
            for place in self.front_end.run_all:
                self.page.locator(place).click()
            with contextlib.suppress(TooLate):
                self.page.wait_for_function(_STARTED, arg=prompts, timeout=4000)
                break
        done = [prompts, self.front_end.idle]
        self.page.wait_for_function(_DONE, arg=done, timeout=seconds * 1000)

    def tracebacks(self) -> list[str]:
        """Return the end of every error shown on the page."""
        output = self.page.locator(self.front_end.output)
        shown = output.filter(has_text="Traceback (most recent call last)")
        return [text[-300:] for text in shown.all_text_contents()]

    def alerts(self) -> list[str]:
        """Return what explorers say went wrong in them."""
        alerts = self.page.locator(".widget-html-content [role=alert]")
        return alerts.all_text_contents()

    def texts(self) -> list[str]:
        """Return what the outputs say that are no widgets."""
        return self.page.locator(f"{self.front_end.output} pre").all_inner_texts()

    def explorer(self, label: str) -> Explorer:
        """Return the output of the cell that has a control called `label`."""
        named = self.page.locator(f'.widget-label:text-is("{label}")')
        output = self.page.locator(self.front_end.output).filter(has=named).first
        place = output.locator(named).first.element_handle()
        self.page.wait_for_function(_AT_REST, arg=place)
        return Explorer(output, self.front_end)
