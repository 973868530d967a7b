"""For people who test over HTTP: the API over any container, and the people who use it.

`blog_api.testing.plugin` has the fixtures, which pytest finds by itself.
"""
