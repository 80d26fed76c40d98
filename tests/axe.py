"""axe-core, which knows the rules for pages that everybody can use, on a page.

https://github.com/dequelabs/axe-core; the file comes with axe-playwright-python.
"""

from importlib.resources import files

_RUN = """
async places => {
    document.body.style.minHeight = '100vh';  // else axe takes JupyterLab for hidden
    const found = await axe.run(
        {include: places}, {resultTypes: ['violations']});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary})`));
}
"""


def faults(page: object, *places: str) -> list[str]:
    """Return what axe finds wrong on a page of the browser, a line each.

    Args:
        page: playwright's page.
        places: selectors of what is looked at; the whole page where there is none.
    """
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(
            (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
        )
    return page.evaluate(_RUN, [[place] for place in places or ("html",)])
