"""Who may call each operation, in the three kinds of actor the reference shows; from the table of roles."""

from __future__ import annotations

from jingwei.channels.roles import CUSTOMERS, STAFF, SYSTEM, may, operation

NO_TOKEN = (
    "/v1/problems",
    "/v1/problems/{code}",
    "/v1/audit/head",
    "/health",
    "/ready",
    "/metrics",
)
"""What anybody may read."""

KINDS = {"customer": CUSTOMERS, "staff": STAFF, "system": (SYSTEM,)}


def callers(method: str, path: str) -> tuple[str, ...] | None:
    """The kinds of actor that may call this operation; empty when no token is needed, None when unknown.

    Which staff may is finer: see channels/roles.py.
    """
    if path in NO_TOKEN:
        return ()
    roles = operation(method, path)
    return tuple(kind for kind, names in KINDS.items() if may(names, roles)) or None
