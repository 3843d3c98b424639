"""Screen 7, *Rules*: what each rule did lately and how right it was; setting one, and trying a setting out first.

The rule: a setting is an entry of the log before it is in force, with who and why; trying out writes nothing but its
own result.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from aiohttp import web

from gateway.audit.backtest import figures
from gateway.audit.rules.base import Rule
from gateway.audit.rules.table import BY_ID
from gateway.audit.streaming import Auditor
from gateway.audit.tuning import Setting, TuningError, checked
from gateway.console.desk import Desk
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.store.alerts import RuleSetting, rule_settings, set_rule, settings_of
from gateway.store.database import Database, StoreError

KIND, BACK_TEST_DAYS = "backtest", 30
_LONGEST_S, _TELL_S, _SHOWN, _REASON = 900.0, 1.0, 10, 300
_log = structlog.get_logger("gateway.console")


async def show(visit: Visit) -> web.StreamResponse:
    """Show every rule with what it did in the last 30 days and how right it was."""
    told = await figures(visit.desk.database, visit.now - timedelta(days=BACK_TEST_DAYS))
    return visit.render("rules.html", rules=told, days=BACK_TEST_DAYS)


async def one(visit: Visit) -> web.StreamResponse:
    """Show one rule: its limits in force, who set them, and what was tried out."""
    rule = BY_ID.get(visit.path("rule"))
    if rule is None:
        return visit.missing()
    told = await figures(visit.desk.database, visit.now - timedelta(days=BACK_TEST_DAYS))
    setting = (await rule_settings(visit.desk.database)).get(rule.id)
    jobs = await visit.desk.doorman.store.jobs(KIND, 5 * _SHOWN)
    return visit.render(
        "rules_one.html",
        rule=rule,
        figures=next(line for line in told if line.rule == rule.id),
        limits=[(limit, _in_force(setting, limit.name, limit.usual)) for limit in rule.limits],
        history=await settings_of(visit.desk.database, rule.id),
        jobs=[job for job in jobs if job.progress.get("rule") == rule.id][:_SHOWN],
        running=visit.desk.busy(KIND),
        days=BACK_TEST_DAYS,
    )


async def change(visit: Visit) -> web.StreamResponse:
    """Set a rule: weight, limits, whether it counts; the entry comes first."""
    rule, reason = BY_ID.get(visit.path("rule")), visit.form.get("reason", "")
    try:
        setting = _typed(visit, rule)
    except TuningError:
        setting = None
    if rule is None or setting is None or not 0 < len(reason) <= _REASON or "\0" in reason:
        await visit.record("rule", {"rule": rule.id if rule else None}, outcome="refused")
        return visit.missing() if rule is None else visit.refused("rules.wrong")
    told = {"rule": rule.id, "enabled": setting.enabled, "weight": setting.weight, "limits": dict(setting.limits)}
    recorded = await visit.record("rule", told, sealed={"reason": reason})
    newest = (await rule_settings(visit.desk.database)).get(rule.id)
    new = RuleSetting(
        rule.id,
        newest.step + 1 if newest else 0,
        visit.now,
        visit.user.login,
        setting.enabled,
        setting.weight,
        setting.limits,
        reason,
        UUID(recorded.entry_id),
    )
    if not await set_rule(visit.desk.database, new):
        return visit.refused("alerts.meanwhile", 409)
    return visit.redirect(f"/rules/{rule.id}")


async def try_out(visit: Visit) -> web.StreamResponse:
    """Begin to count what a setting would have fired in the last 30 days, beside the console; one at a time."""
    rule, desk = BY_ID.get(visit.path("rule")), visit.desk
    try:
        setting = _typed(visit, rule)
    except TuningError:
        setting = None
    if rule is None or setting is None:
        await visit.record("back-test", {"rule": rule.id if rule else None}, outcome="refused")
        return visit.missing() if rule is None else visit.refused("rules.wrong")
    told = {"rule": rule.id, "limits": dict(setting.limits), "days": BACK_TEST_DAYS}
    await visit.record("back-test", {**told, "running": desk.busy(KIND)})
    if not desk.busy(KIND):
        job = await desk.doorman.store.start_job(KIND, visit.user.login, visit.now)
        await desk.doorman.store.job_progress(job, {**told, "seen": 0})
        task = asyncio.create_task(back_test(desk, job, setting), name=KIND)
        desk.jobs.add(task)
        task.add_done_callback(desk.jobs.discard)
    return visit.redirect(f"/rules/{rule.id}")


async def back_test(desk: Desk, job: int, setting: Setting) -> None:
    """Count, in a thread with its own event loop, and keep the number under the job's."""
    told = {"rule": setting.rule, "limits": dict(setting.limits), "days": BACK_TEST_DAYS}
    seen = [0]
    telling = asyncio.create_task(_tell(desk, job, told, seen), name="tell")
    try:
        async with asyncio.timeout(_LONGEST_S):
            fired: int | None = await asyncio.to_thread(lambda: asyncio.run(_counted(desk, setting, seen)))
    except (StoreError, TimeoutError) as error:
        _log.warning("back_test_failed", error=type(error).__name__)
        fired = None
    finally:
        telling.cancel()
    store = desk.doorman.store
    await store.job_progress(job, {**told, "seen": seen[0]})
    await store.end_job(job, desk.clock(), {"fired": fired, "seen": seen[0]})


async def _counted(desk: Desk, setting: Setting, seen: list[int]) -> int:
    def count(number: int) -> None:
        seen[0] = number

    database = await Database.connect(desk.console.database_url, max_size=5, timeout_s=30.0)
    try:
        until = desk.clock()
        auditor = Auditor(database, clock=desk.clock)
        return await auditor.try_out(setting, until - timedelta(days=BACK_TEST_DAYS), until, count)
    finally:
        await database.close()


async def _tell(desk: Desk, job: int, told: dict[str, object], seen: list[int]) -> None:
    while True:
        await asyncio.sleep(_TELL_S)
        await desk.doorman.store.job_progress(job, {**told, "seen": seen[0]})


def _typed(visit: Visit, rule: Rule | None) -> Setting | None:
    """Return the setting of a form; None without a rule. Raises `TuningError`."""
    if rule is None:
        return None
    try:
        limits = {limit.name: float(visit.form[limit.name]) for limit in rule.limits}
        weight = float(visit.form.get("weight", rule.weight))
    except (KeyError, ValueError):
        raise TuningError("a limit is missing, or is no number") from None
    return checked(Setting(rule.id, weight, visit.form.get("enabled", "yes") == "yes", limits), rule.limits)


def _in_force(setting: RuleSetting | None, name: str, usual: float) -> float:
    return setting.limits.get(name, usual) if setting else usual


_ONE = r"/rules/{rule:[a-z][a-z-]{1,40}}"
SCREEN = Screen(
    "rules",
    None,
    (
        Route("rules", "GET", "/rules", show, act="rules"),
        Route("rule", "GET", _ONE, one, act="rule-view"),
        Route("rules.change", "POST", _ONE, change),
        Route("rules.backtest", "POST", f"{_ONE}/try", try_out),
    ),
)
