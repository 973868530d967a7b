"""The page that says what went wrong."""

from html import escape
from http import HTTPStatus
from string import Template

from blog_api.pages.hashes import hash_of

_STYLE = """
  :root { color-scheme: light dark }
  body { margin: 15vh auto; max-width: 32em; padding: 0 24px; font: 17px/1.6 Georgia, serif }
  h1 { font-size: 28px; font-weight: normal }
"""

STYLE_HASH = hash_of(_STYLE)
"""How a Content-Security-Policy names the page's style."""

_PAGE = Template(f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$status $phrase</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>$status $phrase</h1>
<p>$detail</p>
<p><a href="/">Home</a></p>
</body>
</html>
""")


def error_page(status: int, detail: str) -> str:
    """Return a page of its own, with the status in its title and heading."""
    return _PAGE.substitute(
        status=status, phrase=escape(HTTPStatus(status).phrase), detail=escape(detail)
    )
