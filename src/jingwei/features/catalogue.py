"""Lists of features: whether they are consistent, may serve a purpose, and which definitions they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from jingwei.features.definition import LATENESS, OWN_FIELDS, Definition, Derived, Feature
from jingwei.features.terms import read, text
from jingwei.kernel.purpose import Purpose

MEANING: Final = 1
"""Version of the meaning written in definition.py; it is part of every digest."""


class PurposeNotAllowed(ValueError):
    """A feature was asked for a purpose that it may not serve."""


def allowed(features: Iterable[Definition], purpose: Purpose) -> None:
    """Return when all of these features may serve the purpose; raise PurposeNotAllowed naming those that may
    not.
    """
    refused = [feature.name for feature in features if purpose not in feature.purposes]
    if refused:
        raise PurposeNotAllowed(f"not allowed for the purpose {purpose.value}: {', '.join(refused)}")


def serving(features: Iterable[Definition], purpose: Purpose) -> tuple[Definition, ...]:
    """Those of the features that may serve the purpose."""
    return tuple(feature for feature in features if purpose in feature.purposes)


def names(features: Iterable[Definition]) -> tuple[str, ...]:
    """The features' names, in order: the columns of every matrix computed from them."""
    return tuple(feature.name for feature in features)


def check_list(features: Sequence[Definition]) -> None:
    """Raise ValueError unless names and sentences are unique and derived features rest on earlier ones.

    A derived feature may serve a purpose only if everything it is computed from may.
    """
    known: dict[str, Definition] = {}
    for feature in features:
        if feature.name in known:
            raise ValueError(f"{feature.name}: two features have this name")
        if isinstance(feature, Derived):
            _check_inputs(feature, known)
        known[feature.name] = feature
    for words in ([f.says for f in features], [f.says_zh for f in features]):
        twice = {sentence for sentence in words if words.count(sentence) > 1}
        if twice:
            raise ValueError(f"several features say the same: {sorted(twice)}")


def _check_inputs(feature: Derived, known: dict[str, Definition]) -> None:
    for name in feature.of:
        if name in known:
            if not feature.purposes <= known[name].purposes:
                raise ValueError(
                    f"{feature.name}: may not serve more purposes than {name}, which it is computed from"
                )
        elif name not in OWN_FIELDS:
            raise ValueError(
                f"{feature.name}: {name} is neither an earlier feature nor one of {', '.join(OWN_FIELDS)}"
            )


def digest(features: Sequence[Definition]) -> str:
    """SHA-256 (hex) of what the features compute, sentences and purposes aside; a snapshot belongs to one
    digest.
    """
    lines = [f"meaning {MEANING} lateness {LATENESS}"]
    for feature in features:
        if isinstance(feature, Feature):
            condition = feature.value.condition
            rule = f"{condition.kind},{condition.first},{condition.last}" if condition else ""
            value = f"{feature.value.kind.value},{feature.value.of},{feature.value.delay},{rule}"
            lines.append(f"{feature.name}|{feature.by}|{feature.over}|{value}|{float(feature.empty).hex()}")
        else:
            lines.append(f"{feature.name}|{feature.of}|{text(read(feature.value, len(feature.of)))}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
