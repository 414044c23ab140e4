"""The command line: results as tables and JSON, thirty typical mistakes that name their fix, doctor."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from jingwei.channels.demo import settle
from jingwei.domains.fraud.policy import policy_text
from jingwei.home import open_home
from jingwei.journeys.pay import Pay

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo customers, one allowed payment and one that waits for a person."""
    path = tmp_path_factory.mktemp("cli") / "home"
    bank = open_home(path)
    settle(bank)
    for n, (amount, device) in enumerate(((1230, "phone"), (4560, ""))):
        now = bank.clock.now()
        ask = {
            "payer": "alice",
            "customer": "alice",
            "payee": "bob",
            "amount_minor": amount,
            "currency": "CNY",
        }
        stamp = {"key": f"p{n}", "actor": "customer:alice", "at": now, "known_at": now}
        bank.bank.do([Pay(device=device, **ask, **stamp)])
    bank.close()
    return path


ANSWERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("version",), "jingwei"),
    (("tokens",), "staff:teller"),
    (("tokens", "--show", "staff:teller"), "staff:teller"),
    (("tokens", "--grant", "customer:zoe"), "customer:zoe"),
    (("accounts", "list"), "accounts"),
    (("accounts", "show", "alice"), "available"),
    (("accounts", "statement", "alice"), "items"),
    (("cases", "list"), "cases"),
    (("audit", "verify"), "sound"),
    (("policy", "show"), "policies"),
    (("model", "list"), "models"),
    (("day-end", "run", "--day", "2026-01-05"), "pages"),
    (("doctor", "--port", "1"), "checks"),
)


