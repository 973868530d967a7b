"""The FastAPI adapter: `create_app(container)`."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware import Middleware
from starlette.types import Scope

from blog_adapters.container import Container, close, follow_data, keep_up
from blog_adapters.relay import run_relay
from blog_api.cache import ResponseCache
from blog_api.cookies import SessionCookie
from blog_api.edge import BodyLimits, Edge
from blog_api.headers import SecurityHeaders
from blog_api.hosts import Hosts
from blog_api.openapi import DescribedAPI
from blog_api.origins import Origins
from blog_api.pages import account, docs, feeds, reading, sitemap
from blog_api.pages.assets import assets
from blog_api.pages.rendering import Pages
from blog_api.problems import handle_errors
from blog_api.proxies import TrustedProxies
from blog_api.routes import access, health, posts, preview, session, users

RELAY_STOP_SECONDS = 20
"""How long deliveries in hand may take at shutdown; later the outbox takes them up again."""


def create_app(container: Container, *, relay: bool = True) -> FastAPI:
    """Return the API over a container, which it closes at shutdown.

    Args:
        container: the parts; they are built when first asked for. Before the app is started, it
            may be replaced in `app.state.container` by one with the same limits and folders.
        relay: whether this process also delivers the outbox.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        container: Container = app.state.container
        try:
            async with _at_work(container, relay=relay):
                yield
        finally:
            await close(container)

    def data_version() -> Hashable | None:
        source = app.state.container.data_version()
        version = None if source is None else source.current()
        # Two sources may give the same version to different data.
        return None if version is None else (source, version)

    settings = container.settings()
    https = settings.frontend_url.startswith("https:")
    edge = Middleware(
        Edge,
        limits=BodyLimits(max_upload_bytes=settings.max_upload_size_bytes),
        hosts=Hosts(settings.hosts),
        origins=Origins(settings.origins),
        security=SecurityHeaders(https=https, pictures=settings.s3_public_url),
    )
    middleware = [edge, Middleware(TrustedProxies, proxies=settings.proxies)]
    if settings.response_cache_bytes:
        cache = Middleware(
            ResponseCache, version=data_version, max_bytes=settings.response_cache_bytes
        )
        middleware.append(cache)
    app = DescribedAPI(
        title="Blog",
        version=version("blog-core"),
        lifespan=lifespan,
        middleware=middleware,
        openapi_url="/openapi.json" if settings.docs else None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.container = container
    app.state.session_cookie = SessionCookie(https=https)
    app.state.pages = Pages(url=settings.frontend_url)
    handle_errors(app)
    for module in (
        posts,
        preview,
        users,
        access,
        session,
        health,
        reading,
        account,
        feeds,
        sitemap,
    ):
        app.include_router(module.router)
    if settings.docs:
        app.include_router(docs.router)

    app.mount("/static", assets(), name="static")
    media = container.media_folder()
    if media is not None:
        app.mount("/media", _Pictures(directory=media), name="media")
    return app


@asynccontextmanager
async def _at_work(container: Container, *, relay: bool) -> AsyncIterator[None]:
    """Watch over the embedded database and run the relay meanwhile; let both finish at the end.

    What follows the data only reads, and is ended where it is.
    """
    stop = asyncio.Event()
    following = asyncio.create_task(follow_data(container))
    jobs = [asyncio.create_task(keep_up(container, stop=stop))]
    if relay:
        jobs.append(asyncio.create_task(run_relay(container.delivery(), stop=stop)))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait(jobs, timeout=RELAY_STOP_SECONDS)
        for job in (*jobs, following):
            job.cancel()
        await asyncio.gather(*jobs, following, return_exceptions=True)


class _Pictures(StaticFiles):
    """Files whose names are never used again, so that browsers may keep them."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        # The first upload makes the folder; until then there is nothing to be found in it.
        self.config_checked = True

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
