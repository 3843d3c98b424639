"""A file is reported in batches, again where no answer came, and on from where it stopped."""

import orjson
import pytest

from gateway.client import Refused, Unknown
from gateway.client.errors import refusal
from gateway.dossiers import pushing
from gateway.dossiers.files import FileEvent
from gateway.dossiers.pushing import Progress, file_digest, load_progress, push_file, save_progress, state_path


class _Answer:
    def __init__(self, value):
        self.value = value


class ScriptedClient:
    """A gateway that fails as ordered, then accepts everything; it keeps what it was sent."""

    def __init__(self, *failures):
        self.failures, self.batches = list(failures), []

    async def request(self, method, path, body):
        """Fail, or accept each event but those called `bad`."""
        assert (method, path) == ("POST", "/v1/dossiers/events")
        if self.failures:
            raise self.failures.pop(0)
        events = orjson.loads(body)["events"]
        self.batches.append([event["event_id"] for event in events])
        problem = {
            "code": "agreement-missing",
            "detail": "d",
            "errors": [{"pointer": "/events/0/agency", "detail": "e"}],
        }
        return _Answer(
            {
                "results": [
                    {"event_id": event["event_id"], "result": "rejected", "sequence": None, "problem": problem}
                    if event["event_id"] == "bad"
                    else {"event_id": event["event_id"], "result": "accepted", "sequence": 1}
                    for event in events
                ]
            }
        )


def lines(number):
    """Make so many events."""
    return [FileEvent(line, {"event_id": f"E{line}"}) for line in range(1, number + 1)]


@pytest.fixture
def sleeps():
    """Collect waits instead of waiting."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    return waited, sleep


def problem(status, code, *, retryable, retry_after=None):
    """Make a signed refusal."""
    return refusal(status, {"code": code, "layer": "gateway", "retryable": retryable}, retry_after)


async def test_batches_of_a_hundred(sleeps):
    """Every event is sent once, in order, and progress is told after each batch."""
    client, told = ScriptedClient(), []
    done = await push_file(client, lines(250), Progress("d"), reported=lambda at: told.append(at.done), sleep=sleeps[1])
    assert [len(batch) for batch in client.batches] == [100, 100, 50]
    assert [name for batch in client.batches for name in batch] == [f"E{number}" for number in range(1, 251)]
    assert (told, done.counts["accepted"]) == ([100, 200, 250], 250)


async def test_large_events_make_smaller_batches(sleeps):
    """A body stays within what the gateway takes."""
    client = ScriptedClient()
    events = [FileEvent(line, {"event_id": f"E{line}", "note": "x" * 400_000}) for line in range(1, 4)]
    await push_file(client, events, Progress("d"), reported=lambda _: None, sleep=sleeps[1])
    assert [len(batch) for batch in client.batches] == [2, 1]


async def test_what_stays_unanswered_is_sent_again(sleeps):
    """With growing waits, at least as long as the gateway asks; then the results count once."""
    failures = [Unknown("no-answer", "x"), problem(503, "evidence-unavailable", retryable=True, retry_after=7)]
    client = ScriptedClient(*failures)
    done = await push_file(client, lines(2), Progress("d"), reported=lambda _: None, sleep=sleeps[1])
    assert (client.batches, done.counts["accepted"]) == ([["E1", "E2"]], 2)
    assert (sleeps[0][0] > 0, sleeps[0][1]) == (True, 7.0)


async def test_a_refusal_for_good_ends_the_push(sleeps):
    """What time does not heal is not tried again."""
    client = ScriptedClient(problem(403, "agreement-missing", retryable=False))
    with pytest.raises(Refused, match="agreement-missing"):
        await push_file(client, lines(2), Progress("d"), reported=lambda _: None, sleep=sleeps[1])
    assert sleeps[0] == []


async def test_silence_is_not_waited_for_without_end(sleeps):
    """After the last attempt the push ends, and what was acknowledged stays acknowledged."""
    client = ScriptedClient(*[Unknown("no-answer", "x")] * 50)
    with pytest.raises(Unknown):
        await push_file(client, lines(2), Progress("d"), reported=lambda _: None, sleep=sleeps[1])
    assert 5 <= len(sleeps[0]) <= 20
    assert max(sleeps[0]) <= 15


async def test_rejected_and_unreadable_events_are_named(sleeps):
    """Line, id, code and member; unreadable lines are not sent."""
    client = ScriptedClient()
    events = [*lines(1), FileEvent(2, None, "the line is not an object"), FileEvent(3, {"event_id": "bad"})]
    done = await push_file(client, events, Progress("d"), reported=lambda _: None, sleep=sleeps[1])
    assert client.batches == [["E1", "bad"]]
    assert done.counts == {"accepted": 1, "late": 0, "duplicate": 0, "rejected": 2}
    assert [(item["line"], item["code"], item["member"]) for item in done.rejected] == [
        (2, "unreadable", ""),
        (3, "agreement-missing", "agency"),
    ]


async def test_another_number_of_results_is_not_believed(sleeps, monkeypatch):
    """An answer that does not tell of each event counts for none."""
    client = ScriptedClient()

    async def short(*_):
        return _Answer({"results": []})

    monkeypatch.setattr(client, "request", short)
    with pytest.raises(Unknown):
        await push_file(client, lines(1), Progress("d"), reported=lambda _: None, sleep=sleeps[1])


async def test_a_second_run_goes_on(tmp_path, sleeps):
    """The state beside the file names how far it was reported; the rest alone is sent."""
    file = tmp_path / "events.ndjson"
    file.write_text("{}", encoding="utf-8")
    progress = load_progress(file)
    first = ScriptedClient()
    stopped = []

    def stop(at):
        save_progress(file, at)
        if at.done == 100:
            stopped.append(at)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await push_file(first, lines(150), progress, reported=stop, sleep=sleeps[1])
    again, second = load_progress(file), ScriptedClient()
    assert (again.done, state_path(file).stat().st_mode & 0o777) == (100, 0o600)
    done = await push_file(second, lines(150), again, reported=lambda _: None, sleep=sleeps[1])
    assert (len(second.batches[0]), done.done, done.counts["accepted"]) == (50, 150, 150)


@pytest.mark.parametrize(
    "state", [b"", b"[]", b'{"digest": 1}', b'{"digest": "x", "done": 5, "counts": {}, "rejected": []}']
)
def test_a_broken_state_begins_anew(tmp_path, state):
    """Sending again is harmless, so nothing is guessed."""
    file = tmp_path / "events.ndjson"
    file.write_text("{}", encoding="utf-8")
    state_path(file).write_bytes(state)
    assert load_progress(file) == Progress(file_digest(file))


def test_a_changed_file_begins_anew(tmp_path):
    """Progress counts for one content alone."""
    file = tmp_path / "events.ndjson"
    file.write_text("{}", encoding="utf-8")
    save_progress(file, Progress(file_digest(file), done=7))
    assert load_progress(file).done == 7
    file.write_text("{} ", encoding="utf-8")
    assert load_progress(file).done == 0


def test_the_limits_are_the_gateways():
    """A batch fits within 500 events and 1 MiB."""
    assert pushing.BATCH <= 500
    assert pushing.BATCH_BYTES < 1 << 20