@pytest.mark.parametrize(
    ("words", "field"), ANSWERS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_answers_people_and_programs(jingwei: Run, words: tuple[str, ...], field: str):
    code, out, err = jingwei(*words, "--json")
    assert code == 0, err
    assert field in json.loads(out.splitlines()[-1])
    code, out, err = jingwei(*words)
    assert code == 0 and out.strip(), err
    assert "Traceback" not in err


def test_accounts_and_statement_show_the_money(jingwei: Run):
    told = json.loads(jingwei("accounts", "show", "alice", "--json")[1])
    assert (told["booked"], told["held"]) == ("999987.70", "45.60")
    _, out, _ = jingwei("accounts", "statement", "alice", "--limit", "1")
    assert "-12.30" in out and "--after" in out


def test_a_case_is_released_from_the_command_line_once(jingwei: Run):
    case = json.loads(jingwei("cases", "list", "--json")[1])["cases"][0]["id"]
    code, out, _ = jingwei("cases", "release", case, "--comment", "called back", "--json")
    assert code == 0 and json.loads(out)["result"] == "allowed"
    code, _, err = jingwei("cases", "refuse", case)
    assert code == 1 and "already" in err and "cases list" in err


def test_a_proof_is_written_and_verified(jingwei: Run, tmp_path: Path):
    code, out, _ = jingwei("proof", "D00000000004", "--out", tmp_path / "p.json", "--json")
    assert code == 0 and json.loads(out)["bytes"] == (tmp_path / "p.json").stat().st_size
    verifier = Path(__file__).resolve().parents[2] / "tools" / "verify_proof.py"
    done = subprocess.run(
        [sys.executable, str(verifier), str(tmp_path / "p.json")], capture_output=True, check=False
    )
    assert done.returncode == 0


def test_a_policy_is_checked_published_and_tried_on_history(jingwei: Run, tmp_path: Path):
    file = tmp_path / "mine.toml"
    text = policy_text("outgoing_transfer")
    assert jingwei("policy", "check", _written(file, text))[0] == 0
    strict = text.replace("version = 1", "version = 2").replace(
        'code = "extremely_large"', 'code = "any_payment"'
    )
    strict = strict.replace('when = "amount_minor >= 100_000_000"', 'when = "amount_minor >= 1"')
    code, out, _ = jingwei("whatif", "--policy", _written(file, strict), "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0 and told["recorded_differences"] == 0
    assert told["changed"]["payments"] >= 1
    code, out, _ = jingwei("policy", "publish", file, "--json")
    assert code == 0 and json.loads(out)["version"] == 2
    assert "any_payment" in jingwei("policy", "show", "outgoing_transfer")[1]


def test_a_model_can_be_read_approved_again_and_taken_back(jingwei: Run):
    models = json.loads(jingwei("model", "list", "--json")[1])["models"]
    fraud = next(model["digest"] for model in models if model["serves"] == "fraud")
    assert json.loads(jingwei("model", "card", fraud[:12], "--json")[1])["digest"] == fraud
    assert jingwei("model", "approve", fraud, "--why", "checked once more")[0] == 0
    assert jingwei("model", "rollback", "--why", "try it")[0] == 0
    code, _, err = jingwei("model", "rollback", "--why", "once too often")
    assert code == 1 and "no champion before" in err


def _written(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


# ---- mistakes: (command line, exit code, what stderr names)

MISTAKES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("replay nowhere.parquet", 2, ("there is no file nowhere.parquet", "check the path")),
    ("replay {folder}", 2, ("is a directory", "name the file")),
    ("replay {text}", 1, ("cannot be read",)),
    ("replay {columns}", 1, ("lacks the column(s) customer, terminal, amount_minor", "columns at, customer")),
    ("replay {columns} --batch 0", 2, ("--batch",)),
    ("replay {columns} --limit -1", 2, ("--limit",)),
    ("replay", 2, ("Missing argument",)),
    ("train fraud --data nowhere.csv --from 2018-07-25 --days 7", 2, ("there is no file nowhere.csv",)),
    (
        "train fraud --data {columns} --from yesterday --days 7",
        2,
        ("'yesterday' is not a date", "2018-07-25"),
    ),
    ("train fraud --data {columns} --from 2018-02-30 --days 7", 2, ("is not a date",)),
    ("train fraud --data {columns} --from 2018-07-25 --days 0", 2, ("--days",)),
    ("train fraud --data {columns} --from 2018-07-25 --days 7", 1, ("column", "Fix")),
    ("evaluate fraud --data {columns} --train-from never", 2, ("'never' is not a date",)),
    ("import berka nowhere", 2, ("there is no folder nowhere", "account.asc")),
    ("import berka {folder}", 1, ("Fix",)),
    ("whatif --policy nowhere.toml", 2, ("there is no file nowhere.toml",)),
    ("whatif --policy {text}", 1, ("policy",)),
    ("policy check {text}", 1, ("line 1", "policy check FILE")),
    ("policy check {binary}", 1, ("not UTF-8", "save it as UTF-8")),
    ("policy check {unknown}", 1, ("version", "policy check")),
    ("policy check {stranger}", 1, ("no payment is judged by", "card_payment")),
    ("policy publish {text}", 1, ("line 1",)),
    ("policy show nothing", 1, ("there is no policy nothing", "outgoing_transfer")),
    ("proof D99999999999", 1, ("there is no decision", "decisions run from D00000000000")),
    ("proof rubbish", 1, ("there is no decision rubbish",)),
    ("proof D00000000000 --out nowhere/p.json", 2, ("there is no directory nowhere", "make it first")),
    ("proof D00000000000 --out {folder}", 2, ("is a directory", "proof.json")),
    ("accounts show nobody", 1, ("there is no account nobody", "accounts list")),
    ("accounts statement alice --after 17", 2, ("is not a line of account alice",)),
    ("cases release C99999999999", 1, ("no such case", "cases list")),
    ("cases list --status all", 2, ("open, released or refused",)),
    ("day-end run --day tomorrow", 2, ("'tomorrow' is not a date", "2026-11-20")),
    ("day-end run --day 2999-01-01", 2, ("not over yet", "midnight")),
    ("model card ffff", 1, ("no model begins with 'ffff'", "model list")),
    ("model approve ffff --why x", 1, ("no model begins with",)),
    ("tokens --show customer:nobody", 2, ("has no token", "--grant customer:nobody")),
    ("tokens --grant robot", 2, ("is not an actor", "customer:NAME")),
    ("serve --port 99999", 2, ("--port",)),
    ("serve --port {port}", 2, ("cannot listen on", "--port")),
    ("--home {text} accounts list", 1, ("Fix",)),
    ("--home {nowhere} accounts list", 1, ("there is no bank at",)),
    ("--home {text} day-end run", 1, ("cannot make the directory", "--home")),
    ("acounts list", 2, ("accounts",)),
)


@pytest.fixture(scope="module")
def props(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """Things that are wrong in one way each."""
    folder = tmp_path_factory.mktemp("props")
    (folder / "empty").mkdir()
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    stranger = policy_text("card_payment").replace('name = "card_payment"', 'name = "loans"')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield {
            "folder": folder / "empty",
            "binary": folder / "binary",
            "text": _written(folder / "text.parquet", "no = good\n"),
            "columns": _written(folder / "columns.csv", "at,amount\n2018-07-25,1\n"),
            "unknown": _written(folder / "unknown.toml", 'name = "card_payment"\n'),
            "stranger": _written(folder / "stranger.toml", stranger),
            "nowhere": folder / "nowhere",
            "port": taken.getsockname()[1],
        }


@pytest.mark.parametrize(("line", "code", "named"), MISTAKES, ids=[line for line, _, _ in MISTAKES])
def test_a_mistake_is_told_with_its_fix(
    jingwei: Run, props: dict[str, object], line: str, code: int, named: tuple[str, ...]
):
    found, out, err = jingwei(*line.format(**props).split())
    assert found == code, out + err
    assert "Traceback" not in err
    for part in named:
        assert part in " ".join(err.split()), err


def test_a_mistake_with_json_ends_in_json(jingwei: Run):
    code, out, _ = jingwei("accounts", "show", "nobody", "--json")
    told = json.loads(out.splitlines()[-1])["error"]
    assert (code, told["exit_code"]) == (1, 1) and "accounts list" in told["fix"]


def test_a_bank_in_use_is_not_opened_twice(jingwei: Run, home: Path):
    with_lock = open_home(home)
    try:
        code, _, err = jingwei("day-end", "run")
        assert code == 1 and "already" in err and "stop" in err
        assert jingwei("accounts", "list")[0] == 0, "reading is possible while the bank runs"
        assert jingwei("doctor", "--port", "1")[0] == 0
    finally:
        with_lock.close()


def test_a_damaged_store_is_told(jingwei: Run, home: Path, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    content = bytearray((home / "bank.db").read_bytes())
    content[100:4096] = os.urandom(3996)
    (other / "bank.db").write_bytes(content)
    for words in (("accounts", "list"), ("audit", "verify")):
        code, _, err = jingwei("--home", other, *words)
        assert code == 1 and "damaged" in err and "backup" in err and "Traceback" not in err


def test_a_home_that_cannot_be_written_is_told(jingwei: Run):
    code, _, err = jingwei("--home", "/proc/nowhere", "day-end", "run")
    assert code == 1 and "--home" in err and "Traceback" not in err


# ---- doctor: each failure once


def checks(jingwei: Run, *words: object) -> dict[str, dict[str, object]]:
    _, out, _ = jingwei(*words, "doctor", "--port", "1", "--json")
    return {check["check"]: check for check in json.loads(out.splitlines()[-1])["checks"]}


def test_doctor_finds_open_keys_and_says_how_to_close_them(jingwei: Run, home: Path):
    key = home / "keys" / "signing.pem"
    key.chmod(0o644)
    try:
        found = checks(jingwei)["keys private"]
        assert not found["well"] and "chmod 600" in str(found["fix"])
    finally:
        key.chmod(0o600)
    assert checks(jingwei)["keys private"]["well"]


def test_tokens_others_could_read_are_not_used(jingwei: Run, home: Path):
    file = home / "tokens.json"
    assert jingwei("tokens")[0] == 0
    file.chmod(0o644)
    try:
        code, _, err = jingwei("tokens")
        assert code == 1 and "chmod 600" in err
    finally:
        file.chmod(0o600)


def test_doctor_finds_a_changed_model(jingwei: Run, home: Path):
    file = next((home / "models" / "files").glob("[0-9a-f]*"))
    content = file.read_bytes()
    file.write_bytes(content.replace(b"points", b"p0ints", 1) + b" ")
    try:
        found = next(check for check in checks(jingwei).values() if check["check"] == "models_intact")
        assert not found["well"] and "damaged" in str(found["found"])
    finally:
        file.write_bytes(content)


def test_doctor_finds_a_port_in_use_a_full_disk_and_an_old_clock(
    jingwei: Run, props: dict[str, object], monkeypatch: pytest.MonkeyPatch
):
    import shutil

    from jingwei.kernel import clock

    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    monkeypatch.setattr(clock.SystemClock, "now", lambda self: 0)
    code, out, _ = jingwei("doctor", "--port", props["port"], "--json")
    wrong = {
        check["check"]: check["fix"]
        for check in json.loads(out.splitlines()[-1])["checks"]
        if not check["well"]
    }
    assert code == 1 and set(wrong) == {"port free", "free disk", "clock"}
    assert all(wrong.values())


def test_doctor_finds_a_lost_signature(jingwei: Run, home: Path):
    public = home / "keys" / "signing.pub"
    content = public.read_bytes()
    from jingwei.audit.heads import SigningKey

    other = SigningKey.open(home.parent / "other" / "signing.pem")
    public.write_bytes(other.public_pem())
    try:
        assert not checks(jingwei)["signed head"]["well"]
    finally:
        public.write_bytes(content)


# ---- the program as a process


def _health(port: str) -> int:
    """The status /health answers, or 0 while nobody listens yet."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code
    except httpx.ConnectError:
        return 0


def test_help_loads_nothing_heavy():
    """`jingwei --help` answers at once: no numbers engine, no web server, no database is loaded for it."""
    code = "import sys; sys.argv = ['jingwei', '--help']; sys.path.insert(0, 'src')\n"
    code += (
        "from jingwei.channels.cli import main\ntry: main()\nexcept SystemExit: print(sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "serve" in done.stdout
    for heavy in ("numpy", "numba", "fastapi", "duckdb", "lightgbm", "sklearn", "cryptography", "sqlite3"):
        assert f"'{heavy}'" not in done.stdout, f"{heavy} is loaded for --help"


def test_serve_answers_and_ends_cleanly(tmp_path: Path):
    environment = os.environ | {"PYTHONPATH": "src", "JINGWEI_HOME": str(tmp_path / "home")}
    run = [sys.executable, "-m", "jingwei"]
    done = subprocess.run([*run, "--help"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "serve" in done.stdout
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with subprocess.Popen(
        [*run, "serve", "--people", "0", "--port", port], env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert f"http://127.0.0.1:{port}" in server.stdout.readline()
        for _ in range(100):
            if (status := _health(port)) == 200:
                break
            time.sleep(0.1)
        server.terminate()
        assert status == 200
        assert server.wait(timeout=30) in (0, -15)
    home = open_home(tmp_path / "home")
    assert home.store.size() > 4
    home.close()


def test_doctor_finds_a_network_file_system(jingwei: Run, home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("jingwei.stores.medium.file_system", lambda path: "nfs4")
    code, out, _ = jingwei("doctor", "--port", "1", "--json")
    (found,) = [check for check in json.loads(out)["checks"] if check["check"] == "file system"]
    assert code == 1 and not found["well"]
    assert "network file system (nfs4)" in found["found"] and "PostgreSQL" in found["fix"]


def test_a_path_is_shown_without_what_a_terminal_acts_on(jingwei: Run, tmp_path: Path):
    name = tmp_path / "al\x1b[31mice"
    code, told, _ = jingwei("proof", "D00000000001", "--out", name)
    assert code == 0 and name.exists() and "\x1b" not in told and "al\\x1b[31mice" in told
    code, told, failed = jingwei("policy", "check", name)
    assert code != 0 and "\x1b" not in told + failed
