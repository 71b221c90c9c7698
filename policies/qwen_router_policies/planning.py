"""Splits a request that asks different specialists for several things into steps."""

from __future__ import annotations

import re
from collections.abc import Callable

from qwen_router import Classification, Plan, Request, Settings, Step, hookimpl
from qwen_router_policies.asking import asks, opens_asking
from qwen_router_policies.parts import Parts, joined_parts, listed_parts
from qwen_router_policies.referring import needed_parts

_LIKELY, _CERTAIN = 0.5, 0.7
"""Probabilities of a part's task. Of a list, two parts have to be likely for different specialists. Words such as
"then" join the sentences of one task, too: there every part has to be likely and two certain."""
_INTRODUCES = re.compile(
    r"\b(?:following|these|those|tasks?|things|questions|parts|please|help|siguientes?|tareas|cosas|preguntas|partes|ayuda|"
    r"por favor|folgende\w*|aufgaben|fragen|bitte|suivant\w*|tâches|questions|choses)\b"
    r"|以下|下面|下列|如下|任务|问题|几件事|请|帮",
    re.IGNORECASE,
)
_HELPS = re.compile(
    r"\b(?:help|answer|do|complete|solve|ayúd\w*|respond\w*|contest\w*|resuelv\w*|hilf|beantwort\w*|lös\w*|aide\w*|"
    r"répond\w*|résou\w*|fais|faites)\b|帮|回答|完成|解决",
    re.IGNORECASE,
)
_SPECIFIC = re.compile(r"[\d\"“「«`$=]")
_LONGEST_INTRODUCTION = 80
_RULES = re.compile(
    r"\b(?:rules|requirements?|constraints?|guidelines|criteria|instructions|steps|format|reglas|requisitos|pasos|"
    r"restricciones|regeln|anforderungen|schritte|règles|exigences|étapes)\b|规则|要求|步骤|格式|条件",
    re.IGNORECASE,
)
_SHOWN = {
    "image": re.compile(
        r"\b(?:images?|pictures?|photos?|photographs?|screenshots?|diagrams?|imagen(?:es)?|fotos?|fotografía|captura|"
        r"bild(?:er|es|s)?|aufnahme)\b|图片|图像|图中|这张图|照片|截图|图里|图上",
        re.IGNORECASE,
    ),
    "audio": re.compile(
        r"\b(?:audios?|recordings?|sound|clip|speakers?|grabación|aufnahme|tonaufnahme|enregistrement)\b|音频|录音|语音",
        re.IGNORECASE,
    ),
}
_READS = {"image": "vision", "audio": "audio"}


@hookimpl
def plan(
    request: Request,
    classify_text: Callable[[str], Classification],
    settings: Settings,
) -> Plan | None:
    """Split a list, or what words such as "then" join, whose parts are for different specialists.

    Every part must ask for something on its own and be classified with confidence; everything else stays whole. A part
    that speaks of an earlier one needs it. With attachments only a list is split, and each must be named by a part.
    """
    parts = listed_parts(request.text)
    if parts is None and request.modalities == ("text",):
        parts = joined_parts(request.text)
    if parts is None or len(parts.items) > settings.router.max_steps or not _are_requests(parts):
        return None
    items, tasks = parts.items, _tasks(parts, request, classify_text)
    if not tasks:
        return None
    if not parts.listed:
        items, tasks = _merged(items, tasks)
    return Plan(
        context="\n\n".join(filter(None, ("" if _only_introduces(parts.before) else parts.before, parts.after))),
        steps=tuple(
            Step(id=str(i), task=task, prompt=item, needs=tuple(str(n + 1) for n in needs))
            for i, (item, task, needs) in enumerate(zip(items, tasks, needed_parts(items), strict=True), start=1)
        ),
    )


def _are_requests(parts: Parts) -> bool:
    """Tell parts that each ask for something from the rules, steps, choices or data of one request."""
    if _RULES.search(parts.before) or (asks(parts.before) and not _only_introduces(parts.before)):
        return False
    return all(asks(item) if parts.listed else opens_asking(item) for item in parts.items)


def _only_introduces(before: str) -> bool:
    """Tell "Please help me with these two things:" from what the parts have to know, and from a task of its own."""
    if len(before) > _LONGEST_INTRODUCTION or _SPECIFIC.search(before) or not _INTRODUCES.search(before):
        return False
    return not asks(before) or bool(_HELPS.search(before))


def _tasks(parts: Parts, request: Request, classify_text: Callable[[str], Classification]) -> list[str]:
    """Return the task of each part; none when it isn't certain that they are for different specialists."""
    tasks, certain = [], set()
    for item in parts.items:
        shown = [kind for kind in request.modalities if kind in _SHOWN and _SHOWN[kind].search(item)]
        if len(shown) > 1:
            return []
        if shown:
            tasks.append(_READS[shown[0]])
            certain.add(tasks[-1])
            continue
        classification = classify_text(item)
        tasks.append(classification.task)
        if classification.confidence >= (_LIKELY if parts.listed else _CERTAIN):
            certain.add(tasks[-1])
        elif not parts.listed and classification.confidence < _LIKELY:
            return []
    if len(certain) < 2:
        return []
    # An attachment that no part names may be meant by any of them.
    return tasks if all(task in tasks for kind, task in _READS.items() if kind in request.modalities) else []


def _merged(items: tuple[str, ...], tasks: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Join neighbours for one specialist: it answers them best together."""
    joined: list[str] = []
    kept: list[str] = []
    for item, task in zip(items, tasks, strict=True):
        if kept and kept[-1] == task:
            joined[-1] = f"{joined[-1]} {item}"
        else:
            joined.append(item)
            kept.append(task)
    return tuple(joined), kept
