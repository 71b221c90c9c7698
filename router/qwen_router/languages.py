"""The languages that answers can be asked for in, and what tells that a text asks for one."""

from __future__ import annotations

import re

NAMES = {
    "ar": ("Arabic", "العربية"), "bn": ("Bengali", "বাংলা"), "cs": ("Czech", "Čeština"), "da": ("Danish", "Dansk"),
    "de": ("German", "Deutsch"), "el": ("Greek", "Ελληνικά"), "en": ("English", "English"),
    "es": ("Spanish", "Español"), "fa": ("Persian", "فارسی"), "fi": ("Finnish", "Suomi"),
    "fr": ("French", "Français"), "he": ("Hebrew", "עברית"), "hi": ("Hindi", "हिन्दी"), "hu": ("Hungarian", "Magyar"),
    "id": ("Indonesian", "Bahasa Indonesia"), "it": ("Italian", "Italiano"), "ja": ("Japanese", "日本語"),
    "ko": ("Korean", "한국어"), "ms": ("Malay", "Bahasa Melayu"), "nb": ("Norwegian", "Norsk"),
    "nl": ("Dutch", "Nederlands"), "pl": ("Polish", "Polski"), "pt": ("Portuguese", "Português"),
    "ro": ("Romanian", "Română"), "ru": ("Russian", "Русский"), "sv": ("Swedish", "Svenska"),
    "sw": ("Swahili", "Kiswahili"), "ta": ("Tamil", "தமிழ்"), "te": ("Telugu", "తెలుగు"), "th": ("Thai", "ไทย"),
    "tl": ("Tagalog", "Tagalog"), "tr": ("Turkish", "Türkçe"), "uk": ("Ukrainian", "Українська"),
    "ur": ("Urdu", "اردو"), "vi": ("Vietnamese", "Tiếng Việt"), "zh": ("Chinese", "中文"),
}  # fmt: skip
"""English and own name, by BCP 47 code."""

_OTHER_NAMES = """
mandarin cantonese farsi latin bulgarian croatian serbian catalan
inglés inglesa español española francés alemán italiano portugués ruso japonés chino coreano árabe
anglais espagnol français allemand italien portugais russe japonais chinois coréen arabe
englisch spanisch französisch italienisch portugiesisch russisch japanisch chinesisch koreanisch arabisch
inglese spagnolo francese tedesco russo giapponese cinese inglês espanhol francês alemão japonês chinês
translat traduc tradui traduz übersetz vertaal language idioma langue sprache
"""
_WORDS = sorted({*(n.lower() for pair in NAMES.values() for n in pair), *_OTHER_NAMES.split()}, key=len, reverse=True)
_NAMED = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, _WORDS))})", re.IGNORECASE)
# Scripts without spaces, and those that inflect.
_NAMED_ELSEWHERE = re.compile(
    r"英语|英文|中文|汉语|漢語|法语|法文|德语|德文|西班牙|日语|日文|俄语|俄文|韩语|阿拉伯语|葡萄牙|意大利语|语言|"
    r"英語|日本語|中国語|フランス語|ドイツ語|スペイン語|韓国語|翻訳|翻译|"
    r"영어|중국어|일본어|프랑스어|독일어|번역|"
    r"англи|русск|немец|француз|испан|китай|япон|перев|"
    r"الإنجليزية|الفرنسية|ترجم|अंग्रेज़ी|हिंदी|अनुवाद"
)


def speaks_of_language(text: str) -> bool:
    """Say whether a text names a language or speaks of translating, so that its own need not be the answer's."""
    return bool(_NAMED.search(text) or _NAMED_ELSEWHERE.search(text))


def instruction(language: str) -> str:
    """Return the sentence that asks a model for a language, `""` for one that we have no name of."""
    names = NAMES.get(language.partition("-")[0])
    return f"Answer in {names[0]}." if names else ""


def heading(language: str) -> str:
    """Return the heading of an answer's section in a language."""
    names = NAMES.get(language.partition("-")[0])
    return f"### {names[1] if names else language}"
