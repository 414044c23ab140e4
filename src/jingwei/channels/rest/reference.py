"""The interface reference: every operation of the OpenAPI document as a page to read and to copy from."""

from __future__ import annotations

import re
from html import escape
from typing import Any, NamedTuple

from jingwei.channels.problems import PROBLEMS, kind_of
from jingwei.channels.rest.callers import callers
from jingwei.channels.rest.shapes import Field, actor, curl, fields, kind, limits, named, sample
from jingwei.channels.rest.sheet import Asked, copied, inline, prose, sheet
from jingwei.channels.rest.spoken import CHINESE, GROUPS, meaning
from jingwei.kernel.refusal import REFUSALS

Document = dict[str, Any]
ROLES = {"customer": "客户", "staff": "员工", "system": "系统"}


class Operation(NamedTuple):
    """One operation of the document: its method and path, what is said of it, and its anchor on the page."""

    method: str
    path: str
    says: Document
    anchor: str

    @property
    def group(self) -> str:
        """The group it stands in."""
        return str((self.says.get("tags") or ["other"])[0])


def operations(document: Document) -> list[Operation]:
    """Every operation, in the document's order; equal summaries get numbered anchors."""
    found: list[Operation] = []
    taken: dict[str, int] = {}
    for path, methods in document["paths"].items():
        for method, says in methods.items():
            slug = re.sub(r"[^a-z0-9]+", "-", says.get("summary", path).lower()).strip("-")
            taken[slug] = taken.get(slug, 0) + 1
            anchor = slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"
            found.append(Operation(method, path, says, anchor))
    return found


def grouped(found: list[Operation]) -> dict[str, list[Operation]]:
    """Operations by group, groups in the order they first appear."""
    groups: dict[str, list[Operation]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    return groups


def reference(asked: Asked, document: Document) -> str:
    """The whole page for an OpenAPI document."""
    groups = grouped(operations(document))
    schemas = document.get("components", {}).get("schemas", {})
    body = "".join(_group(asked, name, found, schemas) for name, found in groups.items())
    nothing = asked.say("Nothing has all these words.", "没有符合的接口。")
    title = asked.say("Interface reference", "接口说明")
    main = (
        f'<div class="book">{_contents(asked, groups, schemas)}<div>'
        f"<h1>{title}</h1>{_manners(asked, document)}"
        f'<p class="none" role="status" hidden>{nothing}</p>{body}'
        f"{_types(asked, schemas)}{_codes(asked)}</div></div>"
    )
    return sheet(asked, "/docs", f"{title} · Jingwei 经纬", main)


def spoken(asked: Asked, text: str) -> str:
    """A text of the document in the page's language, plain; English where Chinese is missing."""
    plain = "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
    return CHINESE.get(plain, plain) if asked.lang == "zh" else plain


def _group_name(asked: Asked, group: str) -> str:
    return asked.say(*GROUPS[group]) if group in GROUPS else escape(group)


def _contents(asked: Asked, groups: dict[str, list[Operation]], schemas: Document) -> str:
    label = asked.say("Filter: words of a path, name or field", "筛选：路径、名称或字段中的词")
    rows = []
    for group, found in groups.items():
        links = "".join(
            f'<li data-words="{_words(one, schemas)}"><a href="#{one.anchor}">'
            f"{escape(spoken(asked, one.says.get('summary', one.path)))}</a></li>"
            for one in found
        )
        rows.append(f"<div data-group><b>{_group_name(asked, group)}</b><ul>{links}</ul></div>")
    last = (
        f'<li><a href="#types">{asked.say("Types of answers", "答复的类型")}</a></li>'
        f'<li><a href="#codes">{asked.say("All codes", "全部代码")}</a></li>'
    )
    return (
        f'<nav class="toc" aria-label="{asked.say("Contents", "目录")}">'
        f'<form class="filter" role="search" hidden><label for="sift">{label}</label>'
        '<input id="sift" type="search" autocomplete="off" spellcheck="false"></form>'
        f"<details open><summary>{asked.say('Contents', '目录')}</summary>{''.join(rows)}<ul>{last}</ul>"
        "</details></nav>"
    )


def _words(one: Operation, schemas: Document) -> str:
    """What the filter looks through: method, path, group, what is said in both languages and field names."""
    summary = one.says.get("summary", "")
    said = [one.method, one.path, one.group, summary, CHINESE.get(summary, "")]
    said += [one.says.get("description", ""), *GROUPS.get(one.group, ())]
    said += [parameter["name"] for parameter in one.says.get("parameters", ())]
    for body in request_types(one.says):
        said += schemas.get(body, {}).get("properties", ())
    return escape(" ".join(" ".join(said).lower().split()))


def _manners(asked: Asked, document: Document) -> str:
    """What holds for every operation."""
    lines = (
        asked.say(
            "Amounts are decimal texts with a currency, and whole minor units in answers.",
            "金额是带币种的十进制文本，答复中另有最小货币单位的整数。",
        ),
        asked.say(
            "Say who you are with Authorization: Bearer and a token from: jingwei tokens",
            "在Authorization请求头中以Bearer令牌表明身份，令牌见：jingwei tokens",
        ),
        asked.say(
            "Writing requests carry an Idempotency-Key of your own: same key and body, same bytes again.",
            "写请求须带自定的幂等键Idempotency-Key：同键同内容，答复逐字节相同。",
        ),
        asked.say(
            "What is not done is told as application/problem+json, with a code and both languages.",
            "未办理的请求以application/problem+json答复，附代码与中英文说明。",
        ),
    )
    version = escape(str(document.get("info", {}).get("version", "")))
    machine = asked.say("For programs:", "供程序读取：")
    rules = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<ul>{rules}</ul><p class="soft links">{machine} <a href="/openapi.json">/openapi.json</a>'
        f" · {asked.say('version', '版本')} {version}</p>"
    )


