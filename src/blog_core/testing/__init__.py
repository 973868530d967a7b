"""For people who write adapters: contract suites to run on them, and builders of sample values.

Needs pytest with anyio's plugin (`pip install "blog-core[testing]"`).
"""
