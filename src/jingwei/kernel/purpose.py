"""Why data may be used and what kind of data it is."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """A reason for reading a customer's data; every read names one."""

    SERVICE = "service"
    RISK = "risk"
    CREDIT = "credit"
    MARKETING = "marketing"
    RESEARCH = "research"


class DataClass(StrEnum):
    """What a piece of data tells about a person."""

    IDENTITY = "identity"
    TRANSACTIONS = "transactions"
    DEVICES = "devices"
    LOCATION = "location"
    BEHAVIOUR = "behaviour"
    LABELS = "labels"
    TAX = "tax"
    POWER = "power"
    INVOICES = "invoices"
    BUREAU = "bureau"
    SUPPLY_CHAIN = "supply_chain"
