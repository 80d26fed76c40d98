"""The course as a site: pages from the executed notebooks, answers folded."""
