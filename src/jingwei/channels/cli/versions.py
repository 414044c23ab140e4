"""Commands on what judges: policies and models, their versions, approvals and one step back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from jingwei.channels.cli.asking import Json, bank_at, books_of, setting
from jingwei.channels.cli.mistakes import SMALL, Mistake, existing, seen
from jingwei.channels.cli.shown import fields, result, table

if TYPE_CHECKING:
    from jingwei.decisions.policy import Policy
    from jingwei.models.card import Card
    from jingwei.models.registry import Registry

PolicyFile = Annotated[Path, typer.Argument(help="A policy in TOML.")]
Slot = Annotated[str, typer.Option(help="Which slot: fraud, scam, credit, thin_file, company.")]
Whys = Annotated[
    list[str], typer.Option("--why", help="Why; again as 'CODE: why' for each gap that is an alarm.")
]
Digest = Annotated[str, typer.Argument(help="The model's digest, or its first digits.")]
Who = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="Why; it is written down.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    policy = typer.Typer(help="The rules that judge payments.", no_args_is_help=True)
    policy.command("check")(check_policy)
    policy.command("publish")(publish_policy)
    policy.command("show")(show_policy)
    model = typer.Typer(help="The models that score payments.", no_args_is_help=True)
    model.command("list")(list_models)
    model.command("approve")(approve_model)
    model.command("challenge")(challenge_model)
    model.command("rollback")(roll_back)
    model.command("card")(show_card)
    app.add_typer(policy, name="policy")
    app.add_typer(model, name="model")


def _read_policy(file: Path) -> tuple[str, Policy]:
    """The policy of a file, its columns known to the bank. Raises Mistake, PolicyError."""
    existing(file, "the policy", SMALL)
    from jingwei.decisions.judge import SCORE
    from jingwei.decisions.policy import parse_policy
    from jingwei.domains.fraud.features import FRAUD
    from jingwei.home import MODEL_SLOTS

    text = file.read_text("utf-8")
    policy = parse_policy(text, file.name)
    if policy.name not in MODEL_SLOTS:
        fix = f"write name = as one of: {', '.join(MODEL_SLOTS)}"
        raise Mistake(f"{file}: no payment is judged by a policy named {policy.name!r}", fix)
    policy.expressions((*(one.name for one in FRAUD), SCORE))
    return text, policy


def check_policy(file: PolicyFile, as_json: Json = False) -> None:
    """Read a policy and say whether it can judge, without publishing it."""
    _, policy = _read_policy(file)
    told = {
        "name": policy.name,
        "version": policy.version,
        "rules": len(policy.rules),
        "digest": policy.digest,
    }
    named = seen(file)
    result(
        told,
        as_json,
        lambda: print(f"{named}: {policy.name} version {policy.version}, {len(policy.rules)} rules: good."),
    )


def publish_policy(
    context: typer.Context, file: PolicyFile, who: Who = "staff:reviewer", as_json: Json = False
) -> None:
    """Let a policy judge from the next payment on; its whole text is sealed."""
    text, policy = _read_policy(file)
    from jingwei.journeys.publish_policy import PublishPolicy
    from jingwei.kernel.command import checked

    with bank_at(context) as home:
        now = home.clock.now()
        key = f"cli:policy:{policy.digest}:{now}"
        ask = checked(PublishPolicy(key=key, actor=who, at=now, known_at=now, text=text))
        answer = home.bank.do([ask])[0].answer
    if answer.refusal is not None:
        raise Mistake(answer.refusal.words().en, f"correct {file}, or publish as staff: --who staff:NAME")
    told = {"decision": answer.id, "name": policy.name, "version": policy.version, "digest": policy.digest}
    result(told, as_json)


def show_policy(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The policy's name; all when left out.")] = "",
    as_json: Json = False,
) -> None:
    """Show the rules in force, in the words customers are told."""
    from jingwei.channels.rest.views import policies_told

    with books_of(context) as reader:
        told = policies_told(reader)
    shown = [policy for policy in told if name in ("", policy.name)]
    if not shown:
        raise Mistake(f"there is no policy {name}", f"there are: {', '.join(policy.name for policy in told)}")

    def show() -> None:
        for policy in shown:
            print(f"{policy.name} version {policy.version}, model {policy.model[:16]}")
            rows = [
                (rule.verdict, rule.weight, rule.code, rule.when, rule.zh, rule.en) for rule in policy.rules
            ]
            table(("verdict", "weight>", "code", "when", "zh", "en"), rows, "It has no rules.")

    result({"policies": shown}, as_json, show)


def _registry(context: typer.Context) -> Registry:
    from jingwei.models.registry import Registry

    return Registry(setting(context).home / "models")


def _digest(registry: Registry, start: str) -> str:
    """The digest that begins like this. Raises Mistake when there is none, or more than one."""
    folder = registry.root / "files"
    found = (
        sorted(path.name for path in folder.glob("*") if path.name.startswith(start))
        if folder.is_dir()
        else []
    )
    if len(found) != 1:
        what = f"no model begins with {start!r}" if not found else f"{len(found)} models begin with {start!r}"
        raise Mistake(what, "see the models kept with: jingwei model list")
    return found[0]


def list_models(context: typer.Context, as_json: Json = False) -> None:
    """List the models kept, and which of them score."""
    registry = _registry(context)
    folder = registry.root / "files"
    names = sorted(path.name for path in folder.glob("*") if len(path.name) == 64) if folder.is_dir() else []
    slots = sorted(path.stem for path in (registry.root / "slots").glob("*.jsonl"))
    serving = {one.digest: slot for slot in slots if (one := registry.champion(slot)) is not None}
    told = []
    for name in names:
        card = registry.load(name).card
        told.append(
            {"digest": name, "name": card.name, "version": card.version, "serves": serving.get(name, "")}
        )

    def show() -> None:
        rows = [(one["digest"][:16], one["name"], one["version"], one["serves"]) for one in told]
        table(
            ("model", "name", "version", "serves"),
            rows,
            "No model is kept here yet; `jingwei serve` founds the bank.",
        )

    result({"models": told}, as_json, show)


def show_card(context: typer.Context, digest: Digest, as_json: Json = False) -> None:
    """Show a model's card: what it learned from, how well it does, how fast it answers."""
    registry = _registry(context)
    found = _digest(registry, digest)
    import msgspec

    told: dict[str, Any] = {"digest": found, **msgspec.to_builtins(registry.load(found).card)}
    result(told, as_json, lambda: fields(told))


