"""What is wrong with a policy or a condition, in Chinese: reading them tells it in English, with the place.

Names of columns, fields and codes stay as they are written. A sentence nobody translated is given as it is.
"""

from __future__ import annotations

import re

from jingwei.kernel.refusal import Words

_PLACE = re.compile(r"(?:(?P<source>[^,]+?)(?:, line (?P<line>\d+))?(?:, rule (?P<rule>\d+))?), field "
                    r"(?P<field>[\w ]+?): (?P<rest>.*)", re.S)  # fmt: skip
_SPOT = re.compile(r"line (\d+), column (\d+): (.*)", re.S)
_HINT = re.compile(r"(.*); (allowed: .*|did you mean .*\?|known: .*|from .*|at most .*|compare it with .*"
                   r"|write .*|the functions are .*|join them with .*)", re.S)  # fmt: skip

KINDS = {"text in quotes": "带引号的文本", "a whole number": "整数", "a list": "列表",
         "bool": "真假值", "str": "文本", "int": "整数", "float": "小数", "list": "列表", "dict": "表",
         "datetime": "时间", "date": "日期", "time": "时间"}  # fmt: skip

SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.S), says)
    for pattern, says in (
        (r"(.+): lower-case letters, digits, space, _ and -, at most (\d+)",
         r"\1：只能用小写字母、数字、空格、_和-，最多\2个字符"),
        (r"must be from 1 to (\d+)", r"须为1至\1"),
        (r"(\d+) rules", r"共\1条规则"),
        (r"(.+) is not a code such as payee_is_new", r"\1不是代码，代码形如payee_is_new"),
        (r"(.+) is kept for when an input is missing", r"\1专用于输入缺失的情形"),
        (r"(-?\d+) is not from 1 to (\d+)", r"\1不在1至\2之间"),
        (r"a sentence of 1 to (\d+) characters on one line is needed", r"须为一行、1至\1个字符的句子"),
        (r"the English sentence has Chinese characters in it", "英文句子中含有汉字"),
        (r"the Chinese sentence has no Chinese character in it", "中文句子中没有汉字"),
        (r"at most (\d+) characters on one line", r"须为一行，最多\1个字符"),
        (r"the same as in rule (\d+) \((.+)\)", r"与第\1条规则（\2）相同"),
        (r"an input is named twice", "同一输入列出了两次"),
        (r"no rule reads (.+)", r"没有规则读取\1"),
        (r"not readable as TOML: (.+)", r"不是可读的TOML：\1"),
        (r"a value is nested too deeply, or a number has too many digits", "嵌套过深，或数字位数过多"),
        (r"larger than (\d+) bytes", r"超过\1字节"),
        (r"not UTF-8 at byte (\d+)", r"第\1字节不是UTF-8"),
        (r"every input is a column name in quotes", "每个输入须为带引号的列名"),
        (r"a rule is a \[\[rules\]\] table", "每条规则须为一个[[rules]]表"),
        (r"unknown verdict (.+)", r"未知的处置\1"),
        (r"unknown field", "未知字段"),
        (r"unknown name (.+)", r"未知名称\1"),
        (r"missing", "缺失"),
        (r"write it as (.+)", r"请写成\1"),
        (r"must be (.+), not (\w+)", r"须为\1，而不是\2"),
        (r"must be a whole number", "须为整数"),
        (r"this is the editor of (.+), not of (.+)", r"此处修改的是\1，而不是\2"),
        (r"a condition is text, not (\w+)", r"条件须为文本，而不是\1"),
        (r"this does not read as a condition \((.+)\)", r"无法读作条件（\1）"),
        (r"nested too deeply", "嵌套过深"),
        (r"the condition reads no column, so it is the same for everyone",
         "条件没有读取任何列，对所有人都一样"),
        (r"the condition is empty", "条件为空"),
        (r"the condition has (\d+) characters", r"条件有\1个字符"),
        (r"(.+) cannot be used", r"不能使用\1"),
        (r"nested deeper than (\d+) parentheses", r"括号嵌套超过\1层"),
        (r"nested deeper than (\d+)", r"嵌套超过\1层"),
        (r"a number runs into (.+)", r"数字后紧跟\1"),
        (r"(.+) is not a name: lower-case letters, digits and _, a letter first, at most (\d+)",
         r"\1不是名称：以字母开头，只用小写字母、数字和_，最多\2个字符"),
        (r"more than (\d+) parts", r"超过\1个部分"),
        (r"(.+) is not a yes or no", r"\1不是“是或否”"),
        (r"this comparison cannot be used", "不能使用这种比较"),
        (r"a yes or no stands where a number is needed", "需要数字的地方写成了“是或否”"),
        (r"only numbers can be written out", "只能写数字"),
        (r"this number is larger than (.+)", r"数字大于\1"),
        (r"(\w+) is a function", r"\1是函数"),
        (r"this calculation cannot be used", "不能使用这种运算"),
        (r"division by zero", "除数为零"),
        (r"(.+) cannot be called", r"不能调用\1"),
        (r"(\w+) takes 1 number, not (\d+)", r"\1只接受1个数字，而不是\2个"),
        (r"(\w+) takes (\d+) to (\d+) numbers, not (\d+)", r"\1接受\2至\3个数字，而不是\4个"),
        (r"not allowed for the purpose (\w+): (.+)", r"不得用于\1：\2"),
        (r"allowed: column names, (.*)",
         "可用：列名、数字、+ - * /、< <= > >= == !=、and、or、not、min、max、abs、( )"),
        (r"did you mean (.+)\?", r"是否指\1？"),
        (r"known: (.+)", r"已知：\1"),
        (r"from 1 to (\d+)", r"须为1至\1"),
        (r"at most (\d+)", r"最多\1个"),
        (r"compare it with something, as in (.+)", r"请写成比较，例如\1"),
        (r"write two rules", "请写成两条规则"),
        (r"write plain numbers such as (.+)", r"请写普通数字，例如\1"),
        (r"write (.+)", r"请写成\1"),
        (r"the functions are (.+)", r"函数有\1"),
        (r"join them with and, or", "请用and、or连接"),
        (r"nothing is scored as (.+)", r"没有名为\1的评分用途"),
        (r"it reads (.+)", r"它读取了不得用于评分的\1"),
        (r"the table cannot be read: (.+)", r"分值表无法读取：\1"),
        (r"the line of (.+) is not a table of points", r"\1一行不是分值表"),
    )
)  # fmt: skip


