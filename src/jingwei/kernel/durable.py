"""Files and folders that are still there after a power cut.

A file's content is durable once the file is synced, its name only once its folder is, and a new folder's
name once the folder above it is (POSIX promises no more; see Pillai et al., "All File Systems Are Not
Created Equal", OSDI 2014).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError.

    A folder that may be passed through but not read cannot be synced by itself: then everything is.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        os.sync()
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, durably. Raises OSError.

    The name of a folder that is there already is made durable too: whoever made it may have died
    before that.
    """
    folder = folder.absolute()
    missing = [folder]
    while not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_folder(one.parent)


def make_private(folder: Path) -> None:
    """Make a folder that is its owner's alone (0700), as is all this process makes from now on (0600, 0700).

    The engines make files of their own (a write-ahead log, a lock), so the process's mask says it, not each
    place that writes. A folder that was there before, open to others, is closed. Raises OSError.
    """
    os.umask(0o077)
    make_folder(folder)
    if folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that a reader, or a power cut, sees the old content or the new, never a part.

    Unless `mode` says otherwise its owner alone can read it. Once this returns the new content stays.
    Raises OSError.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
