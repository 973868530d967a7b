"""Rounds in which the apps take turns, so that what disturbs one disturbs them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from benchmarks.http.load import Load, Material, Scenario, drive
from benchmarks.http.machine import Usage
from benchmarks.http.servers import Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one app did in one round; CPU in microseconds a request."""

    app: str
    scenario: str
    connections: int
    load: Load
    app_cpu: float
    database_cpu: float
    others: float
    """How many processors were busy with something else meanwhile."""
    memory: float
    """What the app keeps in memory after it, in MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured.

    Args:
        rounds: how many, by the number of connections.
        seconds: how long each app has its turn.
    """

    rounds: dict[int, int]
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Everything that a round needs."""

    apps: Sequence[Serving]
    database: Sequence[psutil.Process]
    material: Material

    def race(self, scenario: Scenario, plan: Plan, say: Callable[[str], None]) -> list[Reading]:
        """Let the apps that know this scenario take turns.

        Raises:
            BadAnswers: a request was refused.
        """
        apps = [app for app in self.apps if scenario.name in app.variant.scenarios]
        for app in apps:
            drive(scenario, app.url, self.material, connections=16, seconds=1)  # warms up
        readings = []
        for connections, rounds in plan.rounds.items():
            for number in range(rounds):
                say(f"{scenario.title}, {connections} connections, round {number + 1} of {rounds}")
                order = apps if number % 2 == 0 else apps[::-1]
                readings += [
                    self._turn(app, scenario, connections, seconds=plan.seconds)
                    for app in order
                    if connections in app.variant.connections
                ]
        return readings

    def _turn(self, app: Serving, scenario: Scenario, connections: int, *, seconds: int) -> Reading:
        before = Usage.now(app.process, self.database)
        load = drive(scenario, app.url, self.material, connections=connections, seconds=seconds)
        used = Usage.now(app.process, self.database).since(before)
        return Reading(
            app=app.variant.name,
            scenario=scenario.name,
            connections=connections,
            load=load,
            app_cpu=used.app / load.requests * 1e6,
            database_cpu=used.database / load.requests * 1e6,
            others=used.others,
            memory=app.memory(),
        )
