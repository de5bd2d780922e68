"""Downloads missing TFDS datasets, or reports within seconds that there is no network."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import DataError, one_line

SECONDS = 5.0
"""Seconds to wait for a connection to a host; TFDS itself tries ten times, for minutes."""
MOST_HOSTS = 8


def download(builder: Any, name: str) -> None:
    """Downloads a dataset and prepares it.

    Args:
        builder: Its TFDS builder.
        name: Its name in the config.

    Raises:
        DataError: No host can be reached, or it cannot be downloaded or prepared.
    """
    hosts = _hosts(_missing_files(builder.url_infos or {}, Path(builder.data_dir_root) / "downloads"))
    with ThreadPoolExecutor(MOST_HOSTS) as pool:
        reached = list(pool.map(_is_reachable, hosts.values()))
    if hosts and not any(reached):
        raise DataError(
            f"data.name: '{name}' is not prepared in '{builder.data_path}', and {' and '.join(hosts)} cannot be "
            "reached to download it; connect to a network, or set data.data_dir to the folder where it is prepared"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:
        raise DataError(f"data.name: '{name}' could not be downloaded: {one_line(error)}") from error


def _missing_files(files: Mapping[str, Any], folder: Path) -> list[str]:
    """Returns the addresses of a dataset's files that have not been downloaded yet."""
    from tensorflow_datasets.core.download.resource import get_dl_fname

    return [url for url, info in files.items() if not (folder / get_dl_fname(url, info.checksum)).exists()]


def _hosts(urls: list[str]) -> dict[str, str]:
    """Returns one address per host."""
    by_host = {host: url for url in urls if (host := urlsplit(url).hostname)}
    return dict(list(by_host.items())[:MOST_HOSTS])


def _is_reachable(url: str) -> bool:
    import requests

    try:
        # Like TFDS, through a proxy if the environment names one.
        requests.head(url, timeout=SECONDS)
    except requests.exceptions.ConnectionError:
        return False
    except requests.exceptions.RequestException:
        # The host is slow, or uses FTP; TFDS will find out.
        return True
    return True
