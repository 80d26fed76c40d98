"""Image sets, embedded, generated and downloaded, and `Batches` to train on.

Every set is an `ImageSet`: one uint8 tensor of images, one int64 tensor of labels.
`digits`, `photos` and `shapes` need no network; `mnist`, `fashion_mnist` and `cifar10`
are read from the data folder or downloaded; `folder` reads your own pictures.
"""

from coursekit.data.batches import Batches
from coursekit.data.class_folders import FolderSet, folder
from coursekit.data.download import DownloadError
from coursekit.data.embedded import digits, photos
from coursekit.data.image_set import ImageSet, Splits
from coursekit.data.standard import cifar10, fashion_mnist, mnist
from coursekit.data.synthetic import Shapes, shapes

__all__ = [
    "Batches",
    "DownloadError",
    "FolderSet",
    "ImageSet",
    "Shapes",
    "Splits",
    "cifar10",
    "digits",
    "fashion_mnist",
    "folder",
    "mnist",
    "photos",
    "shapes",
]
