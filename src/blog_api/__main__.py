"""The `blog` command, also as `python -m blog_api`."""

import sys


def main() -> None:
    """Run the command, or say in one line what it needs."""
    try:
        from blog_api.cli import app
    except ModuleNotFoundError as missing:
        sys.exit(f"blog: {missing.name} is missing: pip install 'blog-core[api]'")
    app()


if __name__ == "__main__":
    main()
