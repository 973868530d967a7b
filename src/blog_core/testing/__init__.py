"""For people who write adapters or services: contract suites to run, and builders of samples.

    Adapter                      what you offer, to be proven
    blog_core.testing.contracts  the suites
    blog_core.testing.builders   sample values, one call each

Needs pytest with anyio's plugin (`pip install "blog-core[testing]"`).
"""

import pytest

from blog_core.testing.adapter import Adapter, Part, Port, ReceivedMail, StoredPictures

# So that a failing clause shows the values it compared.
pytest.register_assert_rewrite("blog_core.testing.contracts")

__all__ = ["Adapter", "Part", "Port", "ReceivedMail", "StoredPictures"]
