"""What failures of the driver mean, where no server can be made to fail on demand."""

import pytest
from asyncpg import InterfaceError, InternalClientError

from blog_adapters.sql.failures import translated
from blog_core.errors import DatabaseUnavailable


def test_a_driver_that_read_half_of_a_farewell_has_no_database() -> None:
    with pytest.raises(DatabaseUnavailable), translated():
        raise InternalClientError


def test_a_mistake_in_using_the_driver_stays_one() -> None:
    with pytest.raises(InterfaceError), translated():
        raise InterfaceError("used twice at once")
