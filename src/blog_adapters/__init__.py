"""Adapters for the ports of `blog_core`; `container.py` wires them."""
