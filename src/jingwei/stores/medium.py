"""What kind of file system the bank's file lies on, and why some of them do not keep money safe."""

from __future__ import annotations

import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}
    | {"gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs"}
)
"""On these, locks and the write-ahead log's shared memory do not hold between machines, and a sync may be
answered before anything is on a disk (https://www.sqlite.org/wal.html: one host only).
"""

MEMORY = frozenset({"ramfs", "tmpfs"})
"""Gone when the power is: good for a trial."""


def file_system(path: Path) -> str:
    """The kind of file system a path is on, as Linux names it; "" where that is not known."""
    try:
        device = os.stat(path).st_dev
        mounts = MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for mount in mounts:
        fields = mount.split()
        if fields[2] == wanted:
            return fields[fields.index("-") + 1]
    return ""


def doubt_about(path: Path) -> str:
    """Why money on this file system is not safe, with what to do; "" when nothing speaks against it."""
    kind = file_system(path)
    if kind in NETWORK:
        return (
            f"{path} is on a network file system ({kind}), where SQLite's locks and syncs cannot be "
            "relied on; use a disk of this machine, or PostgreSQL"
        )
    return ""
