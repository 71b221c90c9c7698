"""Finds the numbers that states give to persons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from qwen_router_plugins.guards.pii.entity import Entity, follows


class _Form(NamedTuple):
    """How a number is written, the module of python-stdnum that checks it, and the words that must stand before it."""

    pattern: re.Pattern[str]
    module: str
    words: re.Pattern[str] | None = None


_START, _END = r"(?<![\w.+-])(?=[A-Z]{0,6}\d)", r"(?![\w-]|\.\d)"


def _form(module: str, pattern: str, words: str = "") -> _Form:
    context = re.compile(rf"(?i)(?<!\w)(?:{words})") if words else None
    return _Form(re.compile(rf"(?:{pattern}){_END}", re.ASCII), module, context)


# Where a form is rare and its checksum good, no word is needed.
_FORMS = (
    _form("us.ssn", r"\d{3}-\d\d-\d{4}"),
    _form("us.ssn", r"\d{3} ?\d\d ?\d{4}", r"ssn|social security"),
    _form("us.itin", r"9\d\d-\d\d-\d{4}"),
    _form("ca.sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", r"sin\b|social insurance|assurance sociale"),
    _form("gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", r"nhs"),
    _form("es.dni", r"\d{8}-?[A-HJ-NP-TV-Z]"),
    _form("es.nie", r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]"),
    _form("it.codicefiscale", r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]"),
    _form("fr.nir", r"[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d"),
    _form("de.idnr", r"\d\d ?\d{3} ?\d{3} ?\d{3}", r"steuer|idnr|id-nr|tax"),
    _form("nl.bsn", r"\d{9}|\d{4}\.\d\d\.\d{3}", r"bsn|burgerservice|sofi"),
    _form("be.nn", r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d"),
    _form("ch.ssn", r"756\.\d{4}\.\d{4}\.\d\d"),
    _form("pl.pesel", r"\d{11}", r"pesel"),
    _form("se.personnummer", r"(?:\d\d)?\d{6}[-+]\d{4}"),
    _form("fi.hetu", r"\d{6}[-+A]\d{3}[0-9A-FHJ-NPR-Y]"),
    _form("dk.cpr", r"\d{6}-?\d{4}", r"cpr|personnummer"),
    _form("no.fodselsnummer", r"\d{6} ?\d{5}", r"fødsels|fodsels|personnummer"),
    _form("tr.tckimlik", r"\d{11}", r"t\.?c\.?|kimlik"),
    _form("br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d\d"),
    _form("br.cpf", r"\d{11}", r"cpf"),
    _form("mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d"),
    _form("cn.ric", r"\d{17}[\dX]"),
    _form("kr.rrn", r"\d{6}-\d{7}"),
    _form("in_.aadhaar", r"[2-9]\d{3}[ -]\d{4}[ -]\d{4}"),
    _form("in_.aadhaar", r"[2-9]\d{11}", r"aadhaar|aadhar|uid"),
    _form("in_.pan", r"[A-Z]{5}\d{4}[A-Z]"),
    _form("au.tfn", r"\d{3} ?\d{3} ?\d{2,3}", r"tfn|tax file"),
    _form("za.idnr", r"\d{13}", r"id\b|identity"),
)
# British insurance numbers have no checksum: https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)",
    re.ASCII,
)
_ANY = re.compile(_START + "(?:" + "|".join(form.pattern.pattern for form in _FORMS) + ")", re.ASCII)


def find_identities(text: str, start: int, end: int) -> Iterator[Entity]:
    """Yield numbers of persons: social security, tax, health and identity cards."""
    for insurance in _NINO.finditer(text, start, end):
        yield Entity("ID", *insurance.span())
    for some in _ANY.finditer(text, start, end):
        for form in _FORMS:
            if (found := form.pattern.match(text, some.start())) and _holds(form, text, found):
                yield Entity("ID", *found.span())
                break


def _holds(form: _Form, text: str, found: re.Match[str]) -> bool:
    if form.words is not None and not follows(form.words, text, found.start()):
        return False
    return bool(_checker(form.module).is_valid(found[0]))


@cache
def _checker(module: str) -> Any:
    return import_module(f"stdnum.{module}")
