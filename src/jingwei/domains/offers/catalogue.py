"""The catalogue of offers, read from TOML strictly: conditions over named facts, words in two languages."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec

from jingwei.decisions.as_python import Row, compile_rows
from jingwei.decisions.expression import ExpressionError, parse
from jingwei.decisions.program import lower
from jingwei.kernel.refusal import Words

Some = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Ppm = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class CatalogueError(ValueError):
    """A catalogue that cannot be used: where and why."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `shows` offers in `days` days for one customer, `rest_days` apart."""

    shows: Some
    days: Some
    rest_days: Some


class Registered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The experiment as it was laid down before it began: metric, expected share, least difference."""

    name: str
    metric: str
    base_ppm: Ppm
    least_ppm: Annotated[int, msgspec.Meta(gt=0, le=1_000_000)]
    alpha_ppm: Ppm
    power_ppm: Ppm


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One thing the bank may offer. No needs named: at any time; else when one of them has shown.

    `cap` is how often it is shown in the limits' days; `quiet_days` how long it is not shown again after
    "not interested" or once it was taken. `to` is the page it leads to, `counts` what taking it is seen by
    in the books: a pot, a schedule, an account in a new currency, a savings account, or a call asked for.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,39}\Z")]
    eligible: str
    suitable: str
    cap: Some
    quiet_days: Some
    name: Words
    reason: Words
    text: Words
    to: str
    counts: Literal["pot", "schedule", "currency_account", "savings_account", "call"]
    needs: tuple[str, ...] = ()

    @cached_property
    def checks(self) -> tuple[tuple[tuple[str, ...], Row], ...]:
        """Eligibility and suitability as compiled conditions with the facts each reads."""
        return tuple(_compiled(text) for text in (self.eligible, self.suitable))

    @property
    def reads(self) -> tuple[str, ...]:
        """Every fact its conditions read."""
        return tuple(dict.fromkeys(name for names, _ in self.checks for name in names))

    def fits(self, facts: Mapping[str, int]) -> bool:
        """Whether both conditions hold; an unknown fact is never a yes."""
        return all(
            bool(row([float(facts[n]) if n in facts else math.nan for n in names])[0])
            for names, row in self.checks
        )


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All offers with the limits on how often anybody is shown any."""

    version: int
    salt: str
    control_percent: Annotated[int, msgspec.Meta(ge=1, le=50)]
    explore_ppm: Ppm
    limits: Limits
    experiment: Registered
    offer: tuple[Offer, ...]

    @cached_property
    def by_id(self) -> dict[str, Offer]:
        """The offers by their id."""
        return {one.id: one for one in self.offer}

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Every fact that any offer's conditions read, sorted."""
        return tuple(sorted({name for one in self.offer for name in one.reads}))

    def in_control(self, customer: str) -> bool:
        """Whether this customer is shown nothing, so that the others can be compared with somebody."""
        return spread(self.salt, customer) % 100 < self.control_percent


def spread(*words: str) -> int:
    """A number of 64 bits that hangs on these words alone, evenly spread."""
    return int.from_bytes(hashlib.sha256("\x00".join(words).encode()).digest()[:8], "big")


def read_catalogue(text: str, facts: Sequence[str], needs: Sequence[str]) -> Catalogue:
    """Read a catalogue whose conditions may read only these facts and whose needs are among these.

    Raises CatalogueError.
    """
    try:
        catalogue = msgspec.convert(tomllib.loads(text), Catalogue)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CatalogueError(str(error)) from None
    if len(catalogue.by_id) != len(catalogue.offer) or not catalogue.offer:
        raise CatalogueError("every offer needs an id of its own, and there must be one")
    for one in catalogue.offer:
        _check(one, facts, needs)
    return catalogue


def _check(one: Offer, facts: Sequence[str], needs: Sequence[str]) -> None:
    for field in ("eligible", "suitable"):
        try:
            parse(getattr(one, field), facts)
        except ExpressionError as error:
            raise CatalogueError(f"{one.id}, {field}: {error}") from None
    if unknown := sorted(set(one.needs) - set(needs)):
        raise CatalogueError(f"{one.id}: {unknown[0]!r} is not a need")
    if not all((one.name.zh, one.name.en, one.reason.zh, one.reason.en)):
        raise CatalogueError(f"{one.id}: name and reason must be worded in both languages")


def _compiled(text: str) -> tuple[tuple[str, ...], Any]:
    read = parse(text)
    places = {name: place for place, name in enumerate(read.reads)}
    return read.reads, compile_rows([lower(read.tree, places)], len(places))
