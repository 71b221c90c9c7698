"""Answers that refuse to look at an image or to listen to a sound."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEGINNING = 400
"""Characters in which a refusal says so; later ones speak of what was seen."""


@dataclass(frozen=True)
class Sense:
    """What is refused, in the languages that the family's models refuse in: alternatives of regular expressions.

    Attributes:
        verbs: English, German, French, Spanish and Chinese, in this order; so are `nouns`.
    """

    verbs: tuple[str, str, str, str, str]
    nouns: tuple[str, str, str, str, str]


SEEING = Sense(
    verbs=(
        "see|view|access|process|look at|open|analy[sz]e|interpret|perceive|examine|read",
        "sehen|ansehen|anschauen|anzeigen|betrachten|öffnen|verarbeiten|analysieren|erkennen",
        "voir|visualiser|regarder|accéder|traiter|analyser|ouvrir|afficher|consulter",
        "ver|visualizar|mirar|acceder|procesar|analizar|abrir",
        "查看|看到|看见|看見|看|访问|訪問|识别|識別|处理|處理|分析|打开|打開|读取|讀取|接收",
    ),
    nouns=(
        "images?|pictures?|photos?|photographs?|screenshots?|attachments?|visual content",
        "Bild(?:er|ern)?|Fotos?|Abbildung(?:en)?|Anhang|Grafik(?:en)?",
        "images?|photos?|photographies?|pièces? jointes?",
        "im[aá]gen(?:es)?|fotos?|fotografías?|adjuntos?",
        "图片|图像|图画|照片|截图|附件|圖片|圖像|相片",
    ),
)
HEARING = Sense(
    verbs=(
        "hear|listen to|access|process|play|open|analy[sz]e|transcribe|perceive",
        "hören|anhören|abspielen|öffnen|verarbeiten|analysieren|transkribieren",
        "écouter|entendre|accéder|traiter|analyser|ouvrir|lire|transcrire",
        "escuchar|oír|acceder|procesar|analizar|abrir|reproducir|transcribir",
        "听到|聽到|收听|收聽|听|聽|访问|訪問|处理|處理|分析|播放|打开|打開|接收|转录|轉錄",
    ),
    nouns=(
        "audio(?: files?| clips?)?|sounds?|recordings?|voice messages?|clips?|attachments?",
        "Audio(?:datei(?:en)?|s)?|Aufnahmen?|Ton|Töne|Geräusche?|Sprachnachricht(?:en)?|Anhang",
        "audios?|fichiers? audio|sons?|enregistrements?|messages? vocal|pièces? jointes?",
        "audios?|sonidos?|grabaci(?:ón|ones)|mensajes? de voz|adjuntos?",
        "音频|录音|声音|语音|附件|音訊|錄音|聲音|語音",
    ),
)


def refuses(text: str, sense: Sense) -> bool:
    """Return whether an answer begins by saying that its writer can't look or listen, or was sent nothing."""
    beginning = text[:_BEGINNING].replace("\u2019", "'")
    return any(pattern.search(beginning) for pattern in _PATTERNS[sense])


def _patterns(sense: Sense) -> tuple[re.Pattern[str], ...]:
    made = (form(verbs, nouns) for form, verbs, nouns in zip(_LANGUAGES, sense.verbs, sense.nouns, strict=True))
    return tuple(re.compile(pattern, re.IGNORECASE) for patterns in made for pattern in patterns)


