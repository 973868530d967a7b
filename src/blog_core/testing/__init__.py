"""For people who write adapters: contract suites to run on them, and builders of sample values.

Needs pytest with anyio's plugin (`pip install "blog-core[testing]"`).
"""

import pytest

# So that a failing clause shows the values it compared.
pytest.register_assert_rewrite("blog_core.testing.contracts")
