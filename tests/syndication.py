"""What the feed formats and the sitemap protocol demand, as checks of a document.

Each reads the document by a parser of its own and raises AssertionError for what its standard
forbids: RFC 4287, the RSS 2.0 specification with its advisory board's profile, JSON Feed 1.1, and
sitemaps.org 0.9.
"""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped] # it publishes no types

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"

_TAG_URI = re.compile(r"tag:[a-z0-9.-]+,[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?:[\w/.-]+")
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")

_URL = {"type": "string", "pattern": "^https?://"}
_TEXT = {"type": "string", "minLength": 1}
_AUTHORS = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"name": _TEXT, "url": _URL, "avatar": _URL},
        "minProperties": 1,
    },
}
JSON_FEED: dict[str, Any] = {
    "type": "object",
    "required": ["version", "title", "items"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": _TEXT,
        "home_page_url": _URL,
        "feed_url": _URL,
        "description": _TEXT,
        "authors": _AUTHORS,
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
                "additionalProperties": False,
                "properties": {
                    "id": _TEXT,
                    "url": _URL,
                    "title": {"type": "string"},
                    "content_html": {"type": "string"},
                    "summary": {"type": "string"},
                    "date_published": {"type": "string", "pattern": f"^{_RFC_3339.pattern}$"},
                    "authors": _AUTHORS,
                },
            },
        },
    },
}
"""JSON Feed 1.1, as far as we use it: other members would be somebody's mistake."""


def parsed(document: bytes) -> ET.Element:
    """Return the root of an XML document."""
    return ET.fromstring(document)  # noqa: S314 - our own, and small


def require_atom(document: bytes) -> ET.Element:
    """Return a feed that keeps to RFC 4287, section 4.1."""
    feed = parsed(document)

    assert feed.tag == f"{ATOM}feed"
    _require_counts(feed, ATOM, {"id": 1, "title": 1, "updated": 1}, {"author", "link", "entry"})
    _require_atom_links(feed, {"self": "application/atom+xml", "alternate": "text/html"})
    for node in feed.iter(f"{ATOM}author"):
        _require_counts(node, ATOM, {"name": 1}, {"uri"})
        assert node.findtext(f"{ATOM}name")
        assert _is_absolute(node.findtext(f"{ATOM}uri"))
    for entry in feed.findall(f"{ATOM}entry"):
        once = {"id": 1, "title": 1, "updated": 1, "published": 1, "content": 1, "author": 1}
        _require_counts(entry, ATOM, once, {"link"})
        _require_atom_links(entry, {"alternate": "text/html"})
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") == "html"
        assert len(content) == 0
    dated = [*feed.iter(f"{ATOM}updated"), *feed.iter(f"{ATOM}published")]
    assert all(_RFC_3339.fullmatch(node.text or "") for node in dated)
    _require_ids(node.text for node in feed.iter(f"{ATOM}id"))
    return feed


def require_rss(document: bytes) -> ET.Element:
    """Return the channel of a feed that keeps to RSS 2.0."""
    rss = parsed(document)
    (channel,) = rss

    assert (rss.tag, rss.attrib, channel.tag) == ("rss", {"version": "2.0"}, "channel")
    once = {"title": 1, "link": 1, "description": 1, f"{ATOM}link": 1}
    _require_counts(channel, "", once, {"item"})
    link = channel.find(f"{ATOM}link")
    assert link is not None
    assert (link.get("rel"), link.get("type")) == ("self", "application/rss+xml")
    assert _is_absolute(link.get("href"))
    for item in channel.findall("item"):
        once = {"title": 1, "link": 1, "guid": 1, "pubDate": 1, "description": 1}
        _require_counts(item, "", {**once, CONTENT: 1, CREATOR: 1}, set())
        guid = item.find("guid")
        assert guid is not None
        assert guid.attrib == {"isPermaLink": "false"}
        assert parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo
    assert all(_is_absolute(node.text) for node in channel.iter("link"))
    _require_ids(node.text for node in channel.iter("guid"))
    return channel


def require_json_feed(document: bytes) -> dict[str, Any]:
    """Return a feed that keeps to JSON Feed 1.1."""
    feed: dict[str, Any] = json.loads(document)

    jsonschema.validate(feed, JSON_FEED)
    for item in feed["items"]:
        assert datetime.fromisoformat(item["date_published"]).tzinfo
    _require_ids(item["id"] for item in feed["items"])
    return feed


def require_sitemap(document: bytes, kind: str = "url") -> list[str]:
    """Return what a file of a sitemap names, or an index (`sitemap`), that keeps to version 0.9."""
    root = parsed(document)

    assert root.tag == f"{SITEMAP}{'urlset' if kind == 'url' else 'sitemapindex'}"
    assert {node.tag for node in root} == {f"{SITEMAP}{kind}"}  # which wants one at least
    assert [child.tag for node in root for child in node] == [f"{SITEMAP}loc"] * len(root)
    found = [node.text or "" for node in root.iter(f"{SITEMAP}loc")]
    assert len(found) <= 50_000
    assert len(document) <= 50 * 1024 * 1024
    assert all(map(_is_absolute, found))
    assert all(len(url) < 2_048 for url in found)
    assert len(set(found)) == len(found)
    return found


def _require_counts(
    node: ET.Element, namespace: str, exactly: dict[str, int], any_number: set[str]
) -> None:
    """Require these children, and no others."""
    names = [child.tag.removeprefix(namespace) for child in node]
    assert {name: names.count(name) for name in exactly} == exactly
    assert set(names) <= exactly.keys() | any_number


def _require_atom_links(node: ET.Element, kinds: dict[str, str]) -> None:
    links = node.findall(f"{ATOM}link")
    assert {link.get("rel"): link.get("type") for link in links} == kinds
    assert len(links) == len(kinds)
    assert all(_is_absolute(link.get("href")) for link in links)


def _require_ids(ids: Iterable[str | None]) -> None:
    found = list(ids)
    assert all(_TAG_URI.fullmatch(each or "") for each in found)
    assert len(set(found)) == len(found)


def _is_absolute(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
