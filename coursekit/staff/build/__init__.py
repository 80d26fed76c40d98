"""Build the course's notebooks from their sources, and keep them honest.

`notebooks/src/NN_topic.py` (jupytext percent) is the only file anybody edits; the
student and the solution notebook are generated from it, the same bytes every time.

    sources     read a source into cells, with the lines they stand on
    convert     cells → student and solution notebook
    execute     run a solution notebook, keep the text of its checked cells
    lint        the rules of style that can be checked mechanically
    provenance  where a verdict's numbers come from: computed, or typed in
    build       `coursekit build`

Importing this package imports neither jupytext nor nbclient.
"""
