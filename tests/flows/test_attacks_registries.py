"""THREATS D as dialogues: registries that lie, stall and fall, each told as what it is and never as "no match"."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median

import pytest

pytestmark = [pytest.mark.usefixtures("healthy"), pytest.mark.timeout(120)]
ROW = re.compile(r"^\| (099\d{9}) \| ([^|]+) \| ([0-9-]+) \| `(\w+)` \|", re.MULTILINE)
PEOPLE = {
    mode: (number, name, day)
    for number, name, day, mode in ROW.findall(
        (Path(__file__).parents[2] / "docs" / "SAMPLE-PEOPLE.md").read_text(encoding="utf-8")
    )
}
TAX_CODES = ["9999999002", "9999999027", "9999999034", "9999999041", "9999999059"]
SERVICES = {
    "population": ("/v1/lookups/population/person", ["full_name"]),
    "insurance": ("/v1/lookups/insurance/health-card", ["card_number"]),
    "civil_status": ("/v1/lookups/civil-status/birth", ["full_name"]),
    "tax": ("/v1/lookups/tax/taxpayer", ["name"]),
}
INVALID, FAULT = ("registry-invalid", 502), ("registry-fault", 502)
EVERYWHERE = {
    "http_500": FAULT,
    "fault": FAULT,
    "garbage": INVALID,
    "truncated": INVALID,
    "empty": INVALID,
    "redirect": INVALID,
    "html": INVALID,
    "gzip_bomb": INVALID,
    "huge": INVALID,
    "reset": INVALID,
    "drift": INVALID,
    "another_person": INVALID,
    "two_results": INVALID,
    "wrong_request": INVALID,
    "bad_date": INVALID,
}
SOAP = dict.fromkeys(["xxe", "entity_bomb", "two_bodies", "wrong_namespace"], INVALID)
SIGNED = dict.fromkeys(["bad_signature", "unsigned_body", "expired_timestamp", "wrapped"], INVALID)
CASES = [
    *((mock, mode, *told) for mock in SERVICES for mode, told in EVERYWHERE.items()),
    *((mock, mode, *told) for mock in ("population", "tax") for mode, told in SOAP.items()),
    *(("tax", mode, *told) for mode, told in SIGNED.items()),
    ("insurance", "refuse_auth", *FAULT),
]
FOREIGN = re.compile(r"NullPointer|Traceback|Bảo trì|root:|_trap|soap:|faultstring|java\.", re.IGNORECASE)


def _ask(stack, mock, mode, number=0):
    """Ask one registry about the sample person of a mode, or a taxpayer, with the mode switched on for tax."""
    target, fields = SERVICES[mock]
    if mock == "tax":
        subject = {"id_type": "tax_code", "id": TAX_CODES[number % len(TAX_CODES)]}
        with stack.behaving(mode, "tax"):
            return stack.look_up(target, subject=subject, fields=fields)
    personal_number, name, day = PEOPLE[mode]
    subject = {"id_type": "personal_id", "id": personal_number, "full_name": name, "birth_date": day}
    if mock == "civil_status":
        subject = {"id_type": "personal_id", "id": personal_number}
    return stack.look_up(target, subject=subject, fields=fields)


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_a_registry_that_lies_is_told_as_such(stack, number, case):
    """D21 to D27: the documented problem, in a signed answer with a receipt; no data, none of the registry's words."""
    mock, mode, code, status = case
    before = stack.calls()[mock]
    answer = _ask(stack, mock, mode, number)
    assert (answer.status, answer.code) == (status, code), answer.body
    assert stack.entries(answer) == [("asked", None), ("answered", code)]
    assert answer.get("lienthong-receipt") is not None
    assert not FOREIGN.search(answer.body.decode())
    assert answer.seconds < 4.0
    assert stack.calls()[mock] == before + (2 if mode == "refuse_auth" else 1), "never asked twice"


@pytest.mark.parametrize("mock", SERVICES)
def test_a_dropped_connection_is_tried_again_and_then_told(stack, mock):
    """Where no byte of an answer came, one more try is safe: a single drop is not even noticed."""
    target, fields = SERVICES[mock]
    subject = {
        "id_type": "personal_id",
        "id": "099191000001",
        "full_name": "NGUYỄN THỊ THỬ",
        "birth_date": "1991-05-02",
    }
    if mock == "tax":
        subject = {"id_type": "tax_code", "id": TAX_CODES[0]}
    elif mock == "civil_status":
        subject = {"id_type": "personal_id", "id": "099191000001"}
    with stack.behaving("drop", mock, times=1):
        answer = stack.look_up(target, subject=subject, fields=fields)
    assert answer.status == 200, answer.body
    with stack.behaving("drop", mock):
        answer = stack.look_up(target, subject=subject, fields=fields)
    assert (answer.status, answer.code) == (503, "registry-unavailable")
    assert answer.get("retry-after") is not None
    assert stack.entries(answer) == [("asked", None), ("answered", "registry-unavailable")]


def test_registries_that_stall_are_given_up_in_time(stack):
    """D25: hanging and dripping end at the deadline, all at once and none in the way of another."""
    wishes = [(mock, mode) for mock in ("population", "insurance", "civil_status") for mode in ("hang", "drip")]
    with ThreadPoolExecutor(len(wishes)) as pool:
        answers = list(pool.map(lambda wish: _ask(stack, *wish), wishes))
    assert {(answer.status, answer.code) for answer in answers} == {(504, "registry-timeout")}
    assert all(2.5 < answer.seconds < 4.5 for answer in answers)
    for answer in answers:
        assert stack.entries(answer) == [("asked", None), ("answered", "registry-timeout")]


def test_a_slow_registry_is_waited_for(stack):
    """One second is under the deadline: the answer is right."""
    answers = [_ask(stack, mock, "slow") for mock in ("population", "insurance", "civil_status")]
    assert {answer.value["outcome"] for answer in answers} == {"found"}


def test_an_open_breaker_fails_fast_and_leaves_the_others_alone(stack):
    """A registry that fails over and over is spared; it is told within 50 ms, others answer, and it comes back."""
    target, fields = SERVICES["tax"]
    numbers = count(990_000, 1000)

    def ask():
        subject = {"id_type": "personal_id", "id": f"099090{next(numbers) % 10**6:06}"}
        return stack.look_up(target, subject=subject, fields=fields)

    with stack.behaving("http_500", "tax"):
        refused = [answer for answer in (ask() for _ in range(80)) if answer.code == "registry-unavailable"]
        assert stack.look_up().status == 200
    assert len(refused) > 5, "neither worker's breaker opened"
    assert median(answer.seconds for answer in refused) < 0.05
    assert all(stack.entries(answer) == [("refused", "registry-unavailable")] for answer in refused[:5])
    assert all(answer.get("retry-after") == "2" for answer in refused)
    assert stack.settle(lambda: {ask().status for _ in range(6)} == {200}, 10.0), "it does not come back"


def test_nothing_was_followed_and_nothing_grew(stack):
    """D21, D25, D26: no redirect, entity or schema led anybody anywhere, and no worker's memory exploded."""
    for mock in SERVICES:
        assert not [line for line in stack.journal(mock) if line["operation"] == "trap"]
    for pid in stack.workers():
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])
        assert peak < 300_000, f"{peak} kB"
