"""The letter about a refusal: policy reasons, score reasons, what would help, the law, how to appeal."""

from __future__ import annotations

import msgspec

from jingwei.domains.credit.advice import Advice, told
from jingwei.domains.credit.applying import inputs_of
from jingwei.domains.credit.company import SENTENCES as COMPANY_SENTENCES
from jingwei.domains.credit.company_inputs import CompanyInputs
from jingwei.domains.credit.deciding import ASKING, POLICY, missing_points
from jingwei.domains.credit.inputs import Score
from jingwei.domains.credit.loans import LoanApplication
from jingwei.domains.credit.trained_score import SENTENCES, most_of
from jingwei.kernel.refusal import Words

MAIN_REASONS = 4
"""A letter names at most so many reasons of each kind."""

LAW = Words(
    "The decision was made by a program. You may have it explained and may refuse that a program alone"
    " decides: Personal Information Protection Law, article 24. A bank must look closely at whether a loan"
    " can be repaid: Commercial Bank Law, article 35.",
    "本决定由自动化方式作出。依据《中华人民共和国个人信息保护法》第二十四条，您有权要求说明，并有权拒绝仅通过"
    "自动化决策的方式作出决定；依据《中华人民共和国商业银行法》第三十五条，商业银行应当对借款人的偿还能力等"
    "情况进行严格审查。",
)
BY_PERSON = Words(
    "A person decided this. A bank must look closely at whether a loan can be repaid:"
    " Commercial Bank Law, article 35.",
    "本决定由工作人员作出。依据《中华人民共和国商业银行法》第三十五条，商业银行应当对借款人的偿还能力等情况"
    "进行严格审查。",
)
FOR_COMPANIES = Words(
    "The decision was made by a program. It is this bank's own rule that a company, too, may have it"
    " explained and may ask that a person decides. A bank must look closely at whether a loan can be repaid:"
    " Commercial Bank Law, article 35.",
    "本决定由自动化方式作出。按本行自身规定，企业同样可以要求说明，并可要求由工作人员决定。依据《中华人民共和国"
    "商业银行法》第三十五条，商业银行应当对借款人的偿还能力等情况进行严格审查。",
)
"""Of companies no article on personal information is named: they are not who it protects."""
APPEAL = Words(
    "You can ask that a person decides again on the same facts; who decided before will not.",
    "您可以要求由工作人员依据相同事实重新决定，原经办人不参与。",
)


class Letter(msgspec.Struct, frozen=True):
    """A refusal explained: reasons of the policy and of the score apart; every text in both languages.

    `score` are (name, points it falls short of the best, what it is about). What was not read is no reason.
    """

    policy: tuple[tuple[str, Words], ...]
    score: tuple[tuple[str, int, Words], ...]
    advice: tuple[Words, ...]
    law: Words
    appeal: Words


def letter(application: LoanApplication) -> Letter:
    """The letter about this refused application."""
    codes = [code for code in application.policy_reasons.split(",") if code and code not in ASKING]
    policy = tuple((code, POLICY[code]) for code in codes[:MAIN_REASONS])
    parts = msgspec.json.decode(application.contributions or "[]", type=tuple[tuple[str, int], ...])
    score = Score(application.points, application.grade, parts, application.score_by)
    most = {name: most_of(application.score_by, name) for name, _ in parts}
    left_out = not_read_of(application)
    short = [one for one in missing_points(score, most) if application.by_score and one[0] not in left_out]
    found = msgspec.json.decode(application.advice or "[]", type=tuple[Advice, ...])
    by_program = FOR_COMPANIES if of_company(application) else LAW
    sentences = sentences_of(application)
    by_person = application.decided_by.startswith("staff:")
    return Letter(
        policy,
        tuple((name, by, sentences[name]) for name, by in short[:MAIN_REASONS]),
        tuple(told(one, application.currency) for one in found),
        BY_PERSON if by_person else by_program,
        APPEAL,
    )


def of_company(application: LoanApplication) -> bool:
    """Whether a company applied."""
    if "not_a_person" in application.policy_reasons.split(","):
        return True
    return bool(application.inputs) and isinstance(inputs_of(application).company, CompanyInputs)


def not_read_of(application: LoanApplication) -> frozenset[str]:
    """The lines of a company's score about which nothing was read: they count as the average company's."""
    company = inputs_of(application).company if application.inputs else None
    if not isinstance(company, CompanyInputs):
        return frozenset()
    return frozenset(COMPANY_SENTENCES.keys() - company.numbers().keys())


def sentences_of(application: LoanApplication) -> dict[str, Words]:
    """What each line of its score is about; of one about which nothing was read it is said."""
    if not of_company(application):
        return SENTENCES
    unread = {name: _unread(COMPANY_SENTENCES[name]) for name in not_read_of(application)}
    return SENTENCES | COMPANY_SENTENCES | unread


def _unread(says: Words) -> Words:
    return Words(f"{says.en} (not read: as the average company)", f"{says.zh}（未读取，按平均企业计）")
