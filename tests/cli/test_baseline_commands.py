import json

import pytest

from rfmae.workflows.learning.baselines import baseline_names


def test_a_baseline_is_trained_and_reported(rfmae, dataset, here):
    done = rfmae("baseline", "cumulants", "--data", dataset.folder, "-o", "svm")
    assert done.exit_code == 0, done.output
    assert "support vector machine" in done.stdout
    assert "in svm" in done.stdout
    assert {path.name for path in (here / "svm").iterdir()} == {"card.json", "arrays.npz"}


def test_json_is_the_card_and_the_folder(rfmae, dataset):
    done = rfmae(
        "baseline", "logistic", "--data", dataset.folder, "-o", "lr", "--labels", 9, "--json"
    )
    message = json.loads(done.stdout)
    assert (message["model"], message["kind"], message["name"]) == ("lr", "baseline", "logistic")
    assert (message["labels"], message["examples"]) == (9, 9)


def test_without_an_output_folder_it_lands_under_its_name(rfmae, dataset, here):
    done = rfmae("baseline", "logistic", "--data", dataset.folder, "--labels-per-class", 2)
    assert done.exit_code == 0, done.output
    assert (here / "artifacts" / "runs" / "logistic-tiny-2-each" / "card.json").is_file()


def test_a_wrong_name_lists_the_right_ones(rfmae, dataset):
    done = rfmae("baseline", "boosting", "--data", dataset.folder)
    assert done.exit_code == 2
    assert all(name in done.stderr for name in baseline_names())
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", baseline_names())
def test_the_help_names_every_baseline(name, rfmae):
    assert name in rfmae("baseline", "--help").stdout


def test_two_budgets_at_once_are_refused(rfmae, dataset, here):
    done = rfmae(
        "baseline", "logistic", "--data", dataset.folder, "--labels", 9, "--labels-per-class", 2
    )
    assert done.exit_code == 2
    assert "leave out all but one" in done.stderr
    assert not (here / "artifacts").exists()
