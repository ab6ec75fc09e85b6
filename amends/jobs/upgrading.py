"""Upgrades: looked at first, done as a whole or not at all, and written down.

All steps of an upgrade, on both databases, are one transaction: an upgrade that fails leaves the database as the version before
left it, and that version goes on working with it. docs/upgrade.md says how to go back after one that succeeded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from amends import __version__
from amends.apps.ledger.models import Chain
from amends.apps.upkeep.record import last_act, record_act
from amends.core.refusals import Refusal
from amends.jobs.self_check import Level, findings

CURED_BY_UPGRADING = frozenset({"migrations", "ledger_triggers"})


class UpgradeRefused(Refusal):
    """The installation breaks promises already; an upgrade would only hide which change broke them."""

    code = "upgrade_refused"
    sentence = "没有升级：%(why)s"


class UpgradeFailed(Refusal):
    """A step went wrong; nothing of the upgrade stays."""

    code = "upgrade_failed"
    sentence = "升级没有成功，数据库保持升级前的状态，原版本可以继续使用。出错的步骤：%(step)s（%(why)s）"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which version to which, and the steps that were done, in their order. The version before is empty when it is not known."""

    before: str
    after: str
    steps: tuple[str, ...]


def upgrade(*, now: datetime) -> Upgraded:
    """Bring the database to this version and write it down. Does nothing where both are up to date already.

    Raises UpgradeRefused when `doctor` finds a promise broken, UpgradeFailed with the step at which it went wrong: then the
    database is as it was. An installation without any record is new: nothing is written down for it. Source: EXP-10.3.2
    """
    check_before_upgrade()
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    progress = _Progress()
    try:
        with _at_once():
            _migrate(executor, plan, progress)
            before = _version_before()
            if Chain.objects.exists() and (plan or before != __version__):
                record_act("upgraded", {"before": before, "after": __version__, "steps": list(progress.done)}, now=now)
    except Exception as error:
        _note_failure(progress.at, error, now=now)
        raise UpgradeFailed(step=progress.at or "—", why=type(error).__name__) from error
    return Upgraded(before, __version__, tuple(progress.done))


def check_before_upgrade() -> None:
    """Raises UpgradeRefused with what is wrong here, beside what the upgrade itself puts right."""
    broken = [f.sentence for f in findings() if f.level is Level.FAIL and f.code not in CURED_BY_UPGRADING]
    if broken:
        raise UpgradeRefused(why=" ".join(broken))


@contextmanager
def _at_once() -> Iterator[None]:
    """One transaction around every step. SQLite changes tables only while it does not check references: they are checked as a
    whole before the end.
    """
    connection.ensure_connection()
    was_checking = connection.disable_constraint_checking() if connection.vendor == "sqlite" else False
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
    finally:
        if was_checking:
            connection.enable_constraint_checking()


class _Progress:
    """Which step runs and which are done. References are checked after each, so that the next may change their tables."""

    def __init__(self) -> None:
        self.at = ""
        self.done: list[str] = []

    def __call__(self, what: str, migration: Any = None, fake: bool = False) -> None:
        if what == "apply_start":
            self.at = f"{migration.app_label}.{migration.name}"
        elif what == "apply_success":
            self.done.append(self.at)
            connection.check_constraints()


def _migrate(executor: MigrationExecutor, plan: list[Any], progress: _Progress) -> None:
    if not plan:
        return
    before = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
    emit_pre_migrate_signal(0, False, connection.alias, apps=before.apps, plan=plan)
    executor.progress_callback = progress  # type: ignore[assignment]
    after = executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan, state=before.clone())
    after.clear_delayed_apps_cache()
    emit_post_migrate_signal(0, False, connection.alias, apps=after.apps, plan=plan)


def _version_before() -> str:
    """The version that the last upgrade brought; empty while none was recorded."""
    last = last_act("upgraded")
    return str(last.facts["after"]) if last else ""


def _note_failure(step: str, error: Exception, *, now: datetime) -> None:
    """Write the failure down, where the tables of the version before can take it."""
    try:
        facts = {"after": __version__, "step": step, "error": type(error).__name__, "ok": False}
        record_act("upgrade_failed", facts, now=now)
    except DatabaseError:
        return