def both(error: str) -> Words:
    """What is wrong, as it was told and in Chinese."""
    return Words(error, in_chinese(error))


def in_chinese(error: str) -> str:
    """What is wrong, with its place, in Chinese."""
    if found := _PLACE.fullmatch(error):
        line, rule = found["line"], found["rule"]
        source = found["source"]
        whole = "" if source == "policy" else source
        if source.startswith("rule "):
            whole, rule = "", source.removeprefix("rule ")
        place = [whole, f"第{line}行" if line else "", f"第{rule}条规则" if rule else ""]
        named = "整个文件" if found["field"] == "the whole file" else f"字段{found['field']}"
        return f"{'，'.join([part for part in place if part] + [named])}：{in_chinese(found['rest'])}"
    if found := _SPOT.fullmatch(error):
        return f"第{found[1]}行第{found[2]}列：{in_chinese(found[3])}"
    if found := _HINT.fullmatch(error):
        return f"{in_chinese(found[1])}；{in_chinese(found[2])}"
    for pattern, says in SENTENCES:
        if found := pattern.fullmatch(error):
            return _filled(found, says)
    return error


def _filled(found: re.Match[str], says: str) -> str:
    """The sentence with its blanks; kinds of values are named in Chinese, too."""
    return re.sub(r"\\(\d)", lambda blank: KINDS.get(found[int(blank[1])], found[int(blank[1])]), says)
