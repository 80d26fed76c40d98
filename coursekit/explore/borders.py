"""A photo with padding, drawn from copies of one embedded picture."""


def padded_picture(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    """Draw a photo with padding from copies of one embedded picture.

    Args:
        name: the id of the embedded picture, `shape` units high and wide.
        width: of the padding in pixels, less than the sides of the photo.
        mode: one of `PADDING_MODES`.

    Returns:
        The rest of an `<svg ` tag begun by the caller with `x`, `y`, `width` and
        `height`, and its content: the unit is a pixel, the origin the photo's corner.
    """
    height, across = shape
    frame = f"{-width} {-width} {across + 2 * width} {height + 2 * width}"
    draw = {"zeros": _zeros, "replicate": _replicate}.get(mode, _copies)
    return f'viewBox="{frame}">{draw(name, shape, width, mode)}</svg>'


def _use(name: str, more: str = "") -> str:
    return f'<use href="#{name}"{more}/>'


def _zeros(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    sides = f'width="{shape[1] + 2 * width}" height="{shape[0] + 2 * width}"'
    return f'<rect x="{-width}" y="{-width}" {sides}/>{_use(name)}'


def _copies(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    """Lay shifted or mirrored copies round the photo; the frame cuts them."""
    axes = [_turns(size, mode) if width else [(1, 0)] for size in shape]
    return "".join(
        _use(name, f' transform="matrix({b} 0 0 {a} {right} {down})"')
        for a, down in axes[0]
        for b, right in axes[1]
    )


def _turns(size: int, mode: str) -> list[tuple[int, int]]:
    """Return (factor, shift) of the copies before, at and after the photo."""
    if mode == "circular":
        return [(1, -size), (1, 0), (1, size)]
    # Mirrored at the middle of the border pixel, which is not repeated.
    return [(-1, 1), (-1, 2 * size - 1), (1, 0)]


def _replicate(name: str, shape: tuple[int, int], width: int, mode: str) -> str:
    """Stretch border pixels: (from, size) in the photo, (to, size) in the frame."""
    if not width:
        return _use(name)
    axes = [
        ((0, 1, -width, width), (0, size, 0, size), (size - 1, 1, size, width))
        for size in shape
    ]
    return "".join(
        f'<svg x="{x}" y="{y}" width="{wide}" height="{high}" preserveAspectRatio='
        f'"none" viewBox="{left} {top} {columns} {rows}">{_use(name)}</svg>'
        for top, rows, y, high in axes[0]
        for left, columns, x, wide in axes[1]
    )
