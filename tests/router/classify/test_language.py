"""Language: by script where the script tells, by n-grams where it does not."""

from __future__ import annotations

import pytest

from qwen_router.classify import Classifier

SENTENCES = {
    "en": "The weather is nice today and we are going to the beach.",
    "fr": "Il fait beau aujourd'hui et nous allons à la plage.",
    "de": "Das Wetter ist heute schön und wir gehen an den Strand.",
    "es": "Hoy hace buen tiempo y vamos a la playa con los niños.",
    "pt": "O tempo está bom hoje e vamos à praia com as crianças.",
    "it": "Oggi il tempo è bello e andiamo in spiaggia con i bambini.",
    "nl": "Het is vandaag mooi weer en we gaan naar het strand.",
    "pl": "Dzisiaj jest ładna pogoda i idziemy na plażę z dziećmi.",
    "ru": "Сегодня хорошая погода, и мы идём на пляж с детьми.",
    "uk": "Сьогодні гарна погода, і ми йдемо на пляж із дітьми.",
    "zh": "今天天气很好，我们要去海边。",
    "ja": "今日は天気がいいので、海に行きます。",
    "ko": "오늘은 날씨가 좋아서 바다에 갑니다.",
    "ar": "الطقس جميل اليوم وسنذهب إلى الشاطئ.",
    "fa": "امروز هوا خوب است و ما به ساحل می‌رویم.",
    "hi": "आज मौसम अच्छा है और हम समुद्र तट पर जा रहे हैं।",
    "th": "วันนี้อากาศดีและเรากำลังจะไปทะเล",
    "vi": "Hôm nay thời tiết đẹp và chúng tôi đi ra bãi biển.",
    "tr": "Bugün hava güzel ve çocuklarla plaja gidiyoruz.",
    "he": "מזג האוויר נעים היום ואנחנו הולכים לים.",
    "el": "Ο καιρός είναι καλός σήμερα και πάμε στην παραλία.",
    "te": "ఈ రోజు వాతావరణం బాగుంది, మేము బీచ్‌కి వెళ్తున్నాము.",
    "sv": "Vädret är fint i dag och vi går till stranden.",
    "fi": "Tänään on kaunis sää ja menemme rannalle lasten kanssa.",
    "sw": "Leo hali ya hewa ni nzuri na tunaenda ufukweni na watoto.",
}


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_language(classifier: Classifier, language: str) -> None:
    assert classifier.classify_text(SENTENCES[language]).language == language


def test_comments_decide_over_code(classifier: Classifier) -> None:
    text = 'def f(a, b):\n    """Dado un arreglo de enteros, devuelve la suma de los elementos pares."""\n'
    assert classifier.classify_text(text).language == "es"


def test_no_letters_have_no_language(classifier: Classifier) -> None:
    assert classifier.classify_text("12 + 30 = ?").language == "und"
