"""A box and a table say the same as text and as HTML, and no more than was given."""

from html.parser import HTMLParser

import pytest

from coursekit._base.card import GREEN, Card, Html, Table, frame, inline, wrapped


class Page(HTMLParser):
    """Collects tags with their attributes, and the text of table cells."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.cells, self.open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "img"):
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


FRUIT = Table(("fruit", "number"), [("fig", "7"), ("banana", "12")], "Two kinds")


def test_a_table_as_text_has_words_at_the_left_and_numbers_at_the_right():
    assert FRUIT.text() == (
        "fruit   number\n"
        "──────────────\n"
        "fig          7\n"
        "banana      12\n"
        "──────────────\n"
        "Two kinds"
    )


def test_a_table_as_html_has_the_same_cells_and_closes_what_it_opens():
    page = Page(FRUIT.html())
    assert page.cells == ["fruit", "number", "fig", "7", "banana", "12"]
    assert page.open == []
    heads = [attrs["scope"] for tag, attrs in page.tags if tag == "th"]
    assert heads == ["col", "col", "row", "row"]


def test_a_table_without_rows_is_its_caption():
    empty = Table(("fruit", "number"), [], "None yet")
    assert (empty.text(), empty.html()) == ("None yet", "<p>None yet</p>")


def test_a_row_may_have_a_coloured_edge():
    shown = Table(("a",), [("x",), ("y",)], edges=[GREEN, ""]).html()
    assert shown.count(f"border-left:6px solid {GREEN}") == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("`x < 1` holds", "<code>x &lt; 1</code> holds"),
        (Html("<b>x</b>"), "<b>x</b>"),
        ("<script>", "&lt;script&gt;"),
    ],
)
def test_what_is_shown_is_escaped_once(given, shown):
    assert inline(given) == shown
    assert shown in Table(("a", "b"), [("row", given)]).html()
    assert shown in Card("title", [("label", given)]).html()


def test_a_card_as_text_wraps_its_sentences_under_their_labels():
    card = Card("C01 true", [("why", "word " * 30), ("", "And so on.")])
    lines = card.text().splitlines()
    assert lines[0] == "C01 true"
    assert lines[1].startswith("  why        word word")
    assert lines[2].startswith("             word")
    assert lines[-1] == "  And so on."
    assert max(map(len, lines)) <= 88


def test_a_card_as_html_groups_rows_that_share_a_label():
    rows = [("case", "one"), ("case", "two"), ("why", "three"), ("", "four")]
    page = Page(Card("C01", rows, GREEN, "A verdict").html())
    assert page.cells == ["case", "onetwo", "why", "three"]
    assert page.tags[0][1]["aria-label"] == "A verdict"
    assert GREEN in page.tags[0][1]["style"]
    assert page.open == []


def test_a_frame_has_a_role_and_a_name_that_cannot_break_out_of_it():
    page = Page(frame("<i>in</i>", GREEN, 'a "name"', role="status"))
    assert page.tags[0][1]["role"] == "status"
    assert page.tags[0][1]["aria-label"] == 'a "name"'


def test_wrapped_text_keeps_long_words_and_hangs_where_it_is_told():
    text = wrapped("x" * 100 + " y", "→ ", hang="    ")
    assert text.splitlines() == ["→ " + "x" * 100, "    y"]
