"""Markdown: the content of a post as HTML, and the plain text of its beginning.

What is read is CommonMark with tables, strikethrough and footnotes. HTML in it is text like any
other; what comes out holds the elements and attributes listed here, whatever went in.
"""

import re
from collections.abc import Callable, MutableMapping, Sequence
from functools import lru_cache
from html import escape, unescape
from itertools import dropwhile, takewhile
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

RENDERING = 1
"""Counts up whenever the same content becomes another HTML: entity tags name it."""

STEPS_MAX = 25_000
"""How often the rules are tried; past it a content is shown as it was typed.

Prose takes about one step for twenty characters, a text full of marks one for ten.
"""

NESTING_MAX = 30
"""How deep lists, quotations and footnotes may nest; deeper, a content is shown as it was typed."""

EXCERPT_MAX = 240
"""How many characters an excerpt has at most, with its ellipsis."""

_ADDRESSES_MAX = 1_000_000  # characters: a long link reference can be used again and again
_LABEL_MAX = 100
_TOKENS_PER_CELL = 3
_FOOTNOTE_STEPS = 20  # four characters become two hundred

_ALIGNED = re.compile(r"text-align:(left|center|right)")
_LOADABLE = re.compile(r"https://|(?![a-z][a-z0-9+.-]*:|//)[^\s]", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,40}")
_BLANK_LINES = re.compile(r"\n\s*\n")

_CELL = {"align-left", "align-center", "align-right"}

# Whoever changes this, or how a mark is read, counts RENDERING up.
_CLEANER = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li"),
        *("pre", "code", "em", "strong", "s", "a", "img", "sup", "section", "div"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    },
    attributes={
        "a": {"href", "title", "id"},
        "img": {"src", "alt", "title"},
        "code": {"class"},
        "li": {"id"},
        "ol": {"start"},
    },
    tag_attribute_values={
        "a": {"aria-label": {"Back to the text"}},
        "div": {"role": {"group"}, "aria-label": {"Table"}, "tabindex": {"0"}},
        "img": {"loading": {"lazy"}, "referrerpolicy": {"no-referrer"}},
        "pre": {"tabindex": {"0"}},
        "section": {"aria-label": {"Footnotes"}},
    },
    allowed_classes={
        "a": {"footnote-back"},
        "div": {"table"},
        "section": {"footnotes"},
        "sup": {"footnote-ref"},
        "td": _CELL,
        "th": _CELL,
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener ugc",
    # Of a page's own ids none begins like this.
    id_prefix="fn",
)


_Env = MutableMapping[str, Any]


class _TooMuch(Exception):
    """Rendering would cost more than a content may."""


def rendered(content: str, *, name: str = "preview") -> str:
    """Return a content as HTML, made of the elements and attributes that are listed here.

    Headings begin at h2, and levels that a content does not use are left out, so that below the
    title of its page none is missing. A content that would take too long, or grow too much, is
    shown as it was typed: escaped, in paragraphs.

    Args:
        content: Markdown.
        name: what the ids of footnotes have in them, so that a page may show several contents.
    """
    try:
        return _CLEANER.clean(_MARKDOWN.render(content, {"docId": name, "steps": 0}))
    except _TooMuch:
        return as_typed(content)


def as_typed(content: str) -> str:
    """Return a content as HTML that shows its Markdown; quick, whatever it is."""
    return "".join(
        f"<p>{escape(paragraph, quote=False)}</p>\n"
        for paragraph in map(str.strip, _BLANK_LINES.split(content))
        if paragraph
    )


_MARKS: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"^[ \t]*(?:```|~~~).*$", ""),
        (r"^[ \t|:=*_-]+$", ""),
        (r"^[ \t]*(?:(?:>|#{1,6}|[-+*]|[0-9]{1,9}[.)])[ \t]+)+", ""),
        (r"^[ \t]*\[[^\[\]\n]+\]:.*$", ""),
        (r"\[\^[^\[\]\s]+\]", ""),
        (r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])", r"\1"),
        (r"<((?:https?://|mailto:)[^<>\s]+)>", r"\1"),
        (r"\\([!-/:-@\[-`{-~])|\*+(?=\S)|(?<=\S)\*+|~~|`+|(?<=\S)_+(?!\w)|(?<!\w)_+(?=\S)", r"\1"),
        (r"[ \t]*\|[ \t]*", " "),
    )
]


def excerpt(content: str) -> str:
    """Return the beginning of a content in one line of plain text, at most 240 characters long.

    It is cut at a word, and ends where no paragraph follows: a heading or code would run into it.
    Markup is taken off by a rough look at the beginning alone.
    """
    return _excerpt_of(content[: 4 * EXCERPT_MAX])


