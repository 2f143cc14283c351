"""Reading, finding and fetching files, under the reference's names."""

from __future__ import annotations

import os
import urllib.parse
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from kubernator.errors import LoadError
from kubernator.model.origin import Origin
from kubernator.scope import globs
from kubernator.scope.globs import Globs

if TYPE_CHECKING:
    import logging
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = [
    "FileType",
    "clone_url_str",
    "download_remote_file",
    "get_app_cache_dir",
    "get_cache_dir",
    "load_file",
    "load_remote_file",
    "parse_yaml_docs",
    "re_filter",
    "scan_dir",
    "sha256_file_digest",
    "to_patterns",
]


def to_patterns(*patterns: str | re.Pattern[str]) -> list[re.Pattern[str]]:
    """Return glob patterns as regular expressions; expressions stay as they are."""
    return Globs(patterns).compiled


def re_filter(name: str, patterns: Iterable[str | re.Pattern[str]]) -> bool:
    """Say whether any pattern matches a name."""
    return Globs(patterns).matches(name)


def scan_dir(
    logger: logging.Logger,
    path: Path,
    entry_filter: Callable[[os.DirEntry[str]], bool],
    excludes: Iterable[str | re.Pattern[str]],
    includes: Iterable[str | re.Pattern[str]],
) -> Iterator[Path]:
    """Yield the paths of entries that pass a filter, ordered by excludes and includes as the walk orders."""
    with os.scandir(path) as entries:
        names = [entry.name for entry in entries if entry_filter(entry)]
    for name in globs.select(names, excludes=Globs(excludes), includes=Globs(includes)):
        logger.debug("found %s in %s", name, path)
        yield Path(path) / name


class FileType(Enum):
    """How the content of a file is read."""

    TEXT = "text"
    BINARY = "binary"
    JSON = "json"
    YAML = "yaml"

    def parse(self, content: str | bytes, *, origin: Origin) -> Any:
        """Return the content as it is, the one value of a JSON text, or the list of a YAML text's documents."""
        match self:
            case FileType.BINARY:
                return content.encode() if isinstance(content, str) else content
            case FileType.TEXT:
                return content if isinstance(content, str) else _decoded(content, origin)
            case FileType.JSON:
                from kubernator.load import jsondoc  # noqa: PLC0415 - only where JSON is read

                return next((document.value for document in jsondoc.parse(content, origin=origin)), None)
            case FileType.YAML:
                return parse_yaml_docs(content, origin=origin)


def parse_yaml_docs(content: str | bytes, source: object = None, *, origin: Origin | None = None) -> list[Any]:
    """Return the documents of a YAML text that are not empty; ``source`` names it in errors."""
    from kubernator.load import yamldoc  # noqa: PLC0415 - only where YAML is read

    where = origin or Origin(path=PurePath(str(source or "<text>")))
    return [document.value for document in yamldoc.parse(content, origin=where)]


def load_file(  # noqa: PLR0917 - the reference's signature
    logger: logging.Logger,
    path: str | os.PathLike[str],
    file_type: FileType,
    source: object = None,
    template_engine: Any = None,
    template_context: Mapping[str, Any] | None = None,
) -> Any:
    """Read a file, rendered first where there is an engine; ``source`` names it in errors. Raises LoadError."""
    origin = Origin(path=PurePath(str(source or path)))
    logger.debug("loading %s as %s", origin.path, file_type.value)
    try:
        content: str | bytes = Path(path).read_bytes()
    except OSError as error:
        raise LoadError(f"`{origin.path}` cannot be read: {error.strerror}", origin=origin) from error
    if template_engine is not None and file_type is not FileType.BINARY:
        text = _decoded(content, origin) if isinstance(content, bytes) else content
        content = template_engine.from_string(text, origin=origin).render(template_context or {})
    return file_type.parse(content, origin=origin)


def _decoded(content: bytes, origin: Origin) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LoadError(f"`{origin.path}` is not UTF-8: byte {error.start}", origin=origin) from error


def download_remote_file(
    logger: logging.Logger,
    url: str,
    category: str = "k8s",
    sub_category: str | None = None,
    downloader: Callable[[str, str], object] | None = None,
) -> tuple[Path, bool]:
    """Fetch a file into the cache and return its path, and whether what was there was up to date.

    ``downloader`` is a function like ``urllib.request.urlretrieve``, called only when the file is not there yet.
    """
    from kubernator.tools import cache, download  # noqa: PLC0415 - only where something is fetched

    target = cache.private_directory(get_cache_dir(category, sub_category)) / download.cache_name(url)
    logger.debug("fetching %s", download.shown(url))
    if downloader is None:
        return target, not download.fetch(url, target).changed
    present = target.exists()
    if not present:
        with cache.locked(target.with_name(f".{target.name}.lock")), cache.replacing(target) as part:
            downloader(url, str(part))
    return target, present


def load_remote_file(  # noqa: PLR0917 - the same
    logger: logging.Logger,
    url: str,
    file_type: FileType,
    category: str = "k8s",
    sub_category: str | None = None,
    downloader: Callable[[str, str], object] | None = None,
) -> Any:
    """Fetch a file and read it as `load_file` does."""
    from kubernator.tools import download  # noqa: PLC0415 - loaded already

    path, _ = download_remote_file(logger, url, category, sub_category, downloader)
    return load_file(logger, path, file_type, source=download.shown(url))


def get_app_cache_dir() -> Path:
    """Return the cache directory."""
    from kubernator.tools import cache  # noqa: PLC0415 - only where something is fetched

    return cache.Cache().root


def get_cache_dir(category: str, sub_category: str | None = None) -> Path:
    """Return the directory of the cache for a category of files. It is not made here."""
    root = get_app_cache_dir() / "http" / category
    return root / sub_category if sub_category else root


def sha256_file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 checksum of a whole file, in hexadecimal."""
    from kubernator.tools import download  # noqa: PLC0415 - only where something is fetched

    return download.digest(Path(path))


def clone_url_str(url: urllib.parse.SplitResult) -> str:
    """Return the address git is given for a parsed one: without query and fragment."""
    return urllib.parse.urlunsplit(url._replace(query="", fragment=""))
