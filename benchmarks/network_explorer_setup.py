"""What `network_explorer.py` runs in the kernel after `slider_setup.py`."""
# ruff: noqa: F821

from coursekit.explore import explore_network
from coursekit.models import googlenet, resnet18, resnet152

NETWORKS = {"ResNet-18": resnet18, "GoogLeNet": googlenet, "ResNet-152": resnet152}
compared = ("floor", "label", "interact + new figure")
variants = {name: CONTROLS[name] for name in compared}
for name, make in NETWORKS.items():
    explorer = explore_network(make())
    for what, setting, trait, values in (
        ("unit row", "row", "value", range(1, 40)),
        ("channel", "channel", "value", range(1, 40)),
        ("layer", "layer", "index", range(8, 48)),
        ("block", "block", "index", (1, 2, 0)),
        ("levels open", "depth", "value", (1, 2)),
    ):
        variants[f"{name}: {what}"] = (control(explorer, setting), trait, values)
print(
    json.dumps(
        {
            name: (widget.model_id, trait, list(values))
            for name, (widget, trait, values) in variants.items()
        }
    )
)
