"""The page of a report is whole, well formed, small, and safe whatever the classes are called."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sample_reports import gallery, sample_report

from rfmae.records import SnrReport
from rfmae.reporting.markdown_page import markdown_page
from rfmae.reporting.page.gallery import gallery_of
from rfmae.reporting.page.page import page, unbroken
from rfmae.reporting.report_record import Report, report_of, whole_json

_VOID = {"meta", "link", "img", "input", "br", "path", "rect", "line"}
_HOSTILE = "</script><script>alert(1)</script><b>&\"'{{7*7}}"
_SECTIONS = [
    *(
        "labels",
        "accuracy",
        "summary",
        "snr",
        "gap",
        "confidence",
        "robustness",
        "unknown",
        "denoising",
    ),
    *("embedding", "cost", "ceilings", "provenance"),
]


class Balance(HTMLParser):
    """Elements as they open and close."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids, self.links = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def read(text):
    balance = Balance()
    balance.feed(text)
    balance.close()
    assert balance.open == []
    return balance


def data_of(text):
    found = re.search(
        r'<script type="application/json" id="report-data">(.*?)</script>', text, re.S
    )
    return json.loads(found[1])


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=4)


@pytest.fixture(scope="module")
def text(report):
    return page(report)


def test_every_element_that_opens_closes_and_every_id_is_one(text):
    balance = read(text)
    assert len(balance.ids) == len(set(balance.ids))
    assert balance.seen.count("h1") == 1


def test_every_part_of_the_report_has_its_section(text):
    assert re.findall(r'<section id="([a-z]+)"', text) == _SECTIONS


def test_the_page_asks_nobody_for_anything(text):
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)
    for link in read(text).links:
        assert link.startswith(("#", "data:"))
    assert "default-src 'none'" in text


def test_the_page_is_small(text):
    assert len(text.encode()) < 5_000_000


def test_a_page_full_of_large_pictures_is_still_below_five_million_octets(rng):
    images = rng.random((3, 3, 112, 112))  # noise is what a PNG compresses least
    row = gallery(rng, (0.0,))[0]
    row = replace(row, noisy=images[0], reconstructed=images[1], clean=images[2])
    rows = [replace(row, snr_db=float(value)) for value in range(-25, 25)]
    report = replace(sample_report(per_point=1), gallery=rows)
    text = page(report)
    assert len(text.encode()) < 5_000_000
    assert text.count("<img") >= 3 * 10


def test_the_same_account_gives_the_same_page(report, text):
    record = json.loads(json.dumps(whole_json(report)))
    assert page(report_of(record)) == text


def test_the_numbers_of_the_page_are_those_of_the_report(report, text):
    data = data_of(text)
    for name, item in report.accuracy.items():
        assert data["models"][name]["counts"] == item.counts.tolist()
        assert data["models"][name]["overall"] == [item.accuracy, *item.interval]
        assert f"{100 * item.accuracy:.1f}" in text
    assert data["ceilings"]["sequence"] == report.ceilings["sequence"].accuracy.tolist()


def test_no_text_calls_a_ratio_to_what_a_reader_reached_one_to_a_ceiling(report, text):
    assert not report.ceilings["symbols"].is_bound
    assert data_of(text)["readers"] == ["symbols"]
    for message in (text, markdown_page(report)):
        assert "of the lower bound, symbols" in message
        assert "of the ceiling, symbols" not in message
    assert '<span class="label">of the lower bound</span>' in text
    assert "Where a ceiling is only a lower bound" in text
    assert "SNR known: " in text


def test_names_of_others_are_words_and_never_markup():
    counts = np.array([[[3, 1], [0, 4]]])
    hostile = SnrReport(counts, (0.0,), (_HOSTILE, "QPSK"), "symbol")
    report = Report(_HOSTILE, _HOSTILE, {_HOSTILE: {"inner": _HOSTILE}}, {_HOSTILE: hostile},
                    notes=(_HOSTILE,))  # fmt: skip
    text = page(report)
    balance = read(text)
    assert balance.seen.count("script") == 2
    assert text.count("</script") == 2
    assert not re.search(r"[<>&]", re.search(r'id="report-data">(.*)</script>', text)[1])
    assert "b" not in balance.seen
    assert text.count("{{7*7}}") >= 8  # nothing in braces was computed
    assert list(data_of(text)["models"]) == [_HOSTILE]


@pytest.mark.parametrize("part", ["accuracy", "assessments", "denoising", "gallery", "ceilings"])
def test_a_page_without_a_part_is_whole(report, part):
    empty = replace(report, **{part: type(getattr(report, part))()} if part != "denoising" else
                    {part: None})  # fmt: skip
    if part == "accuracy":  # the results of models has no meaning without them
        empty = replace(empty, assessments={}, comparisons=())
    read(page(empty))


def test_a_report_of_nothing_is_a_page():
    text = page(Report("Short", "Nothing was measured.", {}))
    assert re.findall(r'<section id="([a-z]+)"', text) == ["provenance"]
    read(text)


def test_one_snr_point_and_one_model_make_a_page():
    one = SnrReport(np.array([[[9, 1], [2, 8]]]), (5.0,), ("BPSK", "QPSK"), "symbol")
    text = page(Report("One", "One point.", {}, {"model": one}))
    read(text)
    assert "NaN" not in text.split("</style>")[1].split("<script>")[0]
    assert 'id="model"' not in text


@pytest.mark.parametrize("missing", [float("nan"), float("inf")])
def test_no_drawing_holds_a_number_that_is_none(report, missing):
    psnr_db = {**report.denoising.psnr_db, "blank": np.full(21, missing)}
    broken = replace(report, denoising=replace(report.denoising, psnr_db=psnr_db))
    drawn = "".join(re.findall(r"<svg.*?</svg>", page(broken), re.S))
    assert not re.search(r"\b(nan|inf)\b", drawn)
    assert not re.search(r'd="M?Z?"', drawn)


def test_no_number_parts_from_its_unit():
    assert unbroken("83.1 % at 5 dB and more") == "83.1\u00a0% at 5\u00a0dB and more"
    assert unbroken("(82.0–84.1)") == "(82.0\u2060–\u206084.1)"


def test_columns_of_numbers_are_set_to_the_right_and_the_total_stands_out(report, text):
    heads = re.search(r'aria-label="Low, middle.*?<thead><tr>(.*?)</tr>', text, re.S)[1]
    assert re.findall('<th scope="col"( class="num")?>', heads)[:3] == ["", "", ' class="num"']
    assert '<tr class="total"><th scope=row>all</th>' in text


def test_every_picture_stands_at_its_own_snr(report):
    message = whole_json(report)["gallery"]
    shown = gallery_of(message, (-10.0, 0.0, 10.0))
    assert [item.point for item in shown] == [
        int(np.argmin([abs(row["snr_db"] - at) for at in (-10, 0, 10)])) for row in message
    ]
    assert sum(item.at_first for item in shown) == 12
