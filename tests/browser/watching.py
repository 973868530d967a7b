"""Keeps an eye on pages: what they complain about, what fails, whom they ask."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, WebError

_WITHIN_THE_BROWSER = ("blob:", "data:", "about:")


class Watch:
    """What went wrong in the pages of one test.

    Args:
        url: the blog's; to ask anybody else is wrong.
    """

    def __init__(self, url: str) -> None:
        self._home = f"{url}/"
        self._problems: list[str] = []
        self._expected: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Watch all pages of a context, those that are opened later too."""
        context.on("console", self._hear)
        context.on("weberror", self._note_error)
        context.on("request", self._note_stranger)
        context.on("requestfailed", self._note_failure)
        context.on("dialog", self._refuse)

    def expect(self, *parts: str) -> None:
        """Say what the test provokes: problems that contain such a part, at least one of each."""
        self._expected.extend(parts)

    def verdict(self) -> list[str]:
        """Return the problems that nobody expected, and what was expected and did not come."""
        surprises = [
            problem
            for problem in self._problems
            if not any(part in problem for part in self._expected)
        ]
        missing = [
            f"expected, but did not come: {part}"
            for part in self._expected
            if not any(part in problem for problem in self._problems)
        ]
        return surprises + missing

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            where = message.location["url"]
            self._problems.append(f"console {message.type}: {message.text} ({where})")

    def _note_error(self, error: WebError) -> None:
        self._problems.append(f"uncaught: {error.error}")

    def _note_stranger(self, request: Request) -> None:
        if not request.url.startswith((self._home, *_WITHIN_THE_BROWSER)):
            self._problems.append(f"another host: {request.method} {request.url}")

    def _note_failure(self, request: Request) -> None:
        if request.failure == "net::ERR_ABORTED":  # the page was left before it had come
            return
        self._problems.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _refuse(self, dialog: Dialog) -> None:
        self._problems.append(f"dialog of the browser: {dialog.message}")
        dialog.dismiss()
