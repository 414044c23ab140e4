"""The challenger beside a loan decision: computed from the inputs of an application when it is asked for, so
that it is sealed with the decision and never computed afterwards."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from jingwei.domains.credit.beside import Beside, inputs_sha256
from jingwei.domains.credit.company_inputs import COMPANY, CompanyInputs
from jingwei.domains.credit.inputs import not_read
from jingwei.domains.credit.loans import Loan
from jingwei.domains.credit.trained_score import CREDIT, SLOTS, THIN_FILE, ScorecardInUse, is_thin, numbers_of
from jingwei.journeys.apply_for_loan import inputs
from jingwei.journeys.shape import every
from jingwei.models.contract import ModelError

if TYPE_CHECKING:
    from jingwei.domains.credit.inputs import CreditInputs
    from jingwei.journeys.apply_for_loan import ApplyForLoan
    from jingwei.models.contract import Model, Scorer
    from jingwei.models.registry import Registry
    from jingwei.stores.store import Reader


def with_challenger(registry: Registry, reader: Reader, ask: ApplyForLoan) -> ApplyForLoan:
    """The application with what the challenger makes of it; as it is where there is none, or it cannot score.

    Nothing is read of a customer who did not agree: then there is no behaviour either.
    """
    bureau = not_read(ask.at) if ask.company is not None and ask.bureau is None else ask.bureau
    if ask.behaviour is None or bureau is None:
        return ask
    loans = tuple(every(reader, Loan, "customer", ask.customer))
    found = inputs(ask.behaviour, bureau, loans, ask.at, ask.company)
    return replace(ask, beside=beside(registry, reader, found))


def beside(registry: Registry, reader: Reader, found: CreditInputs) -> Beside | None:
    """What the challenger of the slot that decides makes of these inputs."""
    cards = {one.id for one in reader.load(ScorecardInUse, SLOTS) if one.lines}
    company = found.company if isinstance(found.company, CompanyInputs) else None
    slot = COMPANY if company else THIN_FILE if THIN_FILE in cards and is_thin(found) else CREDIT
    try:
        digest = registry.challenger_digest(slot)
        model, scorer = _bound(registry, digest) if digest else (None, None)
    except ModelError:  # a damaged file stops no loan: the page says that nothing was scored
        return None
    if model is None or scorer is None:
        return None
    values = company.numbers() if company else numbers_of(found)
    row = np.array([values.get(name, np.nan) for name in model.features], np.float64)
    chance = scorer.one(row)
    if not isfinite(chance):
        return None
    return Beside(slot=slot, digest=digest, chance_ppm=round(chance * 1_000_000), inputs=inputs_sha256(found))


@lru_cache(maxsize=8)
def _bound(registry: Registry, digest: str) -> tuple[Model, Scorer]:
    """The model with this digest, read once."""
    model = registry.load(digest)
    return model, model.bind(model.features)
