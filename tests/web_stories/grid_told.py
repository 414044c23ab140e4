"""What the grid has looked at: written down page by page, read again by a run that goes on, counted, told."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.web_stories.grid_pages import View

from jingwei import channels

EVERY_S = 15.0
"""So often a worker says how far it is."""

KINDS = ("axe", "sideways", "figures", "script")
PAGES = ("*.html", "*.css", "*.js", "*.toml", "*.py")


class Done:
    """The pages a worker has done, in a file with one line for each page in each look."""

    def __init__(self, path: Path, name: str, due: int, tell: Callable[[str], None]) -> None:
        """`due`: how many lines there are in the end."""
        self._path, self._name, self._due, self._tell = path, name, due, tell
        self._seen = {(one["page"], one["actor"], tuple(one["look"])) for one in lines(path)}
        self._before = len(self._seen)
        self._began = self._told = time.perf_counter()
        self._found = 0
        if path.exists() and not path.read_text("utf-8").endswith("\n"):
            with path.open("a", encoding="utf-8") as file:
                file.write("\n")  # a line cut short by a kill stays alone

    def has(self, view: View, look: tuple[str, str, str]) -> bool:
        """Whether an earlier run saw this."""
        return (view.name, view.actor, look) in self._seen

    def add(self, view: View, look: tuple[str, str, str], looked: int, found: list[Any], took: float) -> None:
        """Write a page down, and now and then say how far the run is."""
        fields = {"page": view.name, "route": view.route, "actor": view.actor, "look": look}
        line = fields | {"looked": looked, "found": found, "s": round(took, 2)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._seen.add((view.name, view.actor, look))
        self._found += len(found)
        now = time.perf_counter()
        if now - self._told >= EVERY_S or len(self._seen) >= self._due:
            self._told, here = now, len(self._seen) - self._before
            left = (self._due - len(self._seen)) * (now - self._began) / max(here, 1)
            self._tell(
                f"{self._name}: {len(self._seen)}/{self._due} pages in a look, {self._found} found, "
                f"{now - self._began:.0f} s, about {left:.0f} s left"
            )


def lines(path: Path) -> list[Any]:
    """What is written in a part, without its first line; a line cut short by a kill is not counted."""
    found = []
    for text in path.read_text("utf-8").splitlines()[1:] if path.exists() else ():
        try:
            found.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return found


def print_of() -> str:
    """A fingerprint of everything the pages are made of."""
    root, made = Path(channels.__path__[0]), hashlib.sha256()
    for path in sorted({one for kind in PAGES for one in root.rglob(kind)}):
        made.update(path.read_bytes())
    return made.hexdigest()


def stamp(path: Path, anew: bool) -> None:
    """Begin a part anew, unless it was written of the same pages."""
    first = path.read_text("utf-8").partition("\n")[0] if path.exists() else ""
    if anew or first != print_of():
        path.write_text(print_of() + "\n", "utf-8")


def count(paths: Sequence[Path]) -> dict[str, Any]:
    """The counts of all parts, and everything that was found."""
    all_ = [line for path in paths for line in lines(path)]
    found = [one for line in all_ for one in line["found"]]
    kinds = {kind: sum(one["kind"] == kind for one in found) for kind in KINDS}
    return {
        "routes": len({line["route"] for line in all_}),
        "pages": len({(line["page"], line["actor"]) for line in all_}),
        "looks": len({tuple(line["look"]) for line in all_}),
        "looked_at": sum(line["looked"] for line in all_),
        "seconds": round(sum(line["s"] for line in all_)),
        "violations": kinds,
        "slowest": slowest(all_),
        "found": found,
    }


def slowest(all_: Iterable[Any], most: int = 5) -> list[tuple[str, float]]:
    """The pages that took longest to look at, in any look."""
    longest: dict[str, float] = {}
    for line in all_:
        longest[line["page"]] = max(longest.get(line["page"], 0.0), line["s"])
    return sorted(longest.items(), key=lambda pair: -pair[1])[:most]


def paper(told: dict[str, Any]) -> str:
    """docs/looks.md: what was looked at, and what was found."""
    kinds = told["violations"]
    return f"""# Every page in every look

Written by `make looks` from its last run to the end. Every page that the bank's own table of routes names
is opened in Debian's Chromium as somebody who may open it, in Chinese and English, ordinary and large
print, light and dark, at 320, 768 and 1,280 px, with everything that folds unfolded. The bank, its people
and their payments are made up (simulated).

| looked for | found |
|---|---|
| axe: WCAG 2.2 A and AA | {told["looked_at"]:,} views, {kinds["axe"]} violations |
| a page wider than its window | {kinds["sideways"]} |
| figures of large print on customers' pages (letters, contrast, touch) | {kinds["figures"]} |
| errors of scripts | {kinds["script"]} |

{told["pages"]} pages of {told["routes"]} routes in {told["looks"]} looks at three widths. The welcome
page and the interface reference know no large print and are looked at in four looks; on pages of more
than 5,000 elements rules about colours are run at one width, since no width changes a colour. Pages that
nothing in the bank of the run fills are named, with the reason, in `tests/web_stories/grid_pages.py`
(`NOT_PAGES`). axe finds what a program can find, not whether a person finds the way: nobody with a
disability has been asked yet.
"""
