"""Versions of the policies that judge payments: the one in force, earlier ones, and an earlier one again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from jingwei.channels.problems import Problem
from jingwei.decisions.policy import Policy, parse_policy, to_toml
from jingwei.decisions.published import PolicyVersion
from jingwei.journeys.shape import every
from jingwei.journeys.table import unseal
from jingwei.kernel.ids import seq_of

if TYPE_CHECKING:
    from jingwei.stores.store import Reader


def policies(reader: Reader) -> list[str]:
    """The names of the policies that judge payments."""
    from jingwei.home import MODEL_SLOTS

    return [name for name in MODEL_SLOTS if reader.note(f"policy:{name}")]


def in_force(reader: Reader, name: str) -> Policy:
    """The policy of this name that judges now. Raises Problem `not_found`."""
    text = reader.note(f"policy:{name}") if name in policies(reader) else None
    if text is None:
        raise Problem("not_found")
    return parsed(text)


@lru_cache(maxsize=32)
def parsed(text: str) -> Policy:
    """A policy by its text; those in force are few and are read again and again."""
    return parse_policy(text)


def version_policy(reader: Reader, version: str) -> Policy | None:
    """A published version ("name@number"), or None."""
    for kept in reader.load(PolicyVersion, [version]):
        leaf = reader.record(seq_of(kept.record) or 0)
        return parsed(unseal(leaf).command.text) if leaf else None
    return None


def next_version(reader: Reader, policy: Policy) -> int:
    """The number after every one that was published."""
    found = every(reader, PolicyVersion, "name", policy.name)
    return max([policy.version, *(number_of(kept) for kept in found)]) + 1


def number_of(version: PolicyVersion) -> int:
    """The number of a published version."""
    return int(version.id.rpartition("@")[2])


def text_again(reader: Reader, name: str, to: str) -> str:
    """The rules of the version `to` under the next number; those in force when there is no such version.

    Raises Problem `not_found` for a policy that judges nothing.
    """
    earlier, now = version_policy(reader, to), in_force(reader, name)
    return to_toml(replace(earlier, version=next_version(reader, now)) if earlier else now)
