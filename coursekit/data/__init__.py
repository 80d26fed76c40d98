"""Image sets, embedded, generated and downloaded, and `Batches` to train on.

Every set is an `ImageSet`: one uint8 tensor of images, one int64 tensor of labels.
`digits`, `photos` and `shapes` need no network; `mnist`, `fashion_mnist`, `cifar10`
and `tiny_imagenet` are read from the data folder or downloaded; `folder` reads your own
pictures; `summary` says what a set holds. Each name loads when it is first used:
`carried`, which only needs numpy, brings no torch.
"""

from coursekit._base.lazy import lazy

_HOME_OF = {
    "Batches": "coursekit.data.batches",
    "DownloadError": "coursekit.data.download",
    "FolderSet": "coursekit.data.class_folders",
    "ImageSet": "coursekit.data.image_set",
    "Shapes": "coursekit.data.synthetic",
    "Splits": "coursekit.data.image_set",
    "cifar10": "coursekit.data.standard",
    "digits": "coursekit.data.embedded",
    "fashion_mnist": "coursekit.data.standard",
    "folder": "coursekit.data.class_folders",
    "mnist": "coursekit.data.standard",
    "photos": "coursekit.data.embedded",
    "shapes": "coursekit.data.synthetic",
    "summary": "coursekit.data.set_summary",
    "tiny_imagenet": "coursekit.data.tiny_images",
}
__all__ = sorted(_HOME_OF)
__getattr__, __dir__ = lazy(__name__, _HOME_OF)
