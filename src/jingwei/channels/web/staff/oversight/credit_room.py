"""What the page of credit models shows: each slot's champion, challenger and candidates with their cards, how
the applications that came in lie against what was learned, and both models on the same applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jingwei.channels.lending.warning_looks import looked_at, looks
from jingwei.domains.credit.company import SOURCE_NAMES
from jingwei.domains.credit.company_inputs import COMPANY
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.trained_score import CREDIT, SLOTS, THIN_FILE, ScorecardInUse, thin, unreadable
from jingwei.domains.credit.warnings import EARLY_WARNING
from jingwei.kernel.clock import bank_day
from jingwei.learning.credit_watch import BATCH, Applied, Compared, Watched, compare, watch
from jingwei.learning.fairness import UNKNOWN
from jingwei.learning.loan_labels import STEP, applied, beside_of, loans_of
from jingwei.models.governance import unanswered
from jingwei.models.points import PointsModel
from jingwei.models.registry import CHALLENGE, CHANCE, champions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jingwei.models.card import Card
    from jingwei.models.contract import Model
    from jingwei.models.governance import Governance
    from jingwei.models.registry import Approval, Champion, Registry
    from jingwei.stores.store import Reader

MOST = 20_000
"""So many of the newest applications are looked at."""


PAGE_SLOTS = (*SLOTS, EARLY_WARNING)
"""Every slot the page shows: what scores applications, and what tells who may miss a payment."""


class Shown(NamedTuple):
    """A model with its card; `decides`: it may become champion; `weak`: its AUC may be chance."""

    digest: str
    card: Card
    told: Governance
    decides: bool
    weak: bool


class CreditSlot(NamedTuple):
    """A slot as it stands; `watched` is the champion's, or the first candidate's where there is none.

    `lost` has the digests of champion and challenger whose files cannot be loaded; `of` ends the names of
    phrases that say it of this slot in words of its own.
    """

    name: str
    champion: Shown | None
    challenger: Shown | None
    candidates: tuple[Shown, ...]
    approvals: tuple[Approval, ...]
    back_to: str
    mine: bool
    watched: Watched | None
    compared: Compared | None
    batch: int
    lost: tuple[str, ...]
    of: str


def slots_seen(registry: Registry, reader: Reader, actor: str, now: int) -> list[CreditSlot]:
    """Every credit slot with all the page shows of it."""
    found = applications(reader, now)
    slots = [_slot(registry, name, actor, found[name]) for name in SLOTS]
    champion, challenger = registry.serving(EARLY_WARNING)[0], registry.rival(EARLY_WARNING)[0]
    seen = looked_at(looks(reader, now), champion, challenger)
    return [*slots, _slot(registry, EARLY_WARNING, actor, seen)]


def applications(reader: Reader, now: int) -> dict[str, tuple[Applied, ...]]:
    """The newest applications by the slot whose model would score them, with what is known of their loans.

    As long as no thin-file card is in use, the model of every slot but that one scores those too.
    """
    told: list[LoanApplication] = []
    after = ""
    while page := reader.page(LoanApplication, after=after, limit=STEP):
        after = page[-1].id
        told = [*told, *page][-MOST:]
    every = applied(told, loans_of(reader, told), bank_day(now), beside_of(reader, told))
    people = tuple(one for one in every if not one.company)
    few = tuple(one for one in people if thin(one.values))
    apart = any(one.lines for one in reader.load(ScorecardInUse, [THIN_FILE]))
    rest = tuple(one for one in people if not thin(one.values)) if apart else people
    companies = tuple(one for one in every if one.company)
    return dict.fromkeys(SLOTS, ()) | {CREDIT: rest, THIN_FILE: few, COMPANY: companies}


def kept_for(registry: Registry, slot: str) -> list[tuple[str, Model]]:
    """The models kept for a slot, newest data first; what another slot learned is not among them.

    A damaged file is not among them either: it cannot serve, and `jingwei doctor` names it.
    """
    found = []
    for path in sorted((registry.root / "files").glob("*")):
        if len(path.name) == 64 and (model := registry.whole(path.name)) is not None:
            governed = model.card.governance is not msgspec.UNSET
            if governed and model.card.name.startswith(f"{slot}, ") and not unreadable(slot, model.features):
                found.append((path.name, model))
    return sorted(found, key=lambda pair: (-pair[1].card.made_at, pair[1].card.name))


def shown(slot: str, digest: str, model: Model) -> Shown:
    """A model as the page shows it. Only a scorecard decides about applications; trees may warn."""
    told = model.card.governance
    assert told is not msgspec.UNSET
    weak = told.intervals.get("auc", (0.0, 0.0))[0] <= CHANCE
    return Shown(digest, model.card, told, slot == EARLY_WARNING or isinstance(model, PointsModel), weak)


def why_not(one: Shown, who: str, reasons: Mapping[str, str]) -> str:
    """The phrase that says why this person cannot approve this model, or nothing; as the registry would."""
    checks = (
        (not one.decides, "credit_models.only_challenges"),
        (who == one.told.trained_by, "credit_models.own_work"),
        (one.weak, "credit_models.weak_says"),
        (bool(unanswered(one.told, reasons)), "credit_models.reasons_missing"),
    )
    return next((phrase for holds, phrase in checks if holds), "")


def _slot(registry: Registry, name: str, actor: str, found: Sequence[Applied]) -> CreditSlot:
    history = registry.history(name)
    line = champions(history)
    (champion, lost), (challenger, gone) = registry.serving(name), registry.rival(name)
    kept = kept_for(registry, name)
    digests = {one.digest for one in (champion, challenger) if one}
    watched = champion.model if champion else kept[0][1] if kept else None
    last = next((one for one in reversed(history) if one.action != CHALLENGE), None)
    return CreditSlot(
        name,
        shown(name, champion.digest, champion.model) if champion else None,
        shown(name, challenger.digest, challenger.model) if challenger else None,
        tuple(shown(name, *pair) for pair in kept if pair[0] not in digests),
        history[::-1],
        line[-2] if len(line) > 1 else "",
        last is not None and last.who == actor,
        _watched(watched, found) if watched and found else None,
        _compared(champion, challenger, found) if champion and challenger and found else None,
        BATCH,
        (line[-1] if lost else "", registry.challenger_digest(name) if gone else ""),
        ".early_warning" if name == EARLY_WARNING else "",
    )


def _watched(model: Model, found: Sequence[Applied]) -> Watched | None:
    told, span = model.card.governance, model.card.span
    if told is msgspec.UNSET or span is None:
        return None
    return watch(model, told, span.positives / span.rows, found)


def _compared(champion: Champion, challenger: Champion, found: Sequence[Applied]) -> Compared | None:
    first, second = champion.model.card.governance, challenger.model.card.governance
    if first is msgspec.UNSET or second is msgspec.UNSET:
        return None
    return compare((champion.digest, first.cut_off), (challenger.digest, second.cut_off), found)


def group_says(name: str, lang: str) -> str:
    """A group's name in words; ages and other numbers are ranges."""
    if lang != "zh":
        return name
    if name == UNKNOWN:
        return "未知"
    if name.startswith("below "):
        return f"{name.removeprefix('below ')}以下"
    if name.startswith("from "):
        return f"{name.removeprefix('from ')}及以上"
    return f"{name.replace(' to below ', '至')}以下" if " to below " in name else name


def source_says(name: str, lang: str) -> str:
    """A source of data in words."""
    words = SOURCE_NAMES.get(name)
    return name if words is None else words.zh if lang == "zh" else words.en
