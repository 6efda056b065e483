"""The page in a browser: nothing is logged, and all that can be moved moves."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from sample_reports import CLASSES, SNR_DB, sample_report

from rfmae.reporting.joining import renamed
from rfmae.reporting.page.page import page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ALL = None
_CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=4)


@pytest.fixture(scope="module")
def address(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(report), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, address):
    """Open the page; nothing may be logged, and nothing but the page may be requested."""
    contexts, complaints, requested = [], [], []

    def visited(width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: requested.append(request.url))
        tab.goto(address)
        return tab

    yield visited
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url for url in requested if not url.startswith("data:")} == {address}


def slide(tab, point):
    """Move the slider as a person does, to a point from the lowest up, or to all of them."""
    tab.locator("#point").focus()
    if point is ALL:
        tab.keyboard.press("End")
        return
    tab.keyboard.press("Home")
    for _ in range(point):
        tab.keyboard.press("ArrowRight")


def matrix(tab):
    return tab.locator("#confusion tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(1)"
        ".map(cell => cell.firstChild?.textContent ?? ''))"
    )


def expected_matrix(counts):
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return [
        [str(int(np.floor(100 * share + 0.5))) if share >= 0.005 else "" for share in row]
        for row in shares
    ]


def shown_pictures(tab):
    return tab.locator("#gallery figure:visible figcaption").all_inner_texts()


def test_the_slider_moves_the_confusion_matrix(visit, report):
    tab, counts = visit(), report.accuracy["DenoMAE2.0"].counts
    assert tab.locator("#point-name").inner_text() == "−10 dB"
    assert matrix(tab) == expected_matrix(counts[0])
    slide(tab, ALL)
    assert matrix(tab) == expected_matrix(counts.sum(axis=0))
    for point in (0, 10, 20):
        slide(tab, point)
        assert matrix(tab) == expected_matrix(counts[point])
    assert tab.locator("#point-name").inner_text() == "10 dB"
    assert tab.locator("#point").get_attribute("aria-valuetext") == "10 dB"


def test_the_slider_moves_the_gallery(visit):
    tab = visit()
    for point in (0, 4, 20):
        slide(tab, point)
        snr_db = f"{SNR_DB[point]:g}".replace("-", "−")
        assert shown_pictures(tab) == [f"{CLASSES[point % len(CLASSES)]} at {snr_db} dB"]
    slide(tab, ALL)
    assert len(shown_pictures(tab)) == 12


def test_the_accuracy_beside_the_matrix_is_that_of_the_point(visit, report):
    tab, shown = visit(), report.accuracy["DenoMAE2.0"]
    slide(tab, ALL)
    assert tab.locator("#here").inner_text() == f"{100 * shown.accuracy:.1f} %"
    slide(tab, 2)
    assert tab.locator("#here").inner_text() == f"{100 * shown.accuracy_per_snr[2]:.1f} %"
    ceiling = 100 * report.ceilings["sequence"].accuracy[2]
    assert f"ceiling, sequence: {ceiling:.1f} %" in tab.locator("#here-beside").inner_text()


def test_another_model_has_another_matrix(visit, report):
    tab = visit()
    slide(tab, ALL)
    tab.locator("#model").select_option("cumulants")
    assert matrix(tab) == expected_matrix(report.accuracy["cumulants"].confusion)


def test_a_model_of_other_classes_has_rows_and_columns_of_its_own(report, browser, tmp_path):
    whole = report.accuracy["cumulants"]
    counts = whole.counts.copy()
    counts[:, 2:] = 0  # the data hold the first two of its classes
    named = tuple(f"its {name}" for name in whole.classes)
    fewer = replace(whole, counts=counts, classes=named)
    models = {**report.accuracy, "cumulants": fewer}
    (tmp_path / "report.html").write_text(page(replace(report, accuracy=models)), encoding="utf-8")
    tab = browser.new_page()
    tab.goto((tmp_path / "report.html").as_uri())
    tab.locator("#model").select_option("cumulants")
    slide(tab, ALL)
    assert matrix(tab) == expected_matrix(fewer.confusion[:2])
    assert tab.locator("#confusion tbody th").all_inner_texts() == list(named[:2])
    assert tab.locator("#confusion thead th").all_inner_texts() == list(named)
    tab.locator("#model").select_option("DenoMAE2.0")
    assert matrix(tab) == expected_matrix(report.accuracy["DenoMAE2.0"].confusion)
    tab.close()


def test_a_click_on_the_first_chart_chooses_its_snr(visit):
    tab = visit()
    chart = tab.locator("#accuracy svg.wide")
    box = chart.bounding_box()
    scale = box["width"] / 860
    chart.click(position={"x": (52 + (860 - 52 - 196) / 2) * scale, "y": box["height"] / 2})
    assert tab.locator("#point").input_value() == "10"  # 0 dB, in the middle of the grid


def test_the_pointer_is_reported_the_figures_below_it(visit, report):
    tab = visit()
    chart = tab.locator("#accuracy svg.wide")
    scale = chart.bounding_box()["width"] / 860
    chart.hover(position={"x": 54 * scale, "y": 200 * scale})
    words = tab.locator("#tip").inner_text()
    assert words.startswith("−10 dB")
    assert f"{100 * report.accuracy['cumulants'].accuracy_per_snr[0]:.1f} %" in words


def test_a_table_is_copied_as_a_spreadsheet_takes_it(visit):
    tab = visit(permissions=["clipboard-read", "clipboard-write"])
    tab.locator("#accuracy summary").click()
    tab.locator("#accuracy .copy").click()
    copied = tab.locator("#accuracy .copy", has_text="Copied")
    copied.wait_for(timeout=10_000)  # the clipboard answers in its own time
    lines = [
        line.split("\t") for line in tab.evaluate("navigator.clipboard.readText()").split("\n")
    ]
    assert lines[0][:2] == ["Es/N0 (dB)", "DenoMAE2.0"]
    assert [float(line[0]) for line in lines[1:-1]] == list(SNR_DB)
    assert {len(line) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_is_as_wide_as_the_screen(visit, width):
    tab = visit(width)
    for fold in tab.locator("summary").all():
        fold.click()
    assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [390, 1280])
def test_long_names_of_many_models_widen_nothing(browser, report, tmp_path, width):
    names = {name: f"finetune-awgn-ten-57c71476-denomae2-small-{n}-seed0-{name}"
             for n, name in enumerate(report.accuracy)}  # fmt: skip
    path = tmp_path / "long.html"
    path.write_text(page(renamed(report, names)), encoding="utf-8")
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    tab.close()


def test_a_narrow_screen_has_its_own_charts(visit):
    assert visit(390).locator("#accuracy svg.narrow").is_visible()
    assert not visit(1280).locator("#accuracy svg.narrow").is_visible()


def brightness(tab):
    colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    return np.mean([int(part) for part in colour.strip("rgb()").split(",")])


def test_colours_are_those_of_the_system_until_somebody_chooses(visit):
    assert brightness(visit(color_scheme="light")) > 240
    tab = visit(color_scheme="dark")
    assert brightness(tab) < 40
    tab.locator("#theme").click()  # light
    assert brightness(tab) > 240
    tab.reload()
    assert brightness(tab) > 240
    tab.locator("#theme").click()  # dark
    assert brightness(tab) < 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_on_its_ground(visit, scheme):
    """Contrast of text against its own ground, WCAG 2.1: 4.5 at least, 3 where it is large."""
    tab = visit(color_scheme=scheme, reduced_motion="reduce")
    for point in (ALL, 0, 20):
        slide(tab, point)
        assert tab.evaluate(_CONTRAST) == []


def test_print_unfolds_the_tables_and_leaves_out_what_only_moves(visit):
    tab = visit()
    tab.emulate_media(media="print", color_scheme="dark")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    assert not tab.locator("#theme").is_visible()
    assert not tab.locator("#point").is_visible()
    assert tab.locator("#accuracy svg.wide").is_visible()
    assert brightness(tab) == 255
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details[open]").count() == 0


def test_one_class_of_the_map_is_picked_at_a_time(visit):
    tab = visit()
    buttons = tab.locator(".pick button")
    buttons.nth(2).click()
    assert tab.locator(".map.picked .speck.on").get_attribute("data-name") == CLASSES[2]
    buttons.nth(3).click()
    assert tab.locator(".map.picked .speck.on").get_attribute("data-name") == CLASSES[3]
    buttons.nth(3).click()
    assert tab.locator(".map.picked").count() == 0


def test_all_that_moves_can_be_reached_by_keys(visit):
    tab = visit()
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"theme", "point", "model", "copy"} <= reached


_CONTRAST = """() => {
  const parse = (text) => {
    const numbers = (text.match(/[\\d.]+/g) ?? []).map(Number);
    return text.startsWith("color(srgb") ? numbers.map((n, i) => (i < 3 ? 255 * n : n)) : numbers;
  };
  const linear = (part) => {
    const c = part / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => a * c + (1 - a) * below[i]);
  const ground = (element) => {
    const chain = [];
    for (let at = element; at; at = at.parentElement) {
      chain.push(parse(getComputedStyle(at).backgroundColor));
    }
    return chain.reverse().reduce((below, colour) => over(colour, below), [255, 255, 255]);
  };
  const poor = [];
  document.querySelectorAll("body *").forEach((element) => {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3);
    const own = words.some((node) => node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("script, .skip, option")) return;
    const style = getComputedStyle(element);
    const inside = element.namespaceURI.endsWith("svg");
    const colour = parse(inside ? style.fill : style.color);
    const below = ground(element);
    const [a, b] = [luminance(over(colour, below)), luminance(below)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5;
    const text = element.textContent.trim().slice(0, 20);
    if (ratio < least) poor.push(`${element.tagName} ${text} ${ratio.toFixed(2)}`);
  });
  return [...new Set(poor)].slice(0, 20);
}"""
