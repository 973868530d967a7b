"""The use cases: one class per area, one method per sentence.

Every method takes keyword arguments, the caller as an explicit `actor`, and commits before it
returns; when it raises, nothing has changed.
"""

from blog_core.services.access import Access, AccessPolicy
from blog_core.services.delivery import Delivery
from blog_core.services.posts import Posts
from blog_core.services.users import Users

__all__ = ["Access", "AccessPolicy", "Delivery", "Posts", "Users"]
