"""Tells a part that asks for something on its own from one that only tells something."""

from __future__ import annotations

import re

_ENGLISH = (
    "add analy[sz]e answer arrange ask build calculate check choose classify code compare compose compute convert "
    "correct count create debug define derive describe design determine develop differentiate discuss draft draw "
    "estimate evaluate expand explain extract factor(?:i[sz]e)? find fix format generate give graph guess help "
    "identify implement improve integrate invent justify list look make mention name optimi[sz]e outline paraphrase "
    "pick plan plot predict prepare print program propose prove provide rank read recommend refactor rephrase "
    "replace reverse review rewrite run say search select shorten show simplify simulate sketch solve sort spell "
    "state suggest summari[sz]e teach tell test transcribe translate turn use verify visuali[sz]e work write"
)
# The other languages bend their verbs, and hang pronouns on them: stems are enough.
_STEMS = (
    # Spanish
    "analiz anali[cz] calc[uú]l comp[aá]r compon compr[uu]eb convi[eé]rt convert corr[ií][gj] cr[eé]a cu[eé]nta "
    "da(?=me) dime deduc defin deriv demuestr describ determin dise[nñ] encuentr enum[eé]r escr[ií]b expl[ií][cq] "
    "factori[cz] gener hall haz implement integr list mejor nombr orden program prop[oó]n recom redact res[uú]m "
    "resu[eé]lv resolv simplifi suger sugier trad[uú][cz] transcri us(?:a|e|alo|ala) utili[cz] verifi "
    # French
    "am[eé]lior calcul cit[ez] compos conçoi corrig cr[eé]e[rz]? d[eé]montr d[eé]cri d[eé]termin dis(?=[ -]) "
    "donn [eé]cri expliqu factoris g[eé]n[eè]r impl[eé]ment nomm propos racont r[eé]dig r[eé]sou r[eé]sum tradui "
    "trouv v[eé]rifi "
    # German
    "beantwort berechn beschreib bestimm beweis entwickl entwirf erkl[aä]r ermittl erstell faktorisier fass find gib "
    "implementier korrigier leite lös nenn prüf programmier sag schreib sortier überprüf übersetz vereinfach verbesser "
    "verfass vergleich zeichn zeig"
)
_CHINESE = (
    "解 计算 求 算 证明 化简 写 编写 编一 实现 翻译 把 将 介绍 解释 说明 列出 列举 总结 概括 描述 告诉 给 创作 "
    "作一 比较 推荐 分析 检查 验证 生成 设计 创建 画 识别 转写 改写 润色 找出 判断 回答 为 根据 用 使用 利用 基于 "
    "对 讲 说 谈 因式分解 推导"
)
_POLITE = (
    r"please|kindly|now|then|also|(?:can|could|would|will) you|i(?:'d| would) like (?:you )?to|"
    r"i (?:want|need) (?:you )?to|help me(?: to)?|"
    r"por favor|(?:puedes|podrías|podría)|(?:quiero|necesito)(?: que)?|ayúdame a|bitte|kannst du|"
    r"können sie|s'il (?:te|vous) plaît|(?:peux-tu|pouvez-vous)|"
    r"(?:请问|请你|请|麻烦你?|帮我|帮忙|能否|你能|我想|我要|再|并|先)"
)
_ASKS = re.compile(
    rf"\W*(?:(?:{_POLITE})[,，]?\s*)*"
    rf"(?:(?:{'|'.join(_ENGLISH.split())})(?!\w)|(?:{'|'.join(_STEMS.split())})|(?:{'|'.join(_CHINESE.split())}))",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"[?？]|(?:what|who|whose|when|where|why|which|how|qué|quién|cuál|cuándo|cuánt[oa]s?|dónde|wer|was|wann|warum|wie|"
    r"qui|quand|pourquoi|combien|comment)\b|.*(?:什么|多少|谁|哪|为何|怎么|怎样|如何|几)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:\.(?=\w)[^.!?。！？\n]*)*[?？]?")


def asks(text: str) -> bool:
    """Tell whether some sentence of the text asks a question or gives an instruction."""
    return any(_asking(sentence) for sentence in _SENTENCE.findall(text))


def opens_asking(text: str) -> bool:
    """Tell whether the first sentence does."""
    first = _SENTENCE.search(text)
    return first is not None and _asking(first[0])


def without_telling(text: str) -> tuple[str, str]:
    """Return what a text tells before it first asks for something, and the rest."""
    at = next((m.start() for m in _SENTENCE.finditer(text) if _asking(m[0])), 0)
    return text[:at].strip(), text[at:].strip()


def _asking(sentence: str) -> bool:
    said = sentence.strip()
    return said.endswith(("?", "？")) or bool(_ASKS.match(said) or _QUESTION.match(said))
