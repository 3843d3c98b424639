"""Dialogues about dossiers: what a province reports binds what it may ask, and nothing reported is lost or doubled."""

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import orjson
import pytest

EVENTS = "/v1/dossiers/events"
APPLICANT = {"id_type": "personal_id", "id": "099191000001", "role": "applicant"}
_numbers = count(int(time.time()) % 10_000 * 100)

pytestmark = pytest.mark.usefixtures("healthy")


def code(agency="H98.01"):
    """Name a dossier that nobody knows yet."""
    return f"{agency}-261121-{next(_numbers):07d}"


def event(dossier, status=2, minute=0, **members):
    """Make an event; minutes count from the morning of the example."""
    at = datetime(2026, 11, 21, 1, 30, tzinfo=UTC) + timedelta(minutes=minute)
    return {
        "event_id": f"E-{next(_numbers)}",
        "dossier": dossier,
        "procedure": "9.999901",
        "agency": dossier.rpartition("-")[0].rpartition("-")[0],
        "status": status,
        "occurred_at": at.isoformat(),
        **members,
    }


def push(stack, *events, client="H98.onegate"):
    """Report events and return what became of them."""
    answer = stack.ask(target=EVENTS, body=orjson.dumps({"events": events}), client=client)
    assert answer.status == 200, answer.body
    assert stack.entries(answer) == [("status", None)]
    return answer.value["results"]


def look(stack, dossier, client="H98.onegate", **changes):
    """Ask about the example's person for a dossier of H98.01."""
    return stack.look_up(client=client, purpose__dossier=dossier, purpose__officer__unit="H98.01", **changes)


def asked(stack):
    """Return how many calls the registries have seen; the portal is told of events meanwhile."""
    return {name: calls for name, calls in stack.calls().items() if name != "portal"}


def refused(stack, answer, code, calls):
    """Check that a look-up was refused with 403, one entry and no call."""
    stack.refused(answer, code, 403)
    assert asked(stack) == calls


def show(stack, dossier, client="H98.onegate"):
    """Read a dossier."""
    return stack.ask(method="GET", target=f"/v1/dossiers/{dossier}", client=client)


def test_the_strict_grant_follows_the_dossier(stack):
    """Unknown, open without the party, and ended are refused; open with the party, and reopened, are answered."""
    dossier = code()
    calls = asked(stack)
    refused(stack, look(stack, dossier), "dossier-not-open", calls)
    push(stack, event(dossier, 1, parties=[{**APPLICANT, "id": "099191000002"}]))
    refused(stack, look(stack, dossier), "subject-not-party", calls)
    push(stack, event(dossier, 2, 1, parties=[APPLICANT]))
    assert look(stack, dossier).value["outcome"] == "found"
    calls = asked(stack)
    push(stack, event(dossier, 3, 2))
    refused(stack, look(stack, dossier), "dossier-not-open", calls)
    assert stack.lienthong("dossiers", "reopen", dossier, "--reason", "nhập nhầm").returncode == 0
    assert look(stack, dossier).value["outcome"] == "found"


def test_relatives_are_parties_with_roles(stack):
    """A mother named by the dossier may be looked up for the child's dossier; nobody else of the family may."""
    dossier = code()
    child = {"id_type": "personal_id", "id": "099221000009", "role": "child"}
    push(stack, event(dossier, 2, procedure="9.999902", parties=[child, {**APPLICANT, "role": "mother"}]))
    purpose = {"purpose__procedure": "9.999902", "purpose__component": "TP02"}
    assert look(stack, dossier, **purpose).value["outcome"] == "found"
    calls = asked(stack)
    refused(stack, look(stack, dossier, subject__id="099191000003", **purpose), "subject-not-party", calls)


def test_foreign_dossiers_look_absent(stack):
    """Another province's open dossier is no more open, and no more there, than one that never was."""
    theirs = code("H99.01")
    push(stack, event(theirs, 2, parties=[APPLICANT]), client="H99.igate")
    calls = asked(stack)
    refused(stack, look(stack, theirs), "dossier-not-open", calls)
    absent, foreign = show(stack, code("H99.01")), show(stack, theirs)
    for answer in (absent, foreign):
        stack.refused(answer, "not-found", 404)
    assert {**absent.value, "request_id": ""} == {**foreign.value, "request_id": ""}
    assert show(stack, theirs, "H99.igate").value["status"] == 2


