"""The course in other environments than the developers' own.

    make colab-twin     Colab's Python and versions, set up by the set-up cell itself
    make floor          the oldest versions that pyproject.toml promises
    make newest         the newest of everything, on the newest Python of this machine

Each makes an environment, installs the package from a copy of this checkout (never in
place), runs every session with nbval (the solution whole, of the student version what
differs), turns every control it shows through its values, runs unit tests, and ends
with a table. Standard library only: none of this needs an environment of its own.
"""
