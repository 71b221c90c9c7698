"""Tells an answer in a language that nobody asked for."""

from __future__ import annotations

import re

from qwen_router import identify_language

_NAMES = """
english chinese mandarin cantonese spanish french german italian portuguese russian japanese korean arabic hindi turkish
dutch polish swedish norwegian danish finnish greek hebrew thai vietnamese indonesian malay swahili bengali telugu tamil
urdu persian farsi ukrainian czech romanian hungarian latin bulgarian croatian serbian catalan tagalog
inglés inglesa español española francés alemán italiano portugués ruso japonés chino coreano árabe
anglais espagnol français allemand italien portugais russe japonais chinois coréen arabe
englisch spanisch französisch deutsch italienisch russisch japanisch chinesisch koreanisch arabisch
inglese spagnolo francese tedesco russo giapponese cinese inglês espanhol francês alemão japonês chinês
"""
_NAMED = re.compile(rf"\b(?:{'|'.join(sorted(_NAMES.split(), key=len, reverse=True))})", re.IGNORECASE)
_NAMED_ELSEWHERE = re.compile(
    r"英语|英文|中文|汉语|漢語|法语|法文|德语|德文|西班牙|日语|日文|俄语|俄文|韩语|阿拉伯语|葡萄牙|意大利语|语言|"
    r"英語|日本語|中国語|フランス語|ドイツ語|スペイン語|韓国語|翻訳|翻译|"
    r"영어|중국어|일본어|한국어|프랑스어|독일어|번역|"
    r"англи|русск|немец|француз|испан|китай|япон|перев|"
    r"الإنجليزية|العربية|الفرنسية|ترجم|अंग्रेज़ी|हिंदी|अनुवाद"
)
_TRANSLATES = re.compile(
    r"\b(?:translat|traduc|tradui|tradu[cz]|übersetz|vertaal|übertrag|language|idioma|langue|sprache)", re.IGNORECASE
)
# Neighbours that short texts don't tell apart.
_NEAR = (
    {"zh", "ja"}, {"es", "pt", "gl", "ca", "it"}, {"ru", "uk", "bg", "mk", "sr"}, {"id", "ms", "tl"},
    {"da", "no", "nb", "sv"}, {"cs", "sk", "pl"}, {"hr", "sr", "sl", "bs"}, {"ar", "fa", "ur"}, {"hi", "mr"},
    {"nl", "af", "de"},
)  # fmt: skip
_LEAST_LETTERS = 160
"""Of a text in Latin letters; other scripts are told by their letters alone."""


def unasked_natural_language(request: str, asked: str, answer: str) -> str | None:
    """Return the language of an answer when it isn't the request's and the request speaks of no language.

    Args:
        asked: The request's language, a BCP 47 code.
    """
    if asked == "und" or any(p.search(request) for p in (_NAMED, _NAMED_ELSEWHERE, _TRANSLATES)):
        return None
    found = identify_language(answer)
    if found in ("und", asked) or any({found, asked} <= near for near in _NEAR):
        return None
    latin = len(re.findall(r"[a-zA-Z]", answer))
    letters = len(re.findall(r"[^\W\d_]", answer))
    # Names, code and formulas are in Latin letters everywhere.
    if latin > letters / 2 and latin < _LEAST_LETTERS:
        return None
    return found