@lru_cache(maxsize=2048)  # of 2 kB at most: the newest posts are on most pages
def _excerpt_of(text: str) -> str:
    blocks = _BLANK_LINES.split(text)
    prose = takewhile(_is_prose, dropwhile(lambda block: not _is_prose(block), blocks))
    text = "\n\n".join(prose) or text
    for mark, replacement in _MARKS:
        text = mark.sub(replacement, text)
    text = " ".join(unescape(text).split())
    if len(text) <= EXCERPT_MAX:
        return text
    words, space, _ = text[:EXCERPT_MAX].rpartition(" ")
    return f"{words if space else text[: EXCERPT_MAX - 1]}…"


def _is_prose(block: str) -> bool:
    return not block.lstrip().startswith(("#", "```", "~~~", ">", "|", "- ", "* ", "+ "))


def _count(env: _Env, steps: int = 1) -> None:
    env["steps"] += steps
    if env["steps"] > STEPS_MAX:
        raise _TooMuch


def _count_block(state: StateBlock, *_: object) -> bool:
    if state.level > NESTING_MAX:
        raise _TooMuch
    _count(state.env)
    return False


def _count_inline(state: StateInline, *_: object) -> bool:
    _count(state.env)
    return False


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, or as much of it as no content may have.

    A row has as many cells as the head, also where only one was written.
    """
    before = len(state.tokens)
    separators = state.getLines(start + 1, start + 2, 0, keepLastLF=False).count("|")
    rows = STEPS_MAX // max(1, separators - 1) + 1
    found = table(state, start, min(end, start + 2 + rows), silent)
    _count(state.env, (len(state.tokens) - before) // _TOKENS_PER_CELL)
    return found


def _footnote_ref(state: StateInline, silent: bool) -> bool:
    """Read a reference to a footnote. Unlike the plugin's own rule it does not look far."""
    here = state.pos
    if not state.src.startswith("[^", here):
        return False
    if state.src.find("]", here, here + _LABEL_MAX) < 0 or not footnote_ref(state, silent):
        return False
    _count(state.env, _FOOTNOTE_STEPS)
    return True


def _finish(state: StateCore) -> None:
    """Make the tokens say what a page needs, before they become HTML."""
    addresses = 0
    headings = sorted({token.tag for token in state.tokens if token.type == "heading_open"})
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, headings.index(token.tag) + 2)}"
        elif token.type in {"th_open", "td_open"}:
            _align(token)
        for child in token.children or ():
            addresses += sum(len(str(value)) for value in child.attrs.values())
            if child.type == "image":
                _load_late(child)
    if addresses > _ADDRESSES_MAX:
        raise _TooMuch


def _load_late(image: Token) -> None:
    if _LOADABLE.match(str(image.attrs["src"])):
        image.attrs |= {"loading": "lazy", "referrerpolicy": "no-referrer"}
    else:
        image.type = "text"  # of its description


def _align(cell: Token) -> None:
    style = _ALIGNED.fullmatch(str(cell.attrs.pop("style", "")))
    if style:
        cell.attrs["class"] = f"align-{style[1]}"


def _code(_: object, tokens: Sequence[Token], index: int, *__: object) -> str:
    """Return a block of code, with its language if that has a plain name."""
    token = tokens[index]
    language = _LANGUAGE.fullmatch(token.info.split(maxsplit=1)[0]) if token.info.strip() else None
    named = f' class="language-{language[0]}"' if language else ""
    return f'<pre tabindex="0"><code{named}>{escape(token.content, quote=False)}</code></pre>\n'


def _way_back(_: object, tokens: Sequence[Token], index: int, __: object, env: _Env) -> str:
    """Return the link from a footnote to one of its references."""
    note, reference = tokens[index].meta["id"] + 1, tokens[index].meta["subId"]
    place = f"fnref-{env['docId']}-{note}{f':{reference}' if reference else ''}"
    return (
        f' <a href="#{place}" class="footnote-back" aria-label="Back to the text">\u21a9\ufe0e</a>'
    )


def _always(html: str) -> Callable[..., str]:
    def render(*_: object) -> str:
        return html

    return render


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False, "maxNesting": 40})
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    parser.use(footnote_plugin, inline=False)
    parser.inline.ruler.at("footnote_ref", _footnote_ref)
    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("table", "count", _count_block, ends)
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.after("text", "count", _count_inline)
    parser.core.ruler.push("finish", _finish)
    for name, html in {
        "table_open": '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n',
        "table_close": "</table></div>\n",
        "footnote_block_open": '<section class="footnotes" aria-label="Footnotes"><ol>\n',
        "footnote_block_close": "</ol></section>\n",
    }.items():
        parser.add_render_rule(name, _always(html))
    parser.add_render_rule("fence", _code)
    parser.add_render_rule("code_block", _code)
    parser.add_render_rule("footnote_anchor", _way_back)
    parser.render("x", {"steps": 0})  # the first use sorts the rules, which no two threads should
    return parser


_MARKDOWN = _parser()
