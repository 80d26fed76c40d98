"""Image sets, embedded, generated and downloaded, and `Batches` to train on.

Every set is an `ImageSet`: one uint8 tensor of images, one int64 tensor of labels.
`digits`, `photos` and `shapes` need no network; `mnist`, `fashion_mnist`, `cifar10`
and `tiny_imagenet` are read from the data folder or downloaded; `folder` reads your own
pictures; `summary` says what a set holds. Each name loads when it is first used:
`carried`, which only needs numpy, brings no torch.
"""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".batches": "Batches",
        ".class_folders": "FolderSet folder",
        ".download": "DownloadError",
        ".embedded": "digits photos",
        ".image_set": "ImageSet Splits",
        ".set_summary": "summary",
        ".standard": "cifar10 fashion_mnist mnist",
        ".synthetic": "Shapes shapes",
        ".tiny_images": "tiny_imagenet",
    },
)
