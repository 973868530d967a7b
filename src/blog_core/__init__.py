"""A blog as a library: domain values, the ports they need, and the use cases.

Nothing here imports anything but the standard library. Start reading at
`blog_core.services`, where one method is one use case; `blog_core.ports` says what an
adapter must bring, `blog_core.errors` what can go wrong.
"""
