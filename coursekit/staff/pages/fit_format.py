"""Make a part of a notebook what the schema of its format wants, by nbformat's errors.

nbformat's validator says what is wrong and where; each kind of error has one remedy.
"""

import copy

FORMAT = (4, 5)
ROUNDS = 9  # a remedy may uncover the next error; a cell has no more levels than this
DEFAULTS = {
    "source": "",
    "outputs": [],
    "metadata": {},
    "execution_count": None,
    "data": {},
    "name": "stdout",
    "text": "",
    "ename": "Error",
    "evalue": "",
    "traceback": [],
}
ENTRIES = ("metadata", "data")  # one wrong entry goes and the others stay
# What nobody misses if it is wrong; anything else is content, and wrong content is not
# made up: the part does not fit.
REPLACEABLE = ("metadata", "execution_count", "outputs", "attachments")


def fitted(part: dict, definition: str) -> tuple[dict, int] | None:
    """Return a part that fits its schema and the number of remedies; None if none does.

    Args:
        part: a cell or an output as JSON; it is not changed.
        definition: its name in `nbformat.v4.5.schema.json`, like "code_cell".
    """
    made, count = copy.deepcopy(part), 0
    for _ in range(ROUNDS):
        errors = errors_of(made, definition)
        if not errors:
            return made, count
        if not all(_mend(made, error) for error in errors):
            return None
        count += len(errors)
    return None


def errors_of(part: dict, definition: str | None = None) -> list:
    """List nbformat's errors about a notebook, or a part with that definition."""
    from nbformat.validator import iter_validate

    version = FORMAT if definition else (None, None)
    return list(iter_validate(part, definition, *version))


def _mend(part: dict, error) -> bool:
    """Apply the remedy of one error; say whether there is one."""
    holder, keys = error.instance, list(error.absolute_path)
    if error.validator == "additionalProperties":
        for key in holder.keys() - error.schema["properties"].keys():
            del holder[key]
    elif error.validator == "required" and not keys:
        for key in set(error.validator_value) - part.keys():
            part[key] = copy.copy(DEFAULTS[key])
    elif len(keys) > 1 and keys[0] in ENTRIES:
        part[keys[0]].pop(keys[1], None)
    elif keys and keys[0] in REPLACEABLE:
        part.pop(keys[0], None)
        if keys[0] in DEFAULTS:
            part[keys[0]] = copy.copy(DEFAULTS[keys[0]])
    else:
        return False
    return True
