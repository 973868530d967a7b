"""Exact totals and the data's version, kept by triggers whoever writes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Whoever writes takes a slot that nobody else holds, or adds one, so that no writer waits for
# another. The lowest, lest a transaction of many statements takes them all one by one.
TALLY = """
    CREATE FUNCTION tally(more bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE tallies SET posts = posts + more, changes = changes + 1
        WHERE slot = (SELECT slot FROM tallies ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED);
        IF NOT FOUND THEN
            INSERT INTO tallies (posts, changes) VALUES (more, 1);
        END IF;
    END $$
"""

# Authors in the order of their ids, so that of two who write for many, one waits for the other
# and neither for both; the slot last, to hold it for the shortest time. Posts that go with their
# author find no tally, and must not begin one below zero: looked for author by author, since a
# join would be planned once, for the number of rows that happened to come first.
TALLY_POSTS = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        difference bigint := ({difference});
    BEGIN
        IF difference IS NOT NULL THEN
            INSERT INTO author_tallies AS tally (user_id, posts)
            SELECT user_id, sum(more) FROM ({rows}) AS rows
            GROUP BY user_id HAVING sum(more) > 0 OR sum(more) < 0 AND (
                SELECT true FROM author_tallies AS tally WHERE tally.user_id = rows.user_id
            )
            ORDER BY user_id
            ON CONFLICT (user_id) DO UPDATE SET posts = tally.posts + excluded.posts;
            PERFORM tally(difference);
        END IF;
        RETURN NULL;
    END $$
"""
ADDED = "SELECT user_id, 1 AS more FROM added"
REMOVED = "SELECT user_id, -1 AS more FROM removed"
TALLY_ADDED = TALLY_POSTS.format(
    name="tally_added_posts",
    difference="SELECT nullif(count(*), 0) FROM added",
    rows=ADDED,
)
TALLY_REMOVED = TALLY_POSTS.format(
    name="tally_removed_posts",
    difference="SELECT -nullif(count(*), 0) FROM removed",
    rows=REMOVED,
)
TALLY_CHANGED = TALLY_POSTS.format(
    name="tally_changed_posts",
    difference="SELECT 0 FROM added LIMIT 1",
    rows=f"{ADDED} UNION ALL {REMOVED}",
)

# Nobody else has posts in the making while a table is emptied, so the sum is the whole of it.
TALLY_NO_POSTS = """
    CREATE FUNCTION tally_no_posts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM author_tallies;
        PERFORM tally((SELECT -sum(posts)::bigint FROM tallies));
        RETURN NULL;
    END $$
"""

TALLY_USERS = """
    CREATE FUNCTION tally_users() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM tally(0);
        RETURN NULL;
    END $$
"""
# Here and not by a foreign key: the author's posts have to be locked first, as whoever deletes
# one of them locks the post before the tally.
TALLY_REMOVED_USERS = """
    CREATE FUNCTION tally_removed_users() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM author_tallies WHERE user_id IN (SELECT id FROM removed);
        PERFORM tally(0);
        RETURN NULL;
    END $$
"""

TRIGGERS = {
    "tally_added_posts": "AFTER INSERT ON posts REFERENCING NEW TABLE AS added",
    "tally_changed_posts": (
        "AFTER UPDATE ON posts REFERENCING OLD TABLE AS removed NEW TABLE AS added"
    ),
    "tally_removed_posts": "AFTER DELETE ON posts REFERENCING OLD TABLE AS removed",
    "tally_no_posts": "AFTER TRUNCATE ON posts",
    "tally_users": "AFTER INSERT OR UPDATE ON users",
    "tally_removed_users": "AFTER DELETE ON users REFERENCING OLD TABLE AS removed",
}
"""Each has the name of its function. Once for each statement, however many rows it changes."""


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("slot", sa.Integer, sa.Identity(always=True), nullable=False),
        sa.Column("posts", sa.BigInteger, nullable=False),
        sa.Column("changes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_tallies"),
    )
    op.create_table(
        "author_tallies",
        sa.Column("user_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("posts", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_author_tallies"),
    )
    for function in (
        TALLY,
        TALLY_ADDED,
        TALLY_REMOVED,
        TALLY_CHANGED,
        TALLY_NO_POSTS,
        TALLY_USERS,
        TALLY_REMOVED_USERS,
    ):
        op.execute(function)
    # Nobody writes from here on, so what is counted is all there is. In the order in which the
    # deletion of an account locks the two.
    op.execute("LOCK TABLE users, posts IN SHARE ROW EXCLUSIVE MODE")
    for name, event in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {event} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")
    op.execute("INSERT INTO tallies (posts, changes) SELECT count(*), 0 FROM posts")
    op.execute(
        "INSERT INTO author_tallies (user_id, posts)"
        " SELECT user_id, count(*) FROM posts GROUP BY user_id"
    )


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP FUNCTION {name} CASCADE")
    op.execute("DROP FUNCTION tally")
    op.drop_table("author_tallies")
    op.drop_table("tallies")
