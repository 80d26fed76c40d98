"""What a run shows: little, in a form that fits, and true."""

import sys

import pytest

from coursekit.training import fit
from coursekit.training import progress as progress_module
from coursekit.training.history import Epoch, History
from coursekit.training.progress import Progress, open_progress
from tests.small_runs import noise_set, small_net

HEADINGS = ["epoch", "loss", "accuracy", "valid", "accuracy", "seconds", "lr"]
FIRST_ROW = ["1", "1.0000", "0.00%", "2.0000", "0.00%", "0.5", "0.1"]


def history_of(n, valid=True):
    rows = [
        Epoch(i + 1, 1 / (i + 1), i / n, 2 / (i + 1) if valid else None,
              i / n if valid else None, 0.5, 0.1)
        for i in range(n)
    ]  # fmt: skip
    return History(tuple(rows), {"device": "cpu", "seed": 0}, (0.5,), (0.25,))


def test_a_plain_stream_gets_one_line_an_epoch(capsys):
    fit(small_net(), noise_set(), noise_set(20), epochs=3, batch_size=16)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "valid" in lines[0]


def test_a_plain_stream_gets_at_most_forty_lines_and_the_last_epoch(capsys):
    fit(small_net(), noise_set(16), epochs=300)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 40
    assert lines[-1].startswith("epoch 300/300")


def test_nothing_is_shown_when_nothing_is_wanted(capsys):
    fit(small_net(), noise_set(), epochs=1, progress=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("message", [10, 100, 1000])
@pytest.mark.parametrize("updates", [5, 1000, 100_000])
def test_a_live_display_stays_under_20_kilobytes_however_long_the_run(message, updates):
    shown = []

    def show(text, done):
        shown.append(done)
        return message

    live = Progress(show)
    for i in range(updates):
        live.update("", i / updates, now=float(i))
    live.close("")
    assert len(shown) * message < 20_000
    assert shown[-1] == 1.0
    if updates * message > 20_000 and message < 1000:
        last_tenth = [done for done in shown if done > 0.9]
        assert len(last_tenth) > 1  # the budget lasts to the end


def test_a_live_display_is_asked_ten_times_a_second_at_most():
    shown = []
    live = Progress(lambda text, done: shown.append(done) or 1)
    for i in range(100):
        live.update("", i / 100, now=i * 0.01)
    assert len(shown) == 10


def test_a_terminal_line_is_rewritten(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    live = open_progress(True)
    live.update("epoch 1", 0.5, now=1.0)
    live.close("epoch 2")
    written = capsys.readouterr().out
    assert written.startswith("\r██████████░░░░░░░░░░ epoch 1")
    assert written.count("\n") == 1


def test_a_notebook_updates_one_display(monkeypatch):
    import IPython
    from IPython.core.interactiveshell import InteractiveShell

    published = []

    class Kernel:
        kernel = object()

    class Handle:
        def update(self, bundle, raw):
            published.append(bundle)

    monkeypatch.setattr(IPython, "get_ipython", Kernel)
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: Handle())
    assert not InteractiveShell.initialized()
    fit(small_net(), noise_set(), epochs=2, batch_size=16)
    assert published[-1]["text/plain"].startswith("epoch 2/2")
    assert 'aria-label="training"' in published[-1]["text/html"]


def test_the_table_of_a_history_is_text_and_html():
    history = history_of(3)
    lines = repr(history).splitlines()
    assert lines[0].split() == HEADINGS
    assert lines[1].split() == FIRST_ROW
    assert lines[-1] == "device cpu · seed 0"
    page = history._repr_html_()
    assert page.count("<tr>") == 4
    assert 'role="img" aria-label="loss by epoch: train 1 to 0.333, valid' in page


def test_a_long_history_shows_24_rows_from_first_to_last():
    shown = repr(history_of(1000)).splitlines()[1:-1]
    assert len(shown) == 24
    assert shown[0].split()[0] == "1"
    assert shown[-1].split()[0] == "1000"
    assert len(history_of(1000)._repr_html_()) < 20_000


def test_a_history_without_validation_has_dashes_and_one_curve():
    assert " – " in repr(history_of(2, valid=False))
    assert history_of(2, valid=False)._repr_html_().count("<polyline") == 2


def test_columns_of_a_history_by_name():
    assert history_of(2)["train_accuracy"] == [0.0, 0.5]
    assert history_of(4).seconds == 2.0
    with pytest.raises(ValueError, match="`column` must be one of epoch, train_loss"):
        history_of(2)["accuracy"]


def test_the_time_left_is_in_proportion(monkeypatch):
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: 110.0)
    assert progress_module.left(100.0, 0.25) == "30 s left"
    assert progress_module.left(100.0, 0.01) == "16 min left"
