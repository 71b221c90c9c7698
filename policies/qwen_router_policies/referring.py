"""Finds which earlier parts of a request a part speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "primer": 1, "primera": 1, "segundo": 2, "segunda": 2, "tercer": 3,
    "tercera": 3, "ersten": 1, "zweiten": 2, "dritten": 3, "première": 1, "premier": 1, "deuxième": 2, "troisième": 3,
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "a": 1, "b": 2, "c": 3, "d": 4,
}  # fmt: skip
_NUMBERED = re.compile(
    r"\b(?:step|part|question|task|item|number|paso|parte|punto|tarea|pregunta|schritt|teil|aufgabe|frage|étape|partie|"
    r"tâche)s?\s+\(?(?P<number>\d{1,2}|[a-d])\b(?:\s*(?:and|y|und|et|,)\s*(?P<other>\d{1,2})\b)?"
    r"|\b(?P<ordinal>first|second|third|primera?|segund[oa]|tercera?|ersten|zweiten|dritten|première|premier|deuxième|"
    r"troisième)\s+(?:step|part|question|task|result|answer|paso|parte|tarea|pregunta|resultado|schritt|teil|aufgabe|"
    r"frage|étape|partie|résultat)\b"
    r"|第\s*(?P<chinese>[一二三四五]|\d{1,2})\s*(?:步|部分|题|问|个任务|个问题|个结果|项)",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\ball (?:of )?(?:the|these|those|your) (?:\w+ )?(?:results|answers|above|parts|steps|findings|outputs)"
    r"|\b(?:all of the above|everything above|both (?:\w+ )?(?:results|answers|parts|of them)|the (?:above )?results|"
    r"the answers)\b"
    r"|\b(?:todo lo anterior|(?:todos )?los (?:\w+ )?resultados|las respuestas|ambos resultados)\b"
    r"|\b(?:alle(?:r|s)? (?:\w+ )?(?:ergebnisse|antworten|obige)|die ergebnisse|beide(?:n)? ergebnisse)\b"
    r"|\b(?:(?:tous )?les (?:\w+ )?résultats|tout ce qui précède|les réponses)\b"
    r"|(?:以上|上述|上面|前面)(?:的)?(?:所有|全部|内容|各|几|两)|(?:所有|全部)(?:的)?(?:上述|结果|答案)|两个结果|各部分",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"\bthe (?:above|previous|preceding|last) |\bthe above\b|\b(?:the|its|your) (?:result|answer|output|solution)\b"
    r"|\b(?:el|del|al|su) (?:resultado|respuesta)\b|\bla (?:respuesta|solución)\b|\banterior(?:es)?\b"
    r"|\b(?:das|dem|des) (?:ergebnis|resultat)|\bdie (?:antwort|lösung)\b|\bobige|\bvorherig"
    r"|\b(?:le|du|au) résultat\b|\bla (?:réponse|solution)\b|\bprécédent|\bci-dessus\b"
    r"|\bhow it works\b|\bwhat it does\b|\bcómo funciona\b"
    r"|上述|上面|前面|上一|刚才|(?:得到|所得|求出|得出)的|(?:把|将|用|对|基于|根据|利用|解释|总结|翻译|检验|验证|打印|输出|这个|该|计算)结果",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\A\W*(?:(?:then|now|please|also|bitte)\s+)*\w+\s+(?:it|them|es|ihn|sie)\b"
    r"|\A\W*\w*[áéíóú]\w*l[oa]s?\b|\A\W*\w+-l(?:e|a|es)\b"
    r"|\A(?:请)?(?:用|把|将|对)?(?:它|其)|\A\w{1,3}(?:它|其)",
    re.IGNORECASE,
)
_POINTED = re.compile(
    r"\b(?P<that>that|those|this|these|esa|ese|esas|esos|esta|este|estas|estos|dicha|dicho|diese[rsnm]?|jene[rsnm]?|cette|cet|ce|ces)"
    r"\s+(?P<noun>[^\W\d]{3,})"
    r"|\b(?:the|el|la|los|las|der|die|das|den|dem|le|les|l['’])\s*\b(?P<the>[^\W\d]{4,})"
    r"|(?:该|这个|那个|这段|那段|这首|那首|这些|那些|此)(?P<chinese>[\u4e00-\u9fff]{1,2})",
    re.IGNORECASE,
)
# Demonstratives stand before verbs ("a function that sorts") and dates ("this year"), too; what a part makes is one of
# these.
_MADE = re.compile(
    r"results?|answers?|numbers?|values?|functions?|code|texts?|output|sum|equation|roots?|poem|story|sentences?|program|"
    r"script|query|list|formula|translation|e?mail|summary|product|solutions?|method|algorithm|class|table|"
    r"resultados?|respuestas?|números?|valor(?:es)?|funci(?:ón|ones)|código|texto|salida|suma|ecuación|raíz|poema|cuento|"
    r"frases?|programa|consulta|lista|fórmula|traducción|correo|resumen|solución|"
    r"ergebnis\w*|antwort(?:en)?|zahl(?:en)?|wert\w*|funktion(?:en)?|ausgabe|summe|gleichung|gedicht|geschichte|satz|"
    r"programm|abfrage|liste|formel|übersetzung|lösung(?:en)?|"
    r"résultats?|réponses?|nombres?|valeurs?|fonctions?|texte|sortie|somme|équation|poème|histoire|phrases?|programme|"
    r"requête|formule|traduction|"
    r"(?:结果|答案|数字|数值|函数|代码|文本|输出|公式|方程|诗|故事|句子|程序|查询|列表|译文|算法|方法|值|数|和).?",
    re.IGNORECASE,
)
_SHOWN = re.compile(r"[:：]\s*\S|[\"“「«`]|(?<!\w)'\w")


_OPENING = 500
"""Characters of a part that are read: what follows is what it works on."""


def needed_parts(items: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return for each part the positions of the earlier ones whose answers it reads, counted from 0."""
    openings = [item[:_OPENING] for item in items]
    return tuple(tuple(sorted(_needed(openings, at))) for at in range(len(items)))


