"""The tutorial's pattern, written anew: an ORM session per request, and what its tests stand on.

As small as it can be and still register an account the way the tutorial does. Two things are as on
our side, so that only the patterns differ: the driver, and how much effort a password's hash takes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from httpx import ASGITransport, AsyncClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import BaseModel, ConfigDict, EmailStr, Field
from sqlalchemy import NullPool, String, func, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from blog_adapters.sql.urls import engine_url

passwords = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))


class Base(DeclarativeBase):
    """The tutorial's tables."""


class User(Base):
    """An account's row."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    email: Mapped[str] = mapped_column(String(120), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    image_file: Mapped[str | None] = mapped_column(String(200), default=None)


class UserCreate(BaseModel):
    """What a client sends to register."""

    username: str = Field(min_length=1, max_length=50)
    email: EmailStr = Field(max_length=120)
    password: str = Field(min_length=8)


class UserPrivate(BaseModel):
    """What it gets."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    username: str
    email: EmailStr
    image_file: str | None


async def get_db() -> AsyncSession:
    """The session of a request; the tests always override it."""
    raise NotImplementedError


app = FastAPI()


@app.post("/api/users", response_model=UserPrivate, status_code=201)
async def create_user(user: UserCreate, db: Annotated[AsyncSession, Depends(get_db)]) -> User:
    """Register an account."""
    same_name = select(User).where(func.lower(User.username) == user.username.lower())
    if (await db.execute(same_name)).scalars().first():
        raise HTTPException(400, "Username already exists")
    same_email = select(User).where(func.lower(User.email) == user.email.lower())
    if (await db.execute(same_email)).scalars().first():
        raise HTTPException(400, "Email already registered")
    new = User(
        username=user.username,
        email=user.email.lower(),
        password_hash=passwords.hash(user.password),
    )
    db.add(new)
    await db.commit()
    await db.refresh(new)
    return new


@asynccontextmanager
async def tables(url: str) -> AsyncIterator[AsyncEngine]:
    """Lend an engine without a pool, and the tables: once for all tests."""
    engine = create_async_engine(engine_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()


@asynccontextmanager
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Lend a session on a new connection; whatever it commits is rolled back on leaving."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        make = async_sessionmaker(
            bind=connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        async with make() as lent:
            yield lent
        await transaction.rollback()


@asynccontextmanager
async def client(db: AsyncSession) -> AsyncIterator[AsyncClient]:
    """Lend a client of the app, which is given this session."""

    async def get_this_db() -> AsyncIterator[AsyncSession]:
        yield db

    app.dependency_overrides[get_db] = get_this_db
    async with AsyncClient(transport=ASGITransport(app), base_url="http://blog.test") as lent:
        yield lent
    app.dependency_overrides.clear()
