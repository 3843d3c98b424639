"""The guided story of `lienthong demo`: what a province gets, what it is refused, and how anyone can check it.

The rule: each step does the real thing against the running sandbox and holds the outcome against what its
caption claims; a step that went otherwise ends the story as failed.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
from rich.console import Console
from rich.panel import Panel

from gateway.client import Answer, Client, ClientError, Exchange, Refused, Unknown
from gateway.client.protocol import believe
from gateway.client.proving import fetch_proof
from gateway.sandbox.layout import PROVINCE, STRICT_PROVINCE, Layout
from gateway.sandbox.staff import DECOY
from schemas.dates import LOCAL

SERVICE = "population/person"
SUBJECT = {"id_type": "personal_id", "id": "099191000001", "full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991-05-02"}
PURPOSE = {
    "procedure": "9.999901",
    "dossier": "H99.01-261121-0001",
    "component": "TP01",
    "legal_basis": "law",
    "officer": {"id": "099085000009", "name": "Trần Văn Cán", "unit": "H99.01"},
}
FIELDS = ("full_name", "birth_date", "permanent_address")
_PROOF_WITHIN_S = 20.0


class StoryFailed(Exception):  # noqa: N818 — the story's own end
    """A step did not go as its caption says."""


@dataclass(slots=True)
class Stage:
    """What the steps share: the running sandbox, two callers, a line to the registries, and the kept exchange."""

    layout: Layout
    province: Client
    strict: Client
    mocks: Mapping[str, str]
    session: aiohttp.ClientSession
    kept: Exchange | None = None

    async def registry_calls(self) -> int:
        """Count the calls that the population registry has seen."""
        async with self.session.get(f"{self.mocks['population']}/_journal/count") as response:
            return int((await response.json())["calls"])

    async def lienthong(self, *arguments: str, typed: str = "") -> str:
        """Run a command of ours here, with `typed` on its input. Raises `StoryFailed` unless it ends with 0."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway.cli",
            *arguments,
            env={"LIENTHONG_ENV_FILE": str(self.layout.env), "PATH": "/usr/bin:/bin"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate(typed.encode())
        text = output.decode().strip()
        if process.returncode:
            raise StoryFailed(f"lienthong {' '.join(arguments)} ended with {process.returncode}: {text}")
        return text


Step = Callable[[Stage], Awaitable[str]]


async def looked_up(stage: Stage) -> str:
    """Ask for three fields and get exactly those, signed, with a receipt."""
    answer = await stage.province.lookup(SERVICE, SUBJECT, PURPOSE, FIELDS)
    _claim(answer.value["outcome"] == "found" and set(answer.value["data"]) == set(FIELDS), "three fields, no more")
    _claim(answer.receipt is not None, "a receipt")
    stage.kept = answer.exchange
    text = orjson.dumps(answer.value["data"], option=orjson.OPT_INDENT_2).decode()
    return f"POST /v1/lookups/{SERVICE} {list(FIELDS)}\n{text}\n{_receipt_line(answer)}"


async def refused_field(stage: Stage) -> str:
    """Ask for a field beyond the agreement: refused, and the registry is not even asked."""
    before = await stage.registry_calls()
    request = stage.province.lookup(SERVICE, SUBJECT, PURPOSE, ("full_name", "religion"))
    told = await _refused(request, 403, "field-not-granted")
    _claim(await stage.registry_calls() == before, "no call to the registry")
    return told


async def replayed(stage: Stage) -> str:
    """Send the very same signed bytes again: refused."""
    first = _kept(stage)
    exchange = await stage.province.send(first.request, first.request_body, first.sent_at)
    return await _refused(_believed(stage, exchange), 401, "signature-replayed")


async def altered(stage: Stage) -> str:
    """Change one word of a signed request on its way: refused."""
    first = _kept(stage)
    exchange = await stage.province.send(
        first.request, first.request_body.replace(b"personal_id", b"old_id_card"), first.sent_at
    )
    return await _refused(_believed(stage, exchange), 400, "digest-mismatch")


async def verified(stage: Stage) -> str:
    """Have claims checked: the answer is a verdict and holds nothing of the registry's."""
    right = await stage.province.verify_identity(
        SERVICE, SUBJECT, PURPOSE, {"full_name": "Nguyễn Thị Thử", "sex": "female"}
    )
    wrong = await stage.province.verify_identity(SERVICE, SUBJECT, PURPOSE, {"sex": "male"})
    _claim((right.value["verdict"], wrong.value["verdict"]) == ("match", "mismatch"), "match, then mismatch")
    _claim("data" not in right.value and "data" not in wrong.value, "no registry value in a verdict")
    return f"sex=female → {right.value['verdict']}; sex=male → {wrong.value['verdict']} {wrong.value.get('claims', '')}"


async def lying_registry(stage: Stage) -> str:
    """Let a registry answer about somebody else: nothing of it is passed on."""
    behaviour = f"{stage.mocks['population']}/_behaviour"
    async with stage.session.put(behaviour, json={"mode": "another_person", "times": 1}) as response:
        response.raise_for_status()
    return await _refused(stage.province.lookup(SERVICE, SUBJECT, PURPOSE, FIELDS), 502, "registry-invalid")


async def strict_agreement(stage: Stage) -> str:
    """Another province's agreement wants an open dossier of which the citizen is a party: there is none."""
    officer = {**PURPOSE["officer"], "unit": "H98.01"}  # type: ignore[dict-item]  # the officer is a table
    purpose = {**PURPOSE, "dossier": "H98.01-261121-0001", "officer": officer}
    return await _refused(stage.strict.lookup(SERVICE, SUBJECT, purpose, FIELDS), 403, "dossier-not-open")


async def proved(stage: Stage) -> str:
    """Let the log prove the first answer, offline, by its signed checkpoint."""
    keys = await stage.province.gateway_keys()
    exchange = await fetch_proof(stage.province, _kept(stage), keys, time.monotonic() + _PROOF_WITHIN_S)
    path = stage.layout.root / "demo-exchange.json"
    exchange.save(path)
    told = await stage.lienthong("receipt", "verify", str(path))
    _claim("proved:" in told, "a proved receipt")
    return told.splitlines()[-1]


async def audited(stage: Stage) -> str:
    """Every log is recomputed: who asked about whom, why, and what came of it."""
    told = await stage.lienthong("audit", "verify")
    _claim("the log verifies" in told, "a log that verifies")
    entries = await stage.lienthong("audit", "show", "--request-id", _request_id(_kept(stage)))
    return f"{told.splitlines()[-1]}\n{entries}"


async def explained(stage: Stage) -> str:
    """Report the dossier of the first look-up: it explains it; nothing else would."""
    dossier = {
        "event_id": f"demo-{uuid4().hex}",
        "dossier": PURPOSE["dossier"],
        "procedure": PURPOSE["procedure"],
        "agency": "H99.01",
        "status": 2,
        "occurred_at": (datetime.now(LOCAL) - timedelta(hours=1)).isoformat(timespec="seconds"),
        "parties": [{"id_type": SUBJECT["id_type"], "id": SUBJECT["id"], "role": "applicant"}],
    }
    await stage.province.request("POST", "/v1/dossiers/events", {"events": [dossier]})
    await stage.lienthong("audit", "explain")
    told = await stage.lienthong("audit", "show", "--request-id", _request_id(_kept(stage)))
    _claim("explained: open_dossier" in told, "an explained look-up")
    return told.splitlines()[-1]


async def alerted(stage: Stage) -> str:
    """Look up a person who does not exist and to whom no work leads: an alert says so."""
    subject = {**SUBJECT, "id": DECOY}
    purpose = {name: value for name, value in PURPOSE.items() if name not in {"dossier", "component"}}
    answer = await stage.province.lookup(SERVICE, subject, purpose, FIELDS)
    _claim(answer.value["outcome"] == "no_match", "no match")
    await stage.lienthong("audit", "explain")
    told = await stage.lienthong("audit", "alerts", "--rule", "decoy", "--limit", "1")
    _claim("decoy:" in told and DECOY not in told, "an alert that names nobody")
    return told


async def told_to_citizen(stage: Stage) -> str:
    """Tell the citizen who looked, and why; every row can be checked against a signed checkpoint."""
    path = stage.layout.root / "demo-report.json"
    told = await stage.lienthong("citizen", "report", "--id", "-", typed=SUBJECT["id"])
    path.write_text(await stage.lienthong("citizen", "report", "--id", "-", "--json", typed=SUBJECT["id"]), "utf-8")
    verdict = await stage.lienthong("citizen", "verify", str(path), "--vkey", str(stage.layout.vkey))
    _claim("the report verifies" in verdict and SUBJECT["id"] not in told, "a report that verifies")
    return f"{told}\n{verdict.splitlines()[-1]}"


STORY: tuple[tuple[str, str, Step], ...] = (
    ("Tra cứu có ký số", "A signed look-up: the fields asked for, no more, with a receipt", looked_up),
    ("Trường ngoài thỏa thuận", "A field beyond the agreement is refused before any registry is asked", refused_field),
    ("Gửi lại yêu cầu cũ", "The same signed bytes, sent again", replayed),
    ("Sửa nội dung trên đường", "One word changed on the way", altered),
    ("Xác thực định danh", "Claims are checked; the answer is a verdict only", verified),
    ("Cơ sở dữ liệu trả lời sai", "A registry that answers about another person", lying_registry),
    ("Thỏa thuận chặt", "No open dossier, no look-up", strict_agreement),
    ("Biên nhận", "The receipt, proved offline", proved),
    ("Nhật ký", "The whole log, recomputed", audited),
    ("Lý do", "The dossier explains the look-up: most look-ups explain themselves", explained),
    ("Cảnh báo", "A decoy was looked up: the alert says why it is there", alerted),
    ("Báo cáo cho công dân", "Who looked at me? The citizen's own report, checked offline", told_to_citizen),
)


async def tell(layout: Layout, public: str, mocks: Mapping[str, str], console: Console) -> bool:
    """Run the story and print it; whether every step went as told."""
    async with (
        Client(public, layout.client_toml(PROVINCE)) as province,
        Client(public, layout.client_toml(STRICT_PROVINCE)) as strict,
        aiohttp.ClientSession() as session,
    ):
        stage = Stage(layout, province, strict, mocks, session)
        for number, (vietnamese, english, step) in enumerate(STORY, 1):
            try:
                told = await step(stage)
            except (StoryFailed, ClientError, aiohttp.ClientError, KeyError, TypeError) as error:
                console.print(Panel(str(error), title=f"{number}. {vietnamese} — FAILED", border_style="red"))
                return False
            console.print(Panel(told, title=f"{number}. {vietnamese}", subtitle=english, border_style="green"))
    return True


async def _refused(request: Awaitable[Answer], status: int, code: str) -> str:
    """Await a refusal of this status and code; say it as the officer would read it."""
    try:
        await request
    except Refused as refused:
        problem = refused.problem
        _claim((problem.status, problem.code) == (status, code), f"{status} {code}, not {refused}")
        return f"{status} {code} — {problem.display_message}"
    except Unknown as unknown:
        raise StoryFailed(f"expected {status} {code}: {unknown}") from None
    raise StoryFailed(f"expected {status} {code}, but it was answered")


async def _believed(stage: Stage, exchange: Exchange) -> Answer:
    return believe(exchange, await stage.province.gateway_keys())


def _receipt_line(answer: Answer) -> str:
    receipt = answer.receipt
    return f"Lienthong-Receipt: {receipt.log}, entry {receipt.index}" if receipt else ""


def _kept(stage: Stage) -> Exchange:
    if stage.kept is None:
        raise StoryFailed("the first look-up was not kept")
    return stage.kept


def _request_id(exchange: Exchange) -> str:
    for name, value in exchange.response.headers:
        if name.lower() == "x-request-id":
            return value
    raise StoryFailed("the answer has no X-Request-Id")


def _claim(held: Any, claim: str) -> None:
    """Hold a step's outcome against its caption."""
    if not held:
        raise StoryFailed(f"expected {claim}")
