"""Masks, by the name the desk's pages know them under."""

from __future__ import annotations

from jingwei.channels.masks import masked_date, masked_name, masked_number

__all__ = ["masked_date", "masked_name", "masked_number"]
