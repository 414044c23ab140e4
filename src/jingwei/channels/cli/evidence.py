"""Commands on the evidence: a proof of one decision, and the check of the whole log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jingwei.channels.cli.asking import Json, bank_at
from jingwei.channels.cli.mistakes import USAGE, Mistake
from jingwei.channels.cli.shown import result


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
    with bank_at(context) as home:
        found = home.proof(decision) if decision[:1] == "D" else None
        size = home.store.size()
    if found is None:
        fix = f"decisions run from D{0:011d} to D{size - 1:011d}; statements and answers name them"
        raise Mistake(f"there is no decision {decision}", fix)
    path.write_bytes(found)
    told = {"decision": decision, "file": str(path), "bytes": len(found), "records": size}
    result(
        told, as_json, lambda: print(f"{path} written. Check it with: python tools/verify_proof.py {path}")
    )


def verify(context: typer.Context, as_json: Json = False) -> None:
    """Read the whole log and compare it with its tiles, the signed heads and the anchors kept elsewhere."""
    with bank_at(context) as home:
        verdict = home.verify()
    told = {
        "sound": verdict.sound,
        "records": verdict.records,
        "root": verdict.root,
        "heads_checked": verdict.heads_checked,
        "damage": [damage._asdict() for damage in verdict.damage],
    }

    def show() -> None:
        print(
            f"{verdict.records} records, root {verdict.root}, {verdict.heads_checked} signed heads compared."
        )
        for damage in verdict.damage:
            print(f"  {damage.kind} at {damage.where}: {damage.says}")
        print("The log is sound." if verdict.sound else "The log is NOT sound.")

    result(told, as_json, show)
    if not verdict.sound:
        raise typer.Exit(1)
