"""Commands on the evidence: a proof of one decision, and the check of the whole log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jingwei.channels.cli.asking import Json, bank_at, setting
from jingwei.channels.cli.mistakes import SMALL, USAGE, Mistake, existing, seen
from jingwei.channels.cli.shown import progress, result

if TYPE_CHECKING:
    from jingwei.keeping.verifying import Report


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(proof)
    audit = typer.Typer(help="The audit log.", no_args_is_help=True)
    audit.command("verify")(verify)
    app.add_typer(audit, name="audit")


def proof(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The decision's number, such as D00000000042.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write the proof; by default DECISION.proof.json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the proof that a decision is in the log; `python tools/verify_proof.py FILE` checks it."""
    path = out or Path(f"{decision}.proof.json")
    if path.is_dir():
        raise Mistake(
            f"--out {path} is a directory", f"name a file, such as {path / 'proof.json'}", code=USAGE
        )
    if not path.absolute().parent.is_dir():
        raise Mistake(
            f"there is no directory {path.parent}", "make it first, or choose another --out", code=USAGE
        )
    if not _may_be_written(path):
        fix = "choose another --out, or move that file away first"
        raise Mistake(f"--out {path} is there already and is no proof; it is not replaced", fix, code=USAGE)
    with bank_at(context) as home:
        found = home.proof(decision) if decision[:1] == "D" else None
        size = home.store.size()
    if found is None:
        fix = f"decisions run from D{0:011d} to D{size - 1:011d}; statements and answers name them"
        raise Mistake(f"there is no decision {decision}", fix)
    path.write_bytes(found)
    told = {"decision": decision, "file": str(path), "bytes": len(found), "records": size}
    named = seen(path)
    says = f"{named} written. Check it with: python tools/verify_proof.py {named}"
    result(told, as_json, lambda: print(says))


def _may_be_written(path: Path) -> bool:
    """Whether a proof may go here: nothing would be lost but an older proof."""
    if not path.exists() or path.is_char_device() or path.is_fifo():
        return True
    if not path.is_file():
        return False
    from jingwei.audit.proof import PROOF_TYPE

    with path.open("rb") as file:
        start = file.read(SMALL)
    return not start or start.startswith(b'{"anchor"') or PROOF_TYPE.encode() in start


def verify(
    context: typer.Context,
    anchors: Annotated[
        Path | None, typer.Option(help="The folder of the anchors; JINGWEI_ANCHORS, else beside the home.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The bank's public key as published, instead of the home's own.")
    ] = None,
    books: Annotated[
        bool, typer.Option(help="Also do every record again and compare the books with what comes out.")
    ] = True,
    workers: Annotated[int, typer.Option(help="Processes that read a long log.", min=1, max=64)] = 2,
    as_json: Json = False,
) -> None:
    """Read the whole log with its tiles, heads and anchors, and compare the books with it; writes nothing."""
    from jingwei.home import trust, verify_home

    if key is not None:
        existing(key, "the public key", SMALL)
    chosen = setting(context)
    asked = trust(chosen.home, anchors, key)._replace(workers=workers, books=books)
    with progress("records") as tell:
        report = verify_home(chosen.home, chosen.store_url, asked, tell)
    told = told_of(report)
    result(told, as_json, lambda: show(report, told))
    if not report.sound:
        raise typer.Exit(1)


def told_of(report: Report) -> dict[str, Any]:
    """A report as one JSON object."""
    log = report.log
    return {
        "sound": report.sound,
        "records": log.records,
        "root": log.root,
        "heads_checked": log.heads_checked,
        "signed_to": log.signed_to,
        "anchors": report.anchors,
        "anchored_to": report.anchored_to,
        "books": report.books,
        "rows": report.rows,
        "log_s": round(report.log_s, 3),
        "records_per_s": round(log.records / max(report.log_s, 1e-9)),
        "books_s": round(report.books_s, 3),
        "damage": [damage._asdict() for damage in report.damage],
        "more": report.more,
    }


def show(report: Report, told: dict[str, Any]) -> None:
    """The report for people."""
    log = report.log
    print(f"{log.records} records, root {log.root}, {log.heads_checked} signed heads compared.")
    print(f"Log read in {told['log_s']} s, {told['records_per_s']} records/s.")
    if log.records > log.signed_to:
        print(f"No head is signed yet over the last {log.records - log.signed_to} records.")
    if report.books == "compared":
        print(f"{report.rows} rows of the books compared with the records done again, {told['books_s']} s.")
    else:
        print(f"The books were not compared: {report.books}.")
    for damage in report.damage:
        print(f"  {damage.kind} at {damage.where}: {damage.says}\n    {damage.zh}")
    if report.more:
        print(f"  and {report.more} more")
    if report.sound:
        print("The log is sound." + (" The books are what it makes them." if report.rows else ""))
    else:
        print("The bank is NOT sound. / 该银行的账册或日志不完好。")
