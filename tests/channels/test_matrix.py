"""Every role at every route and page, on one's own, foreign and missing things: only who may gets in."""

from __future__ import annotations

import pytest
from tests.channels.matrix import Matrix
from tests.channels.web.ground import Ground

from jingwei.channels.rest import desk, reading, views
from jingwei.channels.rest.callers import NO_TOKEN
from jingwei.channels.roles import COMMANDS, READING, ROLES, STAFF, SYSTEM, WRITING, operation
from jingwei.journeys.table import BY_COMMAND
from jingwei.ledger.accounts import Account, Balance, Standing

BY_THE_BANK_ITSELF = {
    "use_model", "expire_holds", "import_customers", "import_accounts", "import_facts", "import_entries",
    "record_import", "change_credential", "settle_payment", "advance_schedule", "review_case",
    "offer_pay_later", "warn_early",
}  # fmt: skip
"""Commands nobody asks for over REST or the web: the command line and the bank's own programs do."""


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    ground = Ground(tmp_path_factory.mktemp("matrix") / "home")
    yield Matrix(ground)
    ground.close()


def test_every_route_has_its_line_in_the_table_of_roles(matrix: Matrix):
    routes = matrix.operations()
    silent = [one for one in routes if one[1] not in NO_TOKEN and not operation(*one)]
    assert not silent, "say who may call these in channels/roles.py"
    known = {path for _, path in routes}
    assert not ({*READING, *WRITING} - known), "these routes are gone: remove them from channels/roles.py"


def test_every_command_is_somebodys_or_the_banks_own():
    tags = {kind.__struct_config__.tag: kind for kind in BY_COMMAND}
    missing = [tag for tag, kind in tags.items() if kind not in COMMANDS and tag not in BY_THE_BANK_ITSELF]
    assert not missing, "say who may ask for these in COMMANDS of channels/roles.py"
    for kind, roles in COMMANDS.items():
        assert set(roles) <= {*ROLES, SYSTEM}
        kinds = {
            "customer" if r not in (*STAFF, SYSTEM) else "system" if r == SYSTEM else "staff" for r in roles
        }
        assert kinds <= set(BY_COMMAND[kind].roles), kind


def test_least_privilege():
    money = [kind for kind in COMMANDS if "Deposit" in kind.__name__ or "Pay" in kind.__name__]
    assert not [kind for kind, roles in COMMANDS.items() if "auditor" in roles], "they only look"
    owned = {kind.__name__ for kind, roles in COMMANDS.items() if "model_owner" in roles}
    rules = {"ProposePolicy", "ShadowPolicy", "ApprovePolicy", "RejectPolicy", "RollBackPolicy"}
    assert owned == {*rules, "UseModel", "UseScorecard"}, "rules and models alone"
    for kind in money:
        assert not {"admin", "risk_reviewer", "compliance"} & set(COMMANDS[kind]), "who judges moves no money"
    assert "admin" not in operation("GET", "/v1/accounts"), "who runs the machines sees no customers"
    assert "child" not in operation("POST", "/v1/accounts")


def test_every_role_at_every_route_with_every_owner(matrix: Matrix, capsys):
    assert list(matrix.wrong_cells()) == []
    with capsys.disabled():
        print(f"\n{matrix.count()} cells of role, route and owner: none leaks")


def test_every_role_at_every_page(matrix: Matrix):
    assert len(matrix.ground.site.guards) > 20
    assert list(matrix.wrong_pages()) == []


# ---- One check removed: the matrix sees it


def _anybodys(reader, account_id, caller):
    found, kept = reader.load(Account, [account_id]), reader.load(Balance, [account_id])
    if not found:
        raise views.Problem("account_not_found")
    return Standing(found[0], kept[0])


@pytest.mark.parametrize(
    ("place", "name", "broken", "seen"),
    [
        (views, "standing_of", _anybodys, "tells foreign from missing at GET /v1/accounts/{account}"),
        (desk.Desk, "may_see", lambda *_: True, "tells foreign from missing at GET /v1/decisions/{decision}"),
        (reading, "may", lambda *_: True, "auditor at POST"),
    ],
    ids=["owner of an account", "owner of a decision", "roles"],
)
def test_a_removed_check_is_seen(matrix: Matrix, monkeypatch, place, name, broken, seen):
    monkeypatch.setattr(place, name, broken)
    assert any(seen in one for one in matrix.wrong_cells())


def test_a_removed_guard_of_pages_is_seen(matrix: Matrix, monkeypatch):
    monkeypatch.setattr("jingwei.channels.web.pages.admit", lambda *_: None)
    assert any("at GET /desk" in one for one in matrix.wrong_pages())
