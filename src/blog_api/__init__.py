"""The blog over HTTP: a thin FastAPI adapter, and the `blog` command."""
