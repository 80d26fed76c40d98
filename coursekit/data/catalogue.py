"""The data sets that can be downloaded, `catalogue.toml`, as objects.

Where sums, mirrors and licences come from stands there.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
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
        classes: in the order of the labels; none where the files name them.
    """

    name: str
    title: str
    folder: str
    archives: tuple[Remote, ...]
    sums: dict[str, str]
    source: str
    instead: str
    classes: tuple[str, ...] = ()


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


def _entry(name: str, table: dict) -> Entry:
    mirrors, archives = table.pop("mirrors"), table.pop("archives")
    remotes = tuple(
        Remote(file, size, sha256, tuple(folder + file for folder in mirrors))
        for file, (size, sha256) in archives.items()
    )
    table["classes"] = tuple(table.get("classes", ()))
    return Entry(name=name, archives=remotes, **table)


_TABLES = tomllib.loads(
    Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
)
SETS = {name: _entry(name, table) for name, table in _TABLES.items()}
