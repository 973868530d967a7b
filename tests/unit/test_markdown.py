"""Markdown as HTML: what is read, what a page gets, and what it costs at most."""

import re

import pytest

from blog_api.markdown import EXCERPT_MAX, excerpt, rendered

REL = 'rel="nofollow noopener ugc"'


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("Some *words* and **more**.", "<p>Some <em>words</em> and <strong>more</strong>.</p>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("a\nb  \nc", "<p>a\nb<br>\nc</p>\n"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("`x < y`", "<p><code>x &lt; y</code></p>\n"),
        ("---", "<hr>\n"),
        ("a <b>c</b> & d", "<p>a &lt;b&gt;c&lt;/b&gt; &amp; d</p>\n"),
        ("<https://a.b>", f'<p><a href="https://a.b" {REL}>https://a.b</a></p>\n'),
        ('[a](/b "c")', f'<p><a href="/b" title="c" {REL}>a</a></p>\n'),
        ("[a][b]\n\n[b]: mailto:c@d.e", f'<p><a href="mailto:c@d.e" {REL}>a</a></p>\n'),
    ],
)
def test_markdown_becomes_html(content: str, html: str) -> None:
    assert rendered(content) == html


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("# A", ["h2"]),
        ("### A", ["h2"]),
        ("# A\n## B\n# C", ["h2", "h3", "h2"]),
        ("## A\n#### B", ["h2", "h3"]),
        ("# A\n## B\n### C\n#### D\n##### E\n###### F", ["h2", "h3", "h4", "h5", "h6", "h6"]),
    ],
)
def test_headings_stand_below_the_title_of_the_page_and_leave_no_level_out(
    content: str, shown: list[str]
) -> None:
    assert re.findall(r"<(h[1-6])>", rendered(content)) == shown


def test_an_underlined_heading_does_too() -> None:
    assert rendered("A\n=") == "<h2>A</h2>\n"


@pytest.mark.parametrize(
    ("info", "named"),
    [
        ("python", ' class="language-python"'),
        ("c++ numbered", ' class="language-c++"'),
        ("", ""),
        ('x"y', ""),
        ("&quot;onclick=x", ""),
        ("x" * 41, ""),
    ],
)
def test_a_block_of_code_keeps_the_plain_name_of_its_language(info: str, named: str) -> None:
    html = rendered(f"```{info}\nx < 1\n```")

    assert html == f'<pre tabindex="0"><code{named}>x &lt; 1\n</code></pre>\n'


def test_an_indented_block_of_code_can_be_reached_by_the_keyboard_too() -> None:
    assert rendered("    x") == '<pre tabindex="0"><code>x\n</code></pre>\n'


def test_a_table_is_wrapped_to_be_scrolled_and_aligned_by_classes() -> None:
    html = rendered("|a|b|c|\n|-|:-:|-:|\n|1|2|3|")

    assert html == (
        '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n'
        '<thead>\n<tr>\n<th>a</th>\n<th class="align-center">b</th>\n'
        '<th class="align-right">c</th>\n</tr>\n</thead>\n'
        '<tbody>\n<tr>\n<td>1</td>\n<td class="align-center">2</td>\n'
        '<td class="align-right">3</td>\n</tr>\n</tbody>\n</table></div>\n'
    )


@pytest.mark.parametrize("address", ["https://a.b/c.png", "/media/c.png", "c.png", "HTTPS://a.b/c"])
def test_a_picture_loads_late_and_tells_nobody_where_it_is_shown(address: str) -> None:
    html = rendered(f"![d]({address})")

    assert html == (
        f'<p><img src="{address}" alt="d" loading="lazy" referrerpolicy="no-referrer"></p>\n'
    )


@pytest.mark.parametrize(
    "address",
    ["http://a.b/c.png", "//a.b/c.png", "data:image/png;base64,AA", "https:a.b", "mailto:a@b", ""],
)
def test_a_picture_from_elsewhere_than_a_secure_address_is_its_description(address: str) -> None:
    assert rendered(f"![d]({address})") == "<p>d</p>\n"


def test_footnotes_stand_at_the_end_and_lead_back() -> None:
    html = rendered("a[^x] b[^x]\n\n[^x]: Note.", name="7")

    back = f'class="footnote-back" aria-label="Back to the text" {REL}>\u21a9\ufe0e</a>'
    assert html == (
        f'<p>a<sup class="footnote-ref"><a href="#fn-7-1" id="fnref-7-1" {REL}>[1]</a></sup> '
        f'b<sup class="footnote-ref"><a href="#fn-7-1" id="fnref-7-1:1" {REL}>[1:1]</a></sup></p>\n'
        '<section class="footnotes" aria-label="Footnotes"><ol>\n'
        f'<li id="fn-7-1"><p>Note. <a href="#fnref-7-1" {back} '
        f'<a href="#fnref-7-1:1" {back}</p>\n</li>\n</ol></section>\n'
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Plain words.", "Plain words."),
        ("# A title\n\nand a text", "and a text"),
        ("# A title", "A title"),
        ("A text\n\nand more.\n\n## A heading\n\nThe rest.", "A text and more."),
        ("A text:\n\n```\ncode\n```", "A text:"),
        ("*a* **b** ~~c~~ `d` _e_", "a b c d e"),
        ("snake_case stays, and 2 * 3", "snake_case stays, and 2 * 3"),
        ("[a](http://b) ![c](d) [e][f] <https://g.h>", "a c e https://g.h"),
        ("> - 1. said\n> more", "said more"),
        ("a[^1]\n\n[^1]: note", "a"),
        ("```py\nx = 1\n```\ny", "x = 1 y"),
        ("|a|b|\n|-|:-|\n|1|2|", "a b 1 2"),
        ("a\n===\n\n***\n\nb", "a b"),
        (r"\*a\* &amp; &lt;b>", "*a* & <b>"),
        ("***", ""),
    ],
)
def test_an_excerpt_is_text_without_marks(content: str, text: str) -> None:
    assert excerpt(content) == text


def test_an_excerpt_is_cut_at_a_word() -> None:
    assert excerpt("word " * 100) == " ".join(["word"] * 48) + "…"


def test_one_long_word_is_cut_where_it_must_be() -> None:
    assert excerpt("x" * 500) == "x" * (EXCERPT_MAX - 1) + "…"
