"""Facts about how a result was made are told with the digits and in the order people read."""

from sample_reports import sample_report

from rfmae.reporting.facts import as_list, facts_of, in_order


def test_what_is_requested_for_most_comes_first_and_is_left_out_where_it_is_not_known():
    facts = in_order({"data_set": "d", "versions": {"rfmae": "0.1"}, "command": "rfmae eval-snr"})
    assert list(facts) == ["command", "versions", "data_set"]


def test_numbers_are_rounded_and_durations_are_words():
    facts = {
        "seconds": 3725.123,
        "share": 0.123456789,
        "examples": {"train": 67200, "test": 500},
        "seed": 123456,
        "is_clean": True,
    }
    assert in_order(facts) == {
        "duration": "1 h 2 min",
        "share": "0.1235",
        "examples": {"train": "67,200", "test": "500"},
        "seed": "123456",
        "is_clean": True,
    }
    assert [in_order({"seconds": s})["duration"] for s in (4.27, 59.6, 61)] == [
        "4.3 s", "60 s", "1 min 1 s",
    ]  # fmt: skip


def test_in_markdown_a_fact_is_a_line():
    assert (
        as_list(in_order({"test_split": "once", "labels": [1, 2]}))
        == "- test split: once\n- labels: 1, 2"
    )


def test_the_machine_is_that_of_the_cost():
    assert facts_of(sample_report(per_point=1))["machine"] == "cpu, 2 threads"