def _group(asked: Asked, name: str, found: list[Operation], schemas: Document) -> str:
    anchor = f"group-{re.sub('[^a-z0-9-]', '', name.lower())}"
    inside = "".join(_operation(asked, one, schemas) for one in found)
    heading = f'<h2 id="{anchor}">{_group_name(asked, name)}</h2>'
    return f'<section data-group aria-labelledby="{anchor}">{heading}{inside}</section>'


def _operation(asked: Asked, one: Operation, schemas: Document) -> str:
    summary = escape(spoken(asked, one.says.get("summary", one.path)))
    method = escape(one.method.upper())
    bodies = request_types(one.says)
    return (
        f'<article class="op" id="{one.anchor}" data-words="{_words(one, schemas)}">'
        f'<h3><a class="anchor" href="#{one.anchor}">{summary}</a></h3>'
        f'<p class="line"><span class="method {method}">{method}</span>'
        f"<code>{escape(one.path)}</code></p>"
        f"{prose(spoken(asked, one.says.get('description', '')))}"
        f"<p>{asked.say('Who may call: ', '谁可以调用：')}{_who(asked, one)}</p>"
        f"{_parameters(asked, one.says)}"
        f"{''.join(_body(asked, name, schemas.get(name, {}), len(bodies) > 1) for name in bodies)}"
        f"{_examples(asked, one, bodies, schemas)}{_answers(asked, one.says)}</article>\n"
    )


def request_types(says: Document) -> list[str]:
    """Names of the types an operation's JSON body may have."""
    content = says.get("requestBody", {}).get("content", {})
    return list(named(content.get("application/json", {}).get("schema", {})))


def _who(asked: Asked, one: Operation) -> str:
    roles = callers(one.method, one.path)
    if roles is None:
        return asked.say("whoever the description says", "见说明")
    if not roles:
        return asked.say("anybody, without a token", "任何人，无需令牌")
    return asked.say(", ", "、").join(f"<b>{asked.say(role, ROLES.get(role, role))}</b>" for role in roles)


def _table(asked: Asked, caption: str, rows: list[str]) -> str:
    if not rows:
        return ""
    heads = (
        asked.say("Name", "名称"),
        asked.say("Type and limits", "类型与限制"),
        asked.say("Meaning", "含义"),
    )
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<h4>{caption}</h4><div class="scroll"><table class="stack"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(asked: Asked, field: Field, means: str) -> str:
    need = f'<br><span class="need small">{asked.say("required", "必填")}</span>' if field.required else ""
    about = limits(asked, field.schema)
    soft = f'<br><span class="soft small">{about}</span>' if about else ""
    return (
        f"<tr><td><code>{escape(field.name)}</code>{need}</td>"
        f"<td>{kind(asked, field.schema)}{soft}</td><td>{inline(means)}</td></tr>"
    )


def _parameters(asked: Asked, says: Document) -> str:
    rows = []
    for one in says.get("parameters", ()):
        field = Field(one["name"], one.get("schema", {}), bool(one.get("required")))
        told = one.get("description") or meaning(asked.lang, "", one["name"])
        rows.append(_row(asked, field, spoken(asked, told)))
    return _table(asked, asked.say("Parameters and headers", "参数与请求头"), rows)


