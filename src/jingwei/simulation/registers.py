"""Who people say they are, in two systems: the bank's own register, and another one full of mistakes.

Everything is made up, certificate and phone numbers too (they begin with what nobody is given). The truth,
who is who, goes apart.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
from opencc import OpenCC
from pypinyin import lazy_pinyin

from jingwei.domains.insight.likeness import Record
from jingwei.simulation.city.draws import Draws
from jingwei.simulation.city.people import GIVEN, SURNAMES, names, settle

ROADS: Final = (
    "人民路", "解放路", "建设大道", "中山北路", "学院街",
    "滨江大道", "和平里", "新华街", "文化路", "长安街",
)  # fmt: skip
DISTRICTS: Final = ("东城区", "西湖区", "南山区", "北仑区", "高新区", "江汉区", "雨花区", "锦江区")
_S2T: Final = OpenCC("s2t")

MISTAKES: Final[dict[str, float]] = {
    "name_latin": 0.06, "name_traditional": 0.05, "name_other_sign": 0.05, "name_married": 0.01,
    "born_missing": 0.10, "born_swapped": 0.03, "born_digit": 0.03, "born_year": 0.05,
    "certificate_missing": 0.65, "certificate_digit": 0.01,
    "phone_missing": 0.20, "phone_changed": 0.15, "phone_digit": 0.03, "phone_family": 0.05,
    "email_missing": 0.60, "email_changed": 0.15,
    "address_missing": 0.25, "address_moved": 0.20, "address_otherwise": 0.20,
    "device_missing": 0.65, "device_other": 0.15, "device_family": 0.05,
}  # fmt: skip
"""How often each mistake is made in the other system. Chosen, not measured on any bank."""


class Planted(NamedTuple):
    """The bank's own register, the records of the other system, and whose each of those is ("" nobody's)."""

    own: list[Record]
    other: list[Record]
    truth: dict[str, str]


def plant(people: int, seed: int, *, copies: float = 0.7, strangers: float = 0.3) -> Planted:
    """People of a city of this seed: `copies` of them stand in the other system too, with `strangers`.

    Strangers are as many as that share of the people; half of them share a household, and with it the
    address and often the phone, with one of ours, as relatives do.
    """
    rng = Draws(seed).of("registers of people")
    whole = people + round(people * strangers)
    master = _masters(seed, whole)
    own, outside = master[:people], master[people:]
    truth: dict[str, str] = {}
    other: list[Record] = []
    for number in np.flatnonzero(rng.random(people) < copies).tolist():
        record = _copied(rng, own[number], own[int(rng.integers(people))], f"x{len(other):06d}")
        truth[record.key] = own[number].key
        other.append(record)
    for stranger in outside:
        relative = own[int(rng.integers(people))]
        lives = stranger._replace(address=relative.address) if rng.random() < 0.5 else stranger
        lives = (
            lives._replace(phone=relative.phone) if lives is not stranger and rng.random() < 0.3 else lives
        )
        record = _copied(rng, lives, relative, f"x{len(other):06d}")
        truth[record.key] = ""
        other.append(record)
    order = rng.permutation(len(other)).tolist()
    return Planted(own, [other[place] for place in order], truth)


def _masters(seed: int, count: int) -> list[Record]:
    """Everybody as they are."""
    draws = Draws(seed)
    people, told, rng = settle(draws, count), names(draws, count), draws.of("who they are")
    records = []
    for number, name in enumerate(told):
        year = 2026 - int(people.age[number])
        born = date(year, 1, 1) + timedelta(days=int(rng.integers(365)))
        home = int(people.household[number])
        home_rng = np.random.default_rng([seed, home])
        address = (
            f"{DISTRICTS[home_rng.integers(len(DISTRICTS))]}{ROADS[home_rng.integers(len(ROADS))]}"
            f"{home_rng.integers(1, 400)}号{home_rng.integers(1, 33)}室"
        )
        serial = int(rng.integers(1_000, 10_000))
        records.append(
            Record(
                f"p{number:06d}",
                str(name),
                born.isoformat(),
                f"999{number:06d}{born:%Y%m%d}{serial}",
                f"100{int(rng.integers(10**8)):08d}",
                f"{''.join(lazy_pinyin(str(name)))}{int(rng.integers(1000))}@{_mail(rng)}.example",
                address,
                f"d{number:06d}",
            )
        )
    return records


def _mail(rng: np.random.Generator) -> str:
    return ("qiyou", "youxiang", "mail")[int(rng.integers(3))]


def _copied(rng: np.random.Generator, one: Record, relative: Record, key: str) -> Record:
    """A record as the other system has it."""
    happens = {name: rng.random() < share for name, share in MISTAKES.items()}
    return Record(
        key,
        _name(rng, one.name, happens),
        _born(rng, one.born, happens),
        "" if happens["certificate_missing"] else _digit(rng, one.certificate, happens["certificate_digit"]),
        _phone(rng, one.phone, relative.phone, happens),
        _email(one.email, happens),
        _address(rng, one.address, happens),
        _device(one.device, relative.device, key, happens),
    )


def _name(rng: np.random.Generator, name: str, happens: dict[str, bool]) -> str:
    if happens["name_latin"]:
        words = [lazy_pinyin(name[0])[0].title(), "".join(lazy_pinyin(name[1:])).title()]
        return " ".join(words if rng.random() < 0.5 else words[::-1])
    if happens["name_traditional"]:
        return str(_S2T.convert(name))
    if happens["name_other_sign"]:
        place = int(rng.integers(1, len(name)))
        return name[:place] + GIVEN[int(rng.integers(len(GIVEN)))] + name[place + 1 :]
    return SURNAMES[int(rng.integers(len(SURNAMES)))] + name[1:] if happens["name_married"] else name


def _born(rng: np.random.Generator, born: str, happens: dict[str, bool]) -> str:
    if happens["born_missing"]:
        return ""
    if happens["born_year"]:
        return born[:4]
    year, month, day = born.split("-")
    if happens["born_swapped"] and int(day) <= 12:
        return f"{year}-{day}-{month}"
    if happens["born_digit"]:
        return f"{year}-{month}-{int(rng.integers(1, 29)):02d}"
    return born


def _digit(rng: np.random.Generator, number: str, wrong: bool) -> str:
    if not wrong:
        return number
    place = int(rng.integers(3, len(number)))
    return number[:place] + str(int(rng.integers(10))) + number[place + 1 :]


def _phone(rng: np.random.Generator, own: str, relative: str, happens: dict[str, bool]) -> str:
    if happens["phone_missing"]:
        return ""
    if happens["phone_family"]:
        return relative
    if happens["phone_changed"]:
        return f"100{int(rng.integers(10**8)):08d}"
    return _digit(rng, own, happens["phone_digit"])


def _email(own: str, happens: dict[str, bool]) -> str:
    if happens["email_missing"]:
        return ""
    return f"{own.partition('@')[0]}.x@work.example" if happens["email_changed"] else own


def _address(rng: np.random.Generator, own: str, happens: dict[str, bool]) -> str:
    if happens["address_missing"]:
        return ""
    if happens["address_moved"]:
        return f"{DISTRICTS[int(rng.integers(8))]}{ROADS[int(rng.integers(10))]}{int(rng.integers(1, 400))}号"
    return own.replace("号", "號").replace("室", "") if happens["address_otherwise"] else own


def _device(own: str, relative: str, key: str, happens: dict[str, bool]) -> str:
    if happens["device_missing"]:
        return ""
    return relative if happens["device_family"] else f"d-{key}" if happens["device_other"] else own