def _english(verbs: str, nouns: str) -> tuple[str, ...]:
    # "I can't see any images of cats" speaks of what was looked at.
    thing = rf"(?:(?:the|any|an?|this|that|your|these|those|attached|provided|uploaded) )*(?:{nouns})\b"
    thing += r"(?! (?:of|in|on|showing|clearly|well)\b)"
    unable = r"can(?:no|')?t|can not|unable to|not able to|(?:don't|do not) have the (?:ability|capability) to"
    sent = r"provided|attached|uploaded|included|shared|sent|received"
    return (
        rf"\b(?:I|am|I'm)\b[^.!?\n]{{0,60}}\b(?:{unable}) (?:\w+ly )?(?:{verbs})(?: or (?:{verbs}))? {thing}",
        rf"(?:^|[.!?,]\s*)(?:unable to|can(?:no|')t) (?:\w+ly )?(?:{verbs}) {thing}",
        rf"\bas an? (?:AI|(?:large )?language model|text[- ](?:based|only)|text model)[^.!?\n]{{0,80}}"
        rf"\b(?:{unable}|don't|do not)\b[^.!?\n]{{0,60}}(?:{nouns})\b",
        rf"\bno (?:{nouns}) (?:was|were|is|are|has been|have been|seems? to have been)(?: actually)? (?:{sent})",
        rf"\b(?:don't|do not|didn't|did not) (?:see|hear|receive|find|get) (?:any|an?|the|your) (?:{nouns})\b"
        r"(?: (?:file|attached|here|in (?:your|this|our) (?:message|chat|conversation|request))|[.!?,])",
        rf"\b(?:haven't|have not|didn't|did not|hasn't) (?:actually )?"
        rf"(?:{sent}|provide|attach|upload|include|share|send) (?:any|an?|the|your) (?:{nouns})\b",
    )


def _german(verbs: str, nouns: str) -> tuple[str, ...]:
    return (
        rf"\b(?:ich|leider) [^.!?\n]{{0,40}}(?:{nouns})\b[^.!?\n]{{0,30}}\bnicht (?:\w+ )?(?:{verbs})\b",
        rf"\bnicht in der Lage[^.!?\n]{{0,30}}(?:{nouns})\b[^.!?\n]{{0,20}}\bzu ",
        rf"\bich kann (?:leider )?(?:direkt )?keine?n? (?:{nouns}) (?:\w+ )?(?:{verbs})\b",
        rf"\bkeine?n? (?:{nouns}) (?:\w+ )?(?:angehängt|bereitgestellt|hochgeladen|beigefügt|gesendet|mitgeschickt)",
    )


def _french(verbs: str, nouns: str) -> tuple[str, ...]:
    unable = r"ne (?:peux|suis) pas (?:(?:capable|en mesure) (?:de |d'))?|(?:dans l'incapacité|incapable) (?:de |d')"
    return (
        rf"(?:{unable})(?:\w+ment )?(?:{verbs}) [^.!?\n]{{0,25}}\b(?:{nouns})\b",
        rf"\baucune? (?:{nouns}) n'(?:a été|est|ont été) (?:\w+ )?(?:fourni|joint|envoyé|téléchargé|partagé|ajouté)",
    )


def _spanish(verbs: str, nouns: str) -> tuple[str, ...]:
    unable = r"no (?:puedo|soy capaz de|tengo (?:la )?capacidad (?:de|para))"
    return (
        rf"\b{unable} (?:\w+mente )?(?:{verbs}) [^.!?\n]{{0,25}}\b(?:{nouns})\b",
        rf"\bno (?:se )?(?:has?|ha sido|hay|veo|recibí|he recibido)[^.!?\n]{{0,30}}\b(?:{nouns})\b"
        r"(?: (?:adjunt|proporcionad|enviad|subid)|[.!?,]|$)",
    )


def _chinese(verbs: str, nouns: str) -> tuple[str, ...]:
    unable = "无法|無法|不能|没办法|沒辦法|没有能力|沒有能力"
    return (
        rf"(?:^|我|抱歉|对不起|對不起)[^。！？\n图圖]{{0,12}}(?:{unable})(?:直接|真正|实际)?(?:{verbs})[^。！？\n]{{0,8}}(?:{nouns})",
        rf"(?:作为|作為|身为)[^。！？\n]{{0,14}}(?:模型|AI|人工智能|助手)[^。！？\n]{{0,14}}(?:{unable})"
        rf"[^。！？\n]{{0,10}}(?:{nouns})",
        rf"(?:没有|沒有|未)(?:看到|收到|听到|提供|上传|上傳|附上|发送)(?:任何|您的|你的)?(?:{nouns})(?:[。！？，,]|$)",
    )


_LANGUAGES = (_english, _german, _french, _spanish, _chinese)
_PATTERNS = {sense: _patterns(sense) for sense in (SEEING, HEARING)}
