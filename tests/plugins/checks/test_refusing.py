from __future__ import annotations

import pytest

from qwen_router_plugins.checks.refusing import HEARING, SEEING, refuses


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't see the image.",
        "I\u2019m sorry, but I can\u2019t view images directly.",
        "I cannot view or analyze images, but I can help if you describe it.",
        "As a text model I am unable to view images.",
        "As a text-based AI, I don't have the capability to process pictures.",
        "As an AI language model, I cannot look at photos.",
        "I am currently not able to directly access attachments.",
        "Unable to process this image.",
        "No image was provided. Please upload it.",
        "It looks like no picture has been attached to your message.",
        "I don't see any image attached.",
        "You haven't attached an image.",
        "Es tut mir leid, ich kann das Bild leider nicht sehen.",
        "Ich kann keine Bilder ansehen.",
        "Ich bin nicht in der Lage, Bilder direkt zu betrachten.",
        "Es wurde kein Bild angehängt.",
        "Je suis désolé, mais je ne peux pas voir les images.",
        "Je ne suis pas en mesure de visualiser cette photo.",
        "Aucune image n'a été fournie.",
        "Lo siento, no puedo ver imágenes.",
        "No tengo la capacidad de analizar directamente la imagen.",
        "No has adjuntado ninguna imagen.",
        "抱歉，我无法查看图片。",
        "对不起，我不能直接看到您发送的图像。",
        "作为一个语言模型，我无法处理图片。",
        "您没有上传图片。",
    ],
)
def test_refusing_to_look(text: str):
    assert refuses(text, SEEING)


@pytest.mark.parametrize(
    "text",
    [
        "Sorry, I can't listen to audio.",
        "As a language model, I am unable to hear recordings.",
        "No audio was provided.",
        "Ich kann die Aufnahme leider nicht anhören.",
        "Je ne peux pas écouter les fichiers audio.",
        "No puedo escuchar el audio.",
        "很抱歉，我无法收听音频。",
        "作为语言模型，我不能播放录音。",
    ],
)
def test_refusing_to_listen(text: str):
    assert refuses(text, HEARING)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A red square on a white ground.",
        "The man in the picture can't see the dog behind him.",
        "I can't see any images of cats in this collage; there are two dogs.",
        "I can see the image: a chart of sales by month.",
        "The sign reads: \u201cNo pictures allowed\u201d.",
        "The text says that visitors cannot take photos.",
        "Auf dem Bild ist ein Hund, der die Katze nicht sehen kann.",
        "L'image montre une personne qui ne peut pas lire le panneau.",
        "La imagen muestra a un niño que no puede ver el partido.",
        "图片中有一个人，他看不到身后的狗。",
        "这张图片显示一个标志，上面写着“禁止拍照”。",
        "A chart of " + "sales, " * 80 + "I can't see the image any better.",
    ],
)
def test_an_answer_that_looked_is_none(text: str):
    assert not refuses(text, SEEING)


@pytest.mark.parametrize(
    "text",
    [
        "A dog barks twice, then a door closes.",
        "The speaker says that she can't hear the music.",
        "I can't hear any sounds of traffic, only birds.",
        "说话者说他听不到音乐。",
    ],
)
def test_an_answer_that_listened_is_none(text: str):
    assert not refuses(text, HEARING)
