"""What is wrong with a field, in Chinese: the readers below speak English only."""

from __future__ import annotations

import re

KINDS = {
    "str": "文本",
    "int": "整数",
    "float": "小数",
    "bool": "真假值",
    "array": "列表",
    "object": "对象",
    "null": "空值",
    "str | null": "文本或空值",
}
_KIND = re.compile(r"`([a-z| ]+)`")
SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), says)
    for pattern, says in (
        (r"Expected `([^`]+)`, got `([^`]+)`.*", r"应为`\1`，而不是`\2`"),
        (r"Expected `([^`]+)` of length ([<>=]+ \d+).*", r"`\1`的长度须\2"),
        (r"Expected `([^`]+)` ([<>=]+ -?\d+).*", r"`\1`须\2"),
        (r"Expected `([^`]+)`", r"应为`\1`"),
        (r"Object missing required field `([^`]+)`.*", r"缺少必填字段\1"),
        (r"Object contains unknown field `([^`]*)`.*", r"含有未知字段\1"),
        (r"Invalid (?:enum )?value (.+)", r"取值\1无效"),
        (r"(?:Integer value|Number) out of range.*", "数值超出范围"),
        (r"Input data was truncated", "内容不完整"),
        (r"JSON is malformed: .*\((byte \d+)\)", r"格式错误（\1）"),
        (r"it is not UTF-8 text", "不是UTF-8文本"),
        (r"it is nested too deeply", "嵌套过深"),
        (r"write 1 to 64 of the characters (.+), beginning.*", r"须为1至64个字符（\1），以字母或数字开头"),
        (r"the text has control characters.*", "文本含有控制字符，请去除"),
        (r"must be one of (.+)", r"须为\1之一"),
        (r"write a day like (\S+)", r"请写成\1的形式"),
        (r"write a moment like (\S+)", r"请写成\1的形式"),
        (r"write a number like (\S+), with at most.*", r"请写成\1的形式，小数点前至多6位，后至多9位"),
        (r"write 64 of the characters 0-9 a-f", "须为64个字符（0-9、a-f）"),
        (r"it is not HTTP/1\.1", "不是HTTP/1.1请求"),
        (r"Content-Length is not a number", "Content-Length不是数字"),
        (r"the connection was closed in the middle of the body", "请求体尚未传完，连接已断开"),
        (r"['\"](.*)['\"] is not an amount; .*", r"“\1”不是金额，请写成12.30的形式，只用数字0-9"),
        (r"['\"](.*)['\"] has (\d+) decimal places; (\w+) has (\d+)", r"“\1”有\2位小数，\3只有\4位"),
        (r"['\"](.*)['\"] is above the largest amount, (.+)", r"“\1”超过最大金额\2"),
        (r"the amount must be above zero", "金额必须大于零"),
        (r"the amount must not be below zero", "金额不能小于零"),
        (r"the rate must be above zero", "汇率必须大于零"),
        (r"these are not the rules of the draft", "这不是该草案的规则"),
        (r"account (\S+) is kept in (\w+)", r"账户\1的币种为\2"),
        (r"there is no such moment", "没有这个时刻，请写成2026-11-20T12:00:00Z的形式"),
        (r"there is no such day; .*", "没有这一天，请写成2026-11-20的形式"),
        (r"it cannot be read or written now", "账本暂时无法读写"),
        (r".*\bfull; free some space and ask again", "磁盘（或文件允许的大小）已满，请腾出空间后重试"),
        (r"the disk reported an error; .*", "磁盘报错，请先检查磁盘"),
        (r"another process keeps the file locked; .*", "文件被另一进程锁住，请关闭该进程后重试"),
        (r"there is not enough memory|it is out of memory; .*", "内存不足，请稍后重试"),
        (r"the batch breaks a rule of the books; .*", "该批请求违反账务规则，未记任何账"),
        (r"this is not a cursor of this statement", "这不是该对账单的翻页标记"),
        (r"Input should be greater than or equal to (\d+)", r"不得小于\1"),
        (r"Input should be less than or equal to (\d+)", r"不得大于\1"),
        (r"Input should be a valid integer.*|Unable to parse input string as an integer.*", "须为整数"),
        (r"String should match pattern '(.+)'", r"格式须为\1"),
        (r"String should have at most (\d+) characters", r"不得超过\1个字符"),
    )
)


def in_chinese(why: str) -> str:
    """The sentence in Chinese; one nobody translated yet is given as it is."""
    for pattern, says in SENTENCES:
        if found := pattern.fullmatch(why):
            return _KIND.sub(lambda kind: KINDS.get(kind[1], kind[1]), found.expand(says))
    return why
