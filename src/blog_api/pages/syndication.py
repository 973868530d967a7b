"""Feeds in the three formats that readers know, made from the same values.

ElementTree escapes what has to be escaped. What XML 1.0 cannot hold at all, such as U+FFFE, becomes
U+FFFD there: one such character would make the whole feed unreadable.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ATOM = "http://www.w3.org/2005/Atom"
_RSS = {
    "version": "2.0",
    "xmlns:atom": _ATOM,
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
}

_EMPTY_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without entries was updated: Atom wants a date, and it must not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who wrote something, and the page of theirs."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A post in a feed. Its id is a URI that never changes, its HTML has absolute URLs alone."""

    id: str
    url: str
    title: str
    html: str
    excerpt: str
    published: datetime
    author: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The newest posts, the newest first.

    Args:
        id: a URI that never changes, the same in all formats.
        url: where this very format is found.
        page: the page that shows the same posts.
        title: whose posts they are, in plain text.
        author: who wrote all of them; None when it may be anybody.
        entries: the posts.
    """

    id: str
    url: str
    page: str
    title: str
    author: Person | None
    entries: tuple[Entry, ...]

    @property
    def updated(self) -> datetime:
        """When the newest entry was published."""
        return self.entries[0].published if self.entries else _EMPTY_SINCE


def atom(feed: Feed) -> bytes:
    """Return a feed in Atom (RFC 4287)."""
    root = ET.Element("feed", {"xmlns": _ATOM})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", _rfc3339(feed.updated))
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    if feed.author:
        _add_author(root, feed.author)
    for entry in feed.entries:
        node = _add(root, "entry")
        _add(node, "id", entry.id)
        _add(node, "title", entry.title)
        # Nothing tells when a post was changed, and whether its readers would want to know.
        _add(node, "updated", _rfc3339(entry.published))
        _add(node, "published", _rfc3339(entry.published))
        _add(node, "link", rel="alternate", type="text/html", href=entry.url)
        _add_author(node, entry.author)
        _add(node, "content", entry.html, type="html")
    return _written(root)


def rss(feed: Feed) -> bytes:
    """Return a feed in RSS 2.0, its contents in `content:encoded`."""
    root = ET.Element("rss", _RSS)
    channel = _add(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.page)
    _add(channel, "description", f"The newest posts of {feed.title}")
    _add(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.url)
    for entry in feed.entries:
        item = _add(channel, "item")
        _add(item, "title", entry.title)
        _add(item, "link", entry.url)
        _add(item, "guid", entry.id, isPermaLink="false")
        _add(item, "pubDate", format_datetime(entry.published))
        _add(item, "dc:creator", entry.author.name)
        _add(item, "description", escape(entry.excerpt, quote=False))  # it is read as HTML
        _add(item, "content:encoded", entry.html)
    return _written(root)


def json_feed(feed: Feed) -> bytes:
    """Return a feed in JSON Feed 1.1."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
    }
    if feed.author:
        document["authors"] = [_author(feed.author)]
    document["items"] = [
        {
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "content_html": entry.html,
            "summary": entry.excerpt,
            "date_published": _rfc3339(entry.published),
            "authors": [_author(entry.author)],
        }
        for entry in feed.entries
    ]
    return json.dumps(document, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a feed, what the names of such feeds end with, and their media type."""

    written: Callable[[Feed], bytes]
    suffix: str
    media_type: str


FORMATS: Mapping[str, Format] = {
    each.suffix: each
    for each in (
        Format(atom, "atom", "application/atom+xml"),
        Format(rss, "rss", "application/rss+xml"),
        Format(json_feed, "json", "application/feed+json"),
    )
}
"""The formats by their suffixes."""


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    node = ET.SubElement(parent, name, attributes)
    node.text = text
    return node


def _add_author(parent: ET.Element, author: Person) -> None:
    node = _add(parent, "author")
    _add(node, "name", author.name)
    _add(node, "uri", author.url)


def _author(person: Person) -> dict[str, str]:
    return {"name": person.name, "url": person.url}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _written(root: ET.Element) -> bytes:
    text = _NO_XML.sub("\ufffd", ET.tostring(root, encoding="unicode"))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode()
