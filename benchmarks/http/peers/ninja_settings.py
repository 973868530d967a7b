"""Django's settings: no more than `startproject` writes, and less where no page is served."""

import os
from urllib.parse import parse_qs, urlsplit

_DATABASE = urlsplit(os.environ["DATABASE_URL"])
_WHERE = parse_qs(_DATABASE.query)

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.http.peers.ninja"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _DATABASE.path.strip("/"),
        "USER": _DATABASE.username,
        "HOST": _WHERE["host"][0],
        "PORT": _WHERE["port"][0],
        "CONN_MAX_AGE": None,
    }
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
