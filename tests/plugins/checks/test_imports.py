from qwen_router_plugins.checks.imports import missing_modules


def test_modules_that_are_not_there_are_named_once():
    code = (
        "import os, nosuchthing.a\nfrom nosuchthing import b\nfrom . import c\ndef f():\n    import other_nosuch as o\n"
    )
    assert missing_modules(code) == ["nosuchthing", "other_nosuch"]


def test_installed_and_standard_modules_are_there():
    assert missing_modules("import json\nimport pydantic\nfrom xml.etree import ElementTree\nimport __future__") == []


def test_a_package_that_the_prompt_names_is_fine():
    assert missing_modules("import nosuchthing", "Use NoSuchThing to read it") == []
    assert missing_modules("import nosuch", "Use nosuchthing") == ["nosuch"]


def test_a_guarded_import_is_no_mistake():
    assert missing_modules("try:\n    import nosuchthing\nexcept ImportError:\n    pass") == []


def test_nothing_is_imported_to_find_out(monkeypatch, tmp_path):
    (tmp_path / "harmful_module.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    assert missing_modules("import harmful_module.sub") == []
