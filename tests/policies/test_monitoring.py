"""The dashboard, the alert rules and the table of metrics speak of metrics that exist."""

import json
import re
from pathlib import Path

import pytest
import yaml

from qwen_router_plugins.observers.metrics.catalogue import METRICS

HOME = Path(__file__).parents[2] / "policies" / "monitoring"
DASHBOARD = json.loads((HOME / "grafana-dashboard.json").read_text("utf-8"))
RULES = [r for g in yaml.safe_load((HOME / "alerts.yml").read_text("utf-8"))["groups"] for r in g["rules"]]
TARGETS = [(panel["title"], target) for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
EXPRESSIONS = [(title, target["expr"]) for title, target in TARGETS] + [(r["alert"], r["expr"]) for r in RULES]
OF_THE_SCRAPE = {"job", "instance", "le"}


def series():
    """Return the labels of everything that is scraped, by its name."""
    found = {}
    for metric in METRICS:
        names = [metric.name]
        if metric.kind == "histogram":
            names = [f"{metric.name}{suffix}" for suffix in ("_bucket", "_sum", "_count")]
        found |= {name: {*metric.labels, *OF_THE_SCRAPE} for name in names}
    return found


def selected(expression):
    """Yield each metric of an expression, with the labels that are selected and those it is summed by."""
    for match in re.finditer(r"(qwen_router_\w+)(?:\{([^}]*)\})?", expression):
        yield match[1], set(re.findall(r"(\w+)\s*[=!]~?\"", match[2] or ""))
    for match in re.finditer(r"sum by \(([^)]*)\) \((?:\w+\()*(qwen_router_\w+)", expression):
        yield match[2], {name.strip() for name in match[1].split(",")}


@pytest.mark.parametrize(("title", "expression"), EXPRESSIONS, ids=[title for title, _ in EXPRESSIONS])
def test_every_expression_asks_for_metrics_and_labels_that_exist(title, expression):
    known = series()
    asked = list(selected(expression))
    assert asked
    for name, labels in asked:
        assert name in known, f"{title} asks for {name}"
        assert labels <= known[name], f"{title} asks for {labels - known[name]} of {name}"
    assert expression.count("(") == expression.count(")")


def test_an_unknown_name_or_label_would_be_noticed():
    assert dict(selected('sum by (job) (rate(qwen_router_nothing{kind="x"}[5m]))')).keys() == {"qwen_router_nothing"}
    assert ("qwen_router_nothing", {"kind"}) in selected('sum by (job) (rate(qwen_router_nothing{kind="x"}[5m]))')
    assert ("qwen_router_nothing", {"job"}) in selected('sum by (job) (rate(qwen_router_nothing{kind="x"}[5m]))')
    assert "qwen_router_nothing" not in series()


def test_every_metric_is_on_the_dashboard():
    shown = " ".join(target["expr"] for _, target in TARGETS)
    assert [m.name for m in METRICS if m.name not in shown] == []


def test_what_a_legend_names_is_what_a_query_is_summed_by():
    for title, target in TARGETS:
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = {n.strip() for by in re.findall(r"by \(([^)]*)\)", target["expr"]) for n in by.split(",")}
        assert named <= kept, title


def test_panels_do_not_overlap_and_use_the_chosen_data_source():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"
        assert panel["type"] == "row" or panel["description"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert {v["name"] for v in DASHBOARD["templating"]["list"]} == {"datasource", "job", "instance"}


def test_every_alert_says_how_bad_it_is_what_happened_and_what_to_do():
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 8
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"].keys() == {"summary", "description"}
        kept = {n.strip() for by in re.findall(r"by \(([^)]*)\)", rule["expr"]) for n in by.split(",")}
        kept |= {"job", "instance"}
        assert set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values()))) <= kept, rule["alert"]


def test_the_thresholds_of_speed_are_those_of_the_health_check():
    from qwen_router import Settings

    health, by_name = Settings().health, {rule["alert"]: rule["expr"].strip() for rule in RULES}
    assert by_name["QwenRouterSlow"].endswith(f"> {health.max_seconds:.0f}")
    assert by_name["QwenRouterWritesSlowly"].endswith(f"< {health.min_tokens_per_second:.0f}")
    assert float(by_name["QwenRouterMemoryGrows"].rpartition(">")[2]) == health.max_growth


def test_the_table_lists_every_metric_as_it_is():
    rows = re.findall(r"^\| `(qwen_router_\w+)` \| (.*) \|$", (HOME / "README.md").read_text("utf-8"), re.M)
    assert [
        (name, [cell.strip() for cell in cells.split("|")]) for name, cells in rows
    ] == [
        (m.name, [m.kind, ", ".join(f"`{label}`" for label in m.labels), m.unit, m.meaning]) for m in METRICS
    ]  # fmt: skip
    assert all(m.name.endswith("_total") == (m.kind == "counter") for m in METRICS)
    assert all(m.meaning.endswith(".") and "|" not in m.meaning for m in METRICS)
