"""What a run shows: little, in a form that fits, and true."""

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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
    live.close("", list)
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
    live.close("epoch 2", list)
    written = capsys.readouterr().out
    assert written.startswith("\r██████████░░░░░░░░░░ epoch 1")
    assert written.count("\n") == 1


@pytest.fixture
def page(monkeypatch):
    """Pretend to be a notebook; return what each display showed, in order."""
    import IPython
    from IPython.core.interactiveshell import InteractiveShell

    displays = []

    class Kernel:
        kernel = object()

    class Handle:
        def __init__(self, shown):
            self.shown = shown

        def update(self, bundle, raw):
            self.shown.append(bundle)

    def display(bundle, raw, display_id):
        displays.append([bundle])
        return Handle(displays[-1])

    monkeypatch.setattr(IPython, "get_ipython", Kernel)
    monkeypatch.setattr("IPython.display.display", display)
    assert not InteractiveShell.initialized()
    return displays


def test_a_notebook_updates_one_line_and_the_curves_below_it(page):
    history = fit(small_net(), noise_set(), noise_set(20), epochs=5, batch_size=16)
    line, curves = page
    assert line[-1]["text/plain"].startswith("epoch 5/5")
    assert 'aria-label="training"' in line[-1]["text/html"]
    assert len(curves) == 4  # epochs 2 to 5
    for epoch, bundle in enumerate(curves, start=2):
        points = re.findall(r'points="([^"]*)"', bundle["text/html"])
        assert [len(p.split()) for p in points] == [epoch] * 4
    assert curves[-1]["text/html"] in history._repr_html_()


def test_the_last_curves_say_the_same_in_every_run(page):
    for _ in range(2):
        history = fit(small_net(), noise_set(), noise_set(20), epochs=3, batch_size=16)
    (_, first), (_, second) = page[:2], page[2:]
    assert first[-1] == second[-1]
    first, last = history.epochs[0], history.epochs[-1]
    assert second[-1]["text/plain"].splitlines() == [
        f"loss by epoch: train {first.train_loss:.3g} to {last.train_loss:.3g}, "
        f"valid {first.valid_loss:.3g} to {last.valid_loss:.3g}",
        f"accuracy by epoch: train {100 * first.train_accuracy:.3g} to "
        f"{100 * last.train_accuracy:.3g} %, valid {100 * first.valid_accuracy:.3g} to "
        f"{100 * last.valid_accuracy:.3g} %",
    ]


def size(bundle):
    return len(json.dumps(bundle, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("epochs", "drawn"), [(2, 1), (5, 4), (10, 7), (100, 6), (1000, 6)]
)
def test_a_notebook_gets_less_than_20_kilobytes_lines_and_curves_together(
    page, epochs, drawn
):
    progress, history = open_progress(True, epochs), history_of(epochs)
    text = "epoch 1000/1000 · loss 12.3456 · accuracy 12.34% · valid 1 · accuracy 1 %"
    for epoch in range(1, epochs + 1):
        for step in range(20):
            share = (epoch - 1 + step / 20) / epochs
            progress.update(text, share, now=1000 * share)
        rows = History(history.epochs[:epoch])
        progress.epoch(text, epoch / epochs, lambda rows=rows: rows)
    progress.close(text, lambda: history)
    line, curves = page
    assert sum(map(size, line + curves)) < 20_000
    assert len(curves) >= drawn
    assert len(line) > 20


def test_one_epoch_leaves_a_line_and_no_empty_curves(page):
    fit(small_net(), noise_set(), epochs=1, batch_size=16)
    assert len(page) == 1


def test_a_run_in_a_real_kernel_stays_under_20_kilobytes_and_writes_no_errors():
    sent = []

    class Client(NotebookClient):
        def process_message(self, message, cell, index):
            sent.append(message["content"].get("data", {}))
            return super().process_message(message, cell, index)

    code = (
        "from coursekit.training import fit\n"
        "from tests.small_runs import noise_set, small_net\n"
        "done = fit(small_net(), noise_set(48), noise_set(20), epochs=100)"
    )
    cell = nbformat.v4.new_code_cell(code)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    root = Path(__file__).resolve().parent.parent
    Client(notebook, resources={"metadata": {"path": str(root)}}).execute()
    assert sum(map(bool, sent)) >= 4  # line and curves, each made and updated
    assert sum(map(size, sent)) < 20_000
    line, curves = notebook.cells[0].outputs
    assert {line.output_type, curves.output_type} == {"display_data"}
    assert line.data["text/plain"].startswith("epoch 100/100")
    assert curves.data["text/plain"].startswith("loss by epoch: train ")
    assert curves.data["text/html"].count("<polyline") == 4


@pytest.mark.parametrize("n", [2, 119, 120, 121, 239, 1000])
def test_the_curves_run_from_the_first_epoch_to_the_last(n):
    for points in re.findall(r'points="([^"]*)"', history_of(n)._repr_html_()):
        places = [tuple(map(float, point.split(","))) for point in points.split()]
        assert len(places) == min(n, 120)
        assert (places[0][0], places[-1][0]) == (12, 548)
        assert all(44 <= y <= 244 for _, y in places)


def test_the_curves_are_told_apart_without_colour():
    lines = re.findall("<polyline[^>]*>", history_of(3)._repr_html_())
    assert ["dash" in line for line in lines] == [False, True, False, True]
    assert history_of(3)._repr_html_().count(">valid</tspan>") == 2
    assert ">valid</tspan>" not in history_of(3, valid=False)._repr_html_()


def test_the_table_of_a_history_is_text_and_html():
    history = history_of(3)
    lines = repr(history).splitlines()
    assert lines[0].split() == HEADINGS
    assert lines[2].split() == FIRST_ROW
    assert lines[-1] == "device cpu · seed 0"
    page = history._repr_html_()
    assert page.count("<tr") == 4
    assert 'role="img" aria-label="loss by epoch: train 1 to 0.333, valid' in page


def test_a_long_history_shows_24_rows_from_first_to_last():
    shown = repr(history_of(1000)).splitlines()[2:-2]
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