def _needed(items: Sequence[str], at: int) -> set[int]:
    if at == 0:
        return set()
    item = items[at]
    if named := {n - 1 for mark in _NUMBERED.finditer(item) for n in _numbers(mark) if n <= at}:
        return named
    if _ALL.search(item):
        return set(range(at))
    found = set(_pointed(items, at))
    if not found and (_ABOVE.search(item) or _PRONOUN.match(item)):
        found.add(at - 1)
    return found


def _numbers(mark: re.Match[str]) -> list[int]:
    said = [mark[g] for g in ("number", "other", "ordinal", "chinese") if mark[g]]
    return [int(s) if s.isdecimal() else _ORDINALS[s.lower()] for s in said]


def _pointed(items: Sequence[str], at: int) -> set[int]:
    """Return the parts that name what the part points to, such as "the poem" that an earlier one asks for."""
    item, found = items[at], set[int]()
    for mark in _POINTED.finditer(item):
        noun = (mark["noun"] or mark["the"] or mark["chinese"]).lower()
        if noun in item[: mark.start()].lower():
            continue
        if not mark["the"] and (not _MADE.fullmatch(noun) or _SHOWN.search(item, mark.end())):
            continue
        naming = [i for i in range(at) if _names(items[i], noun)]
        if naming or not mark["the"]:
            found.add(naming[-1] if naming else at - 1)
    return found


def _names(item: str, noun: str) -> bool:
    """Tell whether a part speaks of a thing, in the singular or the plural."""
    stem = noun.removesuffix("s")
    return (
        re.search(rf"(?<!\w){re.escape(stem)}" if noun[0].isascii() else re.escape(stem), item, re.IGNORECASE)
        is not None
    )
