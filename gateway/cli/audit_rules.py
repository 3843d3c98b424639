"""`lienthong audit simulate | explain | alerts | rules | mark`: what the rules find, how well (docs/DETECTIONS.md)."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer

from gateway.administration import database_of
from gateway.audit.backtest import RuleFigures, figures
from gateway.audit.rules.table import BY_ID
from gateway.audit.simulation.measuring import Figures, Measured
from gateway.audit.simulation.running import simulate_apart
from gateway.audit.streaming import Auditor
from gateway.cli.common import Exit, fail, guarded, out, print_json, run, settings
from gateway.evidence.keys import load_pseudonym_keys
from gateway.evidence.log import utc_now
from gateway.evidence.pseudonyms import Pseudonyms, address_mark
from gateway.settings import Settings
from gateway.store.findings import alerts as open_alerts
from gateway.store.scope import Scope
from schemas.dates import LOCAL

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_FIRST, _NAMED = (1e9, 2**62), 20
PRECISION, RECALL, UNEXPLAINED = 0.8, 0.9, 0.05
"""What the simulated month has to reach."""


def simulate(
    days: Annotated[int, typer.Option(min=3, max=120, help="Length of the period.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed makes the same traffic.")] = 101,
    each: Annotated[int, typer.Option(min=1, max=100, help="Misuses seeded for every rule.")] = 8,
    until: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD; empty: yesterday.")] = "",
    json: Json = False,
) -> None:
    """Make labelled traffic in a database of its own, gone afterwards, and print precision and recall per rule.

    Never touches the installation's database. Exit code 1 where precision < 0.8, recall < 0.9, a rule raises more wrong
    alerts than its budget allows, or more than 5 % of clean traffic stays unexplained.
    """
    last = _day(until) if until else datetime.now(LOCAL).date() - timedelta(days=1)
    measured = guarded(lambda: simulate_apart(seed, days, last, each))
    if json:
        print_json(measured.as_json())
    else:
        _print(measured)
    overall = measured.overall
    if (overall.precision or 0) < PRECISION or (overall.recall or 0) < RECALL:
        fail("the rules miss their target: precision 0.8, recall 0.9")
    if measured.over_budget:
        fail(f"more wrong alerts than clean work allows: {', '.join(measured.over_budget)}")
    if measured.unexplained_share > UNEXPLAINED:
        fail("more than 5 % of clean traffic is unexplained")


def explain(
    recompute: Annotated[bool, typer.Option("--recompute", help="Explain and judge again what was judged.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Recompute without writing and compare with what is stored.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 30,
) -> None:
    """Explain what the keeper has not explained yet; with --recompute the last days again, with today's rules.

    With --compare nothing is written: exit code 1 and the entries where a stored explanation is not the recomputed one.
    """
    if compare:
        _compared(*run(_comparison(settings(), days)))
        return
    number = run(_explained(settings(), days if recompute else 0))
    out.print(f"{number} look-ups explained again" if recompute else "every look-up is explained or found wanting")


def rules(
    back_test: Annotated[int, typer.Option("--back-test", min=1, max=400, help="Days to look back.")] = 30,
    json: Json = False,
) -> None:
    """List the rules: precision as closed cases measure it, and how often each fired in the last days."""
    told = run(_figures(settings(), back_test))
    if json:
        print_json([one.as_json() for one in told])
        return
    for one in told:
        name = f"{one.rule:24} v{one.version}"
        out.print(
            f"{name}  precision {one.precision:.2f} ({one.closed} cases)  fired {one.fired}, open {one.open}",
            markup=False,
        )


def alerts(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    rule: Annotated[str, typer.Option(help="Of this rule alone.")] = "",
    json: Json = False,
) -> None:
    """List the open alerts, best believed first: why each is there, and the look-up behind it."""
    rows = run(_alerts(settings(), rule, limit))
    if json:
        moments = [{"entry_id": str(row["entry_id"]), "happened_at": row["happened_at"].isoformat()} for row in rows]
        print_json([{**row, **told} for row, told in zip(rows, moments, strict=True)])
        return
    for row in rows:
        when = row["happened_at"].astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")
        out.print(f"{row['score']:5.1f}  {when}  {row['rule']}: {row['sentence_vi']}", markup=False)
        out.print(f"       {row['agency'] or row['client'] or '–'}, look-up {row['entry_id']}", markup=False)
    out.print(f"{len(rows)} open alerts")


async def _alerts(chosen: Settings, rule: str, limit: int) -> list[dict[str, Any]]:
    async with database_of(chosen) as database:
        rows = await open_alerts(database, Scope.everything(), "open", rule, _FIRST, limit)
    names = ("alert_id", "rule", "score", "sentence_vi", "sentence_en", "agency", "client", "entry_id", "happened_at")
    return [{name: row[name] for name in names} for row in rows]


async def _comparison(chosen: Settings, days: int) -> tuple[int, list[str]]:
    async with database_of(chosen) as database:
        now = utc_now()
        return await Auditor(database, clock=utc_now).compare(now - timedelta(days=days), now)


def _compared(number: int, differing: list[str]) -> None:
    for entry in differing[:_NAMED]:
        out.print(f"differs: {entry}", markup=False)
    if differing:
        fail(f"{len(differing)} of {number} stored explanations are not what is recomputed")
    out.print(f"{number} explanations recomputed: each is the stored one", markup=False)


async def _explained(chosen: Settings, days: int) -> int:
    async with database_of(chosen) as database:
        auditor = Auditor(database, clock=utc_now)
        if not days:
            await auditor.catch_up()
            return 0
        now = utc_now()
        return await auditor.recompute(now - timedelta(days=days), now)


async def _figures(chosen: Settings, days: int) -> list[RuleFigures]:
    async with database_of(chosen) as database:
        return await figures(database, utc_now() - timedelta(days=days))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is written as 2026-11-20") from None


def _print(measured: Measured) -> None:
    out.print(f"{'rule':24} alerts  right  precision  seeded  found  recall  wrong in 1,000 clean (budget)")
    for name, one in measured.rules.items():
        wrong = 1000 * (one.alerts - one.right) / max(measured.clean, 1)
        out.print(f"{_line(name, one)} {wrong:22.2f} ({BY_ID[name].budget})", markup=False)
    out.print(_line("overall", measured.overall), markup=False)
    share = 100 * measured.unexplained_share
    out.print(f"clean look-ups {measured.clean}, unexplained {measured.unexplained} ({share:.2f} %)")


def _line(name: str, one: Figures) -> str:
    return (
        f"{name:24} {one.alerts:6} {one.right:6} {_ratio(one.precision):>10} "
        f"{one.seeded:7} {one.found:6} {_ratio(one.recall):>7}"
    )


def _ratio(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


def mark(
    address: Annotated[str, typer.Argument(help="An IPv4 or IPv6 address.")],
    json: Json = False,
) -> None:
    """Print the mark of a network address by year, as alerts and the console write it instead of the address.

    Ask an agency which addresses its systems call from, and hold their marks against what the log shows.
    """
    keys = guarded(lambda: load_pseudonym_keys(settings().pseudonym_keys))
    pseudonyms = {year: Pseudonyms(keys).of_address(year, address) for year in sorted(keys, reverse=True)}
    marks = {str(year): address_mark(one) for year, one in pseudonyms.items() if one}
    if not marks:
        fail("this is no network address", Exit.USAGE)
    if json:
        print_json(marks)
    for year, one in () if json else marks.items():
        out.print(f"{year} {one}", markup=False, highlight=False)


def add_to(group: typer.Typer) -> None:
    """Add this module's commands to `lienthong audit`."""
    group.command()(simulate)
    group.command()(explain)
    group.command()(alerts)
    group.command()(rules)
    group.command()(mark)
