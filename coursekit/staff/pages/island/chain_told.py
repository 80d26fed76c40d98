"""What the page is told of a chain of layers, whose fields it computes itself.

A chain stands in an address as its layers: kind, kernel, stride, padding, dilation.

    c3.1.1.1,m2.2.0.1        a 3×3 convolution, a 2×2 pooling
"""

from collections.abc import Iterable

from coursekit.explore.chain import CHAINS, LAYERS, LONGEST, ChainLayer
from coursekit.explore.live import LiveExplorer


def code(layers: Iterable[ChainLayer]) -> str:
    """Return a chain as it stands in an address."""
    return ",".join(
        f"{'c' if one.kind == 'convolution' else 'm'}{one.kernel_size}.{one.stride}."
        f"{one.padding}.{one.dilation}"
        for one in layers
    )


def a_chain(explorer: LiveExplorer) -> dict:
    """Return what stays while a chain changes: the photo, and the named chains."""
    scene = explorer.subject
    return {
        "shape": list(scene.shape[1:]),
        "name": scene.photo.name,
        "backdrop": scene.photo.backdrop,
        "chains": {name: code(chain) for name, chain in CHAINS.items()},
        "layers": {title: code([layer]) for title, layer in LAYERS.items()},
        "longest": LONGEST,
    }