def test_a_dossier_tells_its_story(stack):
    """State by order, history with what was late or odd, components merged; the read is one entry."""
    dossier = code()
    part = {"code": "TP01", "name": "Giấy khai sinh", "obtained": "registry", "required": True}
    results = push(
        stack,
        event(dossier, "2", 0, received_at="2026-11-21T08:29:00+07:00", due_at="2026-11-24T17:00:00+07:00"),
        event(dossier, 9, 20, components=[part]),
        event(dossier, 4, 10, components=[{"code": "TP01", "obtained": "paper", "reused": False}]),
        event(dossier, 10, 30, result={"name": "Kết quả", "electronic": True}),
        event(dossier, 4, 40),
    )
    assert [line["result"] for line in results] == ["accepted", "accepted", "late", "accepted", "accepted"]
    assert [line.get("warning") for line in results] == [None, None, None, None, "after-final-status"]
    answer = show(stack, dossier)
    assert stack.entries(answer) == [("read", "found")]
    story = answer.value
    assert (story["status"], story["final"], story["agency"]) == (10, True, "H98.01")
    assert datetime.fromisoformat(story["due_at"]) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert story["components"] == [{**part, "reused": False}]
    assert [line["status"] for line in story["events"]] == [2, 4, 9, 10, 4]
    assert [line["late"] for line in story["events"]] == [False, True, False, False, False]
    assert [line["applied"] for line in story["events"]] == [True, True, True, True, False]


def test_events_are_judged_one_by_one(stack):
    """Duplicates by value, conflicts, foreign agencies, the future, and garbage: each its own result, in order."""
    dossier = code()
    first = event(dossier, 2)
    same = {**first, "status": "2", "occurred_at": "2026-11-21T08:30:00+07:00"}
    results = push(
        stack,
        first,
        same,
        {**first, "status": 4},
        event(code("H99.01")),
        {**event(code("H99.01")), "agency": "H98.01"},
        {**event(dossier), "agency": "H98.02"},
        {**event(dossier), "occurred_at": "2099-01-01T00:00:00Z"},
        {"event_id": "broken"},
        7,
    )
    assert [line["result"] for line in results] == ["accepted", "duplicate", *["rejected"] * 7]
    assert results[1]["sequence"] == results[0]["sequence"]
    problems = [line["problem"]["code"] for line in results[2:]]
    assert problems == [
        "event-conflict",
        "agreement-missing",
        "agreement-missing",
        "agreement-missing",
        "request-invalid",
        "request-invalid",
        "request-invalid",
    ]
    assert all(line["sequence"] is None for line in results[2:])
    assert results[6]["problem"]["errors"][0]["pointer"] == "/events/6/occurred_at"
    assert [line["event_id"] for line in results[7:]] == ["broken", None]
    assert show(stack, dossier).value["status"] == 2


@pytest.mark.parametrize("body", [b"{}", b'{"events": []}', b'{"events": [], "events": []}', b"[]"])
def test_a_broken_envelope_is_refused_whole(stack, body):
    """422 for a schema, 400 for JSON that is none; one entry."""
    answer = stack.ask(target=EVENTS, body=body, client="H98.onegate")
    malformed = b'"events": [], "events"' in body
    stack.refused(answer, "request-malformed" if malformed else "request-invalid", 400 if malformed else 422)


def test_the_feed_goes_on_where_it_stopped(stack):
    """Pages of the caller's own agencies, each event once; the cursor outlives new events."""
    start = stack.ask(method="GET", target=f"{EVENTS}?after=0&limit=500", client="G99.registry").value["next"]
    dossiers = [code("G99.01") for _ in range(3)]
    push(stack, *(event(dossier, 1, number) for number, dossier in enumerate(dossiers)), client="G99.registry")
    push(stack, event(code(), 1))
    seen, cursor = [], start
    while True:
        answer = stack.ask(method="GET", target=f"{EVENTS}?after={cursor}&limit=2", client="G99.registry")
        assert stack.entries(answer) == [("read", "found")]
        if not answer.value["events"]:
            break
        seen += [line["dossier"] for line in answer.value["events"]]
        cursor = answer.value["next"]
    assert seen == dossiers
    push(stack, event(dossiers[0], 2, 5), client="G99.registry")
    later = stack.ask(method="GET", target=f"{EVENTS}?after={cursor}", client="G99.registry").value
    assert [line["status"] for line in later["events"]] == [2]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "limit=0", "limit=501", "limit=1.5", "after=99999999999999999999"]
)
def test_odd_cursors_are_refused(stack, query):
    """A cursor is a number that was given out, a limit lies within 1 to 500."""
    answer = stack.ask(method="GET", target=f"{EVENTS}?{query}", client="H98.onegate")
    stack.refused(answer, "request-invalid", 422)