def approve_model(
    context: typer.Context,
    digest: Digest,
    whys: Whys,
    slot: Slot = "fraud",
    who: Who = "staff:reviewer",
    as_json: Json = False,
) -> None:
    """Let a kept model score from now on; it must pass the model check; a second person approves credit."""
    registry = _registry(context)
    found = _digest(registry, digest)
    from jingwei.domains.credit.trained_score import may_serve

    why, reasons = _reasons(whys, registry.load(found).card)
    with bank_at(context) as home:
        may_serve(slot, home.registry.load(found))
        home.registry.approve(slot, found, who=who, why=why, at=home.clock.now(), reasons=reasons)
        home.found()
    result({"slot": slot, "digest": found, "who": who, "why": why, "reasons": reasons}, as_json)


def _reasons(whys: list[str], card: Card) -> tuple[str, dict[str, str]]:
    """Why in general, and the reasons among them that begin with the code of a gap on the card."""
    codes = () if card.governance is msgspec.UNSET else tuple(gap.code for gap in card.governance.gaps)
    parts = [one.partition(":") for one in whys]
    found = {code: told.strip() for code, _, told in parts if code in codes}
    return "; ".join(one for one in whys if one.partition(":")[0] not in codes), found


def challenge_model(
    context: typer.Context,
    digest: Digest,
    why: Why,
    slot: Slot = "credit",
    who: Who = "staff:reviewer",
    as_json: Json = False,
) -> None:
    """Let a kept model score beside the champion of a slot; it decides nothing."""
    registry = _registry(context)
    found = _digest(registry, digest)
    with bank_at(context) as home:
        home.registry.challenge(slot, found, who=who, why=why, at=home.clock.now())
    result({"slot": slot, "digest": found, "who": who, "why": why}, as_json)


def roll_back(
    context: typer.Context, why: Why, slot: Slot = "fraud", who: Who = "staff:reviewer", as_json: Json = False
) -> None:
    """Let the model before the present one score again."""
    with bank_at(context) as home:
        approval = home.registry.rollback(slot, who=who, why=why, at=home.clock.now())
        home.found()
    result({"slot": slot, "digest": approval.digest, "who": who, "why": why}, as_json)
