"""Tells a command and what came of it as one line, in the words of the ledger's notation."""

from __future__ import annotations

from typing import Any

from tests.model.reference_products import PLACES


def money(minor: int, code: str) -> str:
    """12.30 CNY."""
    places = PLACES.get(code, 2)
    return f"{minor // 10**places}.{minor % 10**places:0{places}d} {code}" if places else f"{minor} {code}"


def line(command: Any, expected: Any) -> str:
    """One command with what it must come to."""
    name, actor = type(command).__name__, f" by {command.actor}"
    fields = {
        part: getattr(command, part)
        for part in command.__struct_fields__
        if part not in ("key", "actor", "at", "known_at")
    }
    if name == "Pay":
        text = f"pay {command.payer} -> {command.payee} {money(command.amount_minor, command.currency)}"
    elif name == "Exchange":
        rate = f"at {command.rate_numerator}/{command.rate_denominator} margin {command.margin_bp}"
        text = f"exchange {command.payer} -> {command.payee} {command.amount_minor} units {rate}"
    elif name == "AuthoriseCardPayment":
        verb = "card" if command.capture else "hold"
        text = f"{verb} {command.payer} -> {command.terminal} {money(command.amount_minor, command.currency)}"
    elif name == "OpenAccount":
        name = expected.made or command.account
        text = f"account {name} {command.product} opened with {command.opening_minor}"
    elif name == "CaptureCardPayment":
        text = f"capture {command.hold} {money(command.amount_minor, command.currency)}"
    else:
        given = " ".join(f"{part}={value}" for part, value in fields.items() if value not in ("", None))
        text = f"{name} {given}"
    came = expected.code or expected.result
    made = "".join(f" {part}" for part in (expected.hold, expected.case, expected.challenge) if part)
    again = " (again)" if expected.replayed else ""
    return f"D{expected.seq:011d}  {text}{actor} = {came}{made}{again}"
