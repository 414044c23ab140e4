"""What the OpenAPI document promises holds: schemathesis asks every route and checks every answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.channels.counter import Counter
from tests.channels.line import Line
from tests.channels.seeded import GOOD, Seeded, address
from tests.soak.rows_fuzz import ROWS

SHORT = 50 * len(GOOD)


@pytest.mark.timeout(600)
def test_every_operation_accepts_refuses_and_never_fails():
    row = next(row for row in ROWS if row.id == "S5 generated requests")
    tally = row.run(1, SHORT)
    assert tally.bad == ()
    assert tally.trials == SHORT == sum(n for name, n in tally.counts.items() if name.startswith("sent "))
    assert all(tally.counts[f"accepted {name}"] for name in GOOD)


def test_each_request_held_to_be_good_is_accepted_as_it_is():
    """Else an operation is asked by who may not, and most of its generated cases prove nothing."""
    bank = Seeded(1)
    refused = {}
    try:
        for name in GOOD:
            good, (method, path) = bank.good(name), name.split()
            head, url = bank.talk.counter.head(good.who), address(path, good.blanks)
            told = bank.talk.ask(method, url, params=good.query, json=good.body, headers=head)
            if told.status_code >= 300:
                refused[name] = f"{told.status_code} {told.text[:200]}"
            bank.used(name)
    finally:
        bank.close()
    assert refused == {}


def test_generated_requests_find_planted_errors():
    row = next(row for row in ROWS if row.id == "S5 generated requests")
    assert row.control(1)


SETTING = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "413", "422"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]
"""
"""What may be answered to a request that fits the document (its books may refuse it), and to another."""


@pytest.mark.parametrize(
    "examples", [3, pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]
)
def test_every_answer_is_as_documented(tmp_path: Path, examples: int):
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists():
        pytest.skip("schemathesis is not installed")
    (tmp_path / "schemathesis.toml").write_text(SETTING)
    line = Line(Counter(tmp_path / "home"))
    try:
        run = [
            program,
            "run",
            f"http://127.0.0.1:{line.port}/openapi.json",
            "-n",
            str(examples),
            "--seed",
            "1",
        ]
        run += [
            "-H",
            f"Authorization: Bearer {line.counter.tokens.by_actor['system:core']}",
            "--checks",
            "all",
        ]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    finally:
        line.close()
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"{len(GOOD)}/{len(GOOD)}" in done.stdout
