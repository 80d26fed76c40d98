"""Build the course's notebooks from their sources, and keep them honest.

`notebooks/src/NN_topic.py` (jupytext percent) is the only file anybody edits; the
student and the solution notebook are generated from it, the same bytes every time.

    notebook_source  read a source into cells, with the lines they stand on
    convert          cells → student and solution notebook
    execute          run a solution notebook, keep the text of its checked cells
    lint             the rules of style that can be checked mechanically
    predicting       one reveal for each prediction, names that are unique
    spoilers         nothing visible gives an answer away
    measured_only    a verdict's numbers come from a measurement
    build            `coursekit build`

Importing this package imports neither jupytext nor nbclient.
"""
