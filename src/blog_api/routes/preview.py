"""What a content would look like, before it is published."""

from fastapi import APIRouter

from blog_api.dependencies import CurrentActor, Rendered
from blog_api.openapi import NEEDS_TOKEN_TO_WRITE, NO_STORE, answers
from blog_api.routing import PlannedRoute
from blog_api.schemas import PreviewRequest, PreviewResponse
from blog_core.errors import Busy

router = APIRouter(prefix="/api/preview", tags=["posts"], route_class=PlannedRoute)


@router.post(
    "",
    operation_id="posts_preview",
    responses=answers(*NEEDS_TOKEN_TO_WRITE, Busy(), headers=NO_STORE, body="json"),
)
async def preview_post(
    actor: CurrentActor,  # noqa: ARG001 - for people with an account, counted as they write
    body: PreviewRequest,
    rendered: Rendered,
) -> PreviewResponse:
    """Return a content as it would be shown."""
    return PreviewResponse(content_html=await rendered.preview(body.content))
