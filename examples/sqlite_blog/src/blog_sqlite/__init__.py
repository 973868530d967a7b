"""blog-core's accounts, posts and pictures on SQLite and a folder."""
