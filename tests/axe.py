"""axe-core, which knows the rules for pages that everybody can use, on a page.

https://github.com/dequelabs/axe-core; the file comes with axe-playwright-python.
"""

from importlib.resources import files

_RUN = """
async ([places, but]) => {
    document.body.style.minHeight = '100vh';  // else axe takes JupyterLab for hidden
    const found = await axe.run(
        {include: places, exclude: but}, {resultTypes: ['violations']});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary})`));
}
"""


def faults(page: object, *places: str, but: str = "") -> list[str]:
    """Return what axe finds wrong on a page of the browser, a line each.

    Args:
        page: playwright's page.
        places: selectors of what is looked at; the whole page where there is none.
        but: selector of what in them is not ours.
    """
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(
            (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
        )
    looked_at = [[place] for place in places or ("html",)]
    return page.evaluate(_RUN, [looked_at, [[but]] if but else []])
