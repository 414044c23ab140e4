"""The mappings that come with the bank, in sets, and mappings from files."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jingwei.domains.insight.mapping import Mapping, MappingError, read_mapping

LARGEST = 1 << 20
"""Most bytes of a mapping."""


class Named(NamedTuple):
    """A mapping with the name it is asked for by."""

    name: str
    mapping: Mapping


def shipped() -> list[Named]:
    """Every mapping that comes with the bank, by name ("city/cards")."""
    root = files("jingwei.channels.sources") / "mappings"
    found = []
    for folder in sorted(root.iterdir(), key=lambda one: one.name):
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.name.endswith(".toml"):
                name = f"{folder.name}/{file.name.removesuffix('.toml')}"
                found.append(Named(name, read_mapping(file.read_text("utf-8"))))
    return found


def mappings_named(asked: str) -> list[Named]:
    """The mappings a name means: a file, a shipped one, or a whole shipped set. Raises MappingError."""
    path = Path(asked)
    if path.is_file():
        if path.stat().st_size > LARGEST:
            raise MappingError(0, f"{path.name} is larger than {LARGEST:,} bytes", "name a mapping")
        try:
            return [Named(path.name, read_mapping(path.read_text("utf-8")))]
        except UnicodeDecodeError:
            raise MappingError(0, f"{path.name} is not UTF-8", "save it as UTF-8") from None
    found = [one for one in shipped() if one.name == asked or one.name.startswith(f"{asked}/")]
    if not found:
        sets = sorted({one.name.partition("/")[0] for one in shipped()})
        fix = f"name a TOML file, or one of those `jingwei source mappings` lists ({', '.join(sets)})"
        raise MappingError(0, f"there is no mapping {asked}", fix)
    return found