def _body(asked: Asked, name: str, schema: Document, several: bool) -> str:
    rows = [
        _row(
            asked,
            one,
            meaning(asked.lang, name, one.name) or spoken(asked, one.schema.get("description", "")),
        )
        for one in fields(schema)
    ]
    caption = asked.say("Request body", "请求体") + (f": {escape(name)}" if several else "")
    told = prose(spoken(asked, schema.get("description", ""))) if several else ""
    return _table(asked, caption, rows).replace("</h4>", f"</h4>{told}", 1)


def _examples(asked: Asked, one: Operation, bodies: list[str], schemas: Document) -> str:
    roles = callers(one.method, one.path) or ()
    who = actor(one.method, one.path, roles) if roles else ""
    label = asked.say("Example", "示例")
    samples: list[dict[str, Any] | None] = [sample(name, schemas.get(name, {})) for name in bodies]
    shown = [
        copied(asked, curl(asked.origin, (one.method, one.path), who, body), f"curl {one.path}")
        for body in samples or [None]
    ]
    return f"<h4>{label}</h4>{''.join(shown)}"


def _answers(asked: Asked, says: Document) -> str:
    rows, problems = [], []
    for status, answer in sorted(says.get("responses", {}).items()):
        told = spoken(asked, answer.get("description", ""))
        for media, content in answer.get("content", {}).items():
            if "problem" in media:
                problems.append(_problem(asked, status, told))
            else:
                rows.append(
                    f"<li><code>{status}</code> {escape(told)}: {kind(asked, content.get('schema', {}))}</li>"
                )
        if not answer.get("content"):
            rows.append(f"<li><code>{status}</code> {escape(told)}</li>")
    heading = f"<h4>{asked.say('Answers', '答复')}</h4><ul>{''.join(rows)}</ul>"
    if not problems:
        return heading
    label = asked.say("Problems and their codes", "问题与代码")
    return f'{heading}<details class="more"><summary>{label}</summary><ul>{"".join(problems)}</ul></details>'


def _problem(asked: Asked, status: str, told: str) -> str:
    codes = [code for code, one in PROBLEMS.items() if str(one.status) == status]
    links = " ".join(f'<a href="#code-{code}"><code>{code}</code></a>' for code in codes)
    rest = [code for code in REFUSALS if str(kind_of(code).status) == status and code not in PROBLEMS]
    more = f' <a href="#codes-{status}">{asked.say("refusals", "各项拒绝")} ({len(rest)})</a>' if rest else ""
    return f'<li class="codes"><code>{status}</code> {escape(told)} {links}{more}</li>'


def _types(asked: Asked, schemas: Document) -> str:
    """Every type an answer is made of, with its fields."""
    shown = []
    for name, schema in sorted(schemas.items()):
        rows = "".join(
            f"<tr><td><code>{escape(one.name)}</code></td><td>{kind(asked, one.schema)}</td>"
            f"<td>{'' if one.required else asked.say('may be left out', '可能没有')}</td></tr>"
            for one in fields(schema)
        )
        if not name.endswith("Ask"):
            shown.append(
                f'<article class="op" id="type-{escape(name)}"><h3>{escape(name)}</h3>'
                f"{prose(spoken(asked, schema.get('description', '')))}"
                f'<div class="scroll"><table class="stack"><tbody>{rows}</tbody></table></div></article>'
            )
    heading = asked.say("Types of answers", "答复的类型")
    return f'<section><h2 id="types">{heading}</h2>{"".join(shown)}</section>'


def _codes(asked: Asked) -> str:
    """Every code with its status and sentence, by status."""
    kinds = {code: kind_of(code) for code in sorted({*PROBLEMS, *REFUSALS})}
    tables = []
    for status in sorted({one.status for one in kinds.values()}):
        rows = "".join(
            f'<tr id="code-{code}"><td><code>{code}</code></td>'
            f"<td>{asked.words(one.words.told({}))}</td></tr>"
            for code, one in kinds.items()
            if one.status == status
        )
        tables.append(
            f'<h3 id="codes-{status}">{status}</h3>'
            f'<div class="scroll"><table class="stack listed"><tbody>{rows}</tbody></table></div>'
        )
    return f'<section><h2 id="codes">{asked.say("All codes", "全部代码")}</h2>{"".join(tables)}</section>'