@pytest.mark.parametrize(
    ("dossier", "segment"), [("HS 98/001", "~SFMgOTgvMDAx"), ("HS:98+1", "HS:98%2B1"), ("Hồ sơ 1", "~SOG7kyBzxqEgMQ")]
)
def test_opaque_codes_have_a_way_into_the_path(stack, dossier, segment):
    """Percent-encoded where a path allows it, base64url after `~` where not."""
    unique = f"{dossier}"
    push(stack, {**event("H98.01-261121-0001", 2), "dossier": unique})
    assert show(stack, segment).value["dossier"] == dossier


def test_an_answer_is_told_its_outcome(stack):
    """Of the caller's own answered look-up, with fields that were asked; others' are not there."""
    dossier = code()
    push(stack, event(dossier, 2, parties=[APPLICANT]))
    lookup_id = look(stack, dossier).value["lookup_id"]
    target = f"/v1/lookups/{lookup_id}/outcome"
    body = orjson.dumps({"used": ["full_name"], "mismatch": ["birth_date"]})
    told = stack.ask(target=target, body=body, client="H98.onegate")
    assert (told.status, stack.entries(told)) == (200, [("status", "mismatch")])
    assert (told.value["used"], told.value["mismatch"]) == (["full_name"], ["birth_date"])
    stack.refused(stack.ask(target=target, body=body), "not-found", 404)
    unknown = "/v1/lookups/0199a5a0-0000-7000-8000-00000000abcd/outcome"
    stack.refused(stack.ask(target=unknown, body=body), "not-found", 404)
    beyond = orjson.dumps({"used": ["sex"], "mismatch": []})
    stack.refused(stack.ask(target=target, body=beyond, client="H98.onegate"), "request-invalid", 422)


def test_a_replayed_push_is_refused(stack):
    """The nonce is spent by the entry: the same bytes are no second report."""
    request, body = stack.signed(target=EVENTS, body=orjson.dumps({"events": [event(code())]}), client="H98.onegate")
    assert stack.send(request, body).status == 200
    stack.refused(stack.send(request, body), "signature-replayed", 401, request=request)


def _file(tmp_path, dossiers):
    steps = [(1, 0), (2, 1), (4, 2), (9, 3), (10, 4)]
    lines = [event(dossier, *step) for dossier in (code("H99.07") for _ in range(dossiers)) for step in steps]
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return file, lines


def test_two_thousand_events_go_in_one_file(stack, tmp_path):
    """`lienthong dossiers push` reports them all, in batches, and a second run knows that it has."""
    file, lines = _file(tmp_path, 400)
    done = stack.lienthong("dossiers", "push", str(file), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["events"], told["accepted"]) == (2000, 2000)
    sample = show(stack, lines[-1]["dossier"], "H99.igate").value
    assert (sample["status"], len(sample["events"])) == (10, 5)
    again = stack.lienthong("dossiers", "push", str(file))
    assert (again.returncode, again.stdout.startswith("2000 events")) == (0, True)
    assert "going on after 2000 events" in again.stderr


def test_a_file_shuffled_and_sent_twice_ends_in_the_same_state(stack, tmp_path):
    """Late events find their place, and the second time all are duplicates."""
    file, lines = _file(tmp_path, 30)
    lines.reverse()
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    told = json.loads(stack.lienthong("dossiers", "push", str(file), "--json").stdout)
    assert (told["accepted"], told["late"]) == (30, 120)
    file.with_name("events.ndjson.state").unlink()
    assert json.loads(stack.lienthong("dossiers", "push", str(file), "--json").stdout)["duplicate"] == 150
    story = show(stack, lines[0]["dossier"], "H99.igate").value
    assert (story["status"], [line["status"] for line in story["events"]]) == (10, [1, 2, 4, 9, 10])


def test_a_rejected_event_fails_the_push(stack, tmp_path):
    """Exit code 1, and the line, the member and the reason are named; the rest is reported."""
    file = tmp_path / "events.csv"
    good, bad = event(code("H99.07")), event(code("H98.07"))
    names = list(good)
    rows = [",".join(names), *(",".join(str(line[name]) for name in names) for line in (good, bad))]
    file.write_text("\n".join(rows), encoding="utf-8")
    done = stack.lienthong("dossiers", "push", str(file))
    assert done.returncode == 1
    assert "1 accepted" in done.stdout
    assert "line 3: agreement-missing agency" in done.stderr
    assert stack.lienthong("dossiers", "show", good["dossier"], "--json").returncode == 0
