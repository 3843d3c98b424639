"""Dialogues about reuse: what a province declares, what the log proves, and that everybody can count again."""

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import duckdb
import orjson
import pytest

FIELDS = ["full_name", "permanent_address"]
APPLICANT = {"id_type": "personal_id", "id": "099191000001", "role": "applicant"}
_numbers = count(int(time.time()) % 10_000 * 100)
_days = count(1)

pytestmark = pytest.mark.usefixtures("healthy")


class Story:
    """One dossier of a day that no other story has, told by a province."""

    def __init__(self, stack, client="H99.igate", agency="H99.07"):
        self.stack, self.client, self.agency = stack, client, agency
        self.day = datetime(2025, 3, 1, tzinfo=UTC).date() + timedelta(days=next(_days))
        self.code = f"{agency}-{self.day:%y%m%d}-{next(_numbers):07d}"
        self.at = datetime(self.day.year, self.day.month, self.day.day, 3, tzinfo=UTC)
        self.minutes = count()

    def tell(self, status=2, **members):
        """Report an event; the first says when the dossier was received."""
        minute = next(self.minutes)
        if not minute:
            members = {"received_at": self.at.isoformat(), "parties": [APPLICANT], **members}
        event = {
            "event_id": f"{self.code}-{minute}", "dossier": self.code, "procedure": "9.999901", "agency": self.agency,
            "status": status, "occurred_at": (self.at + timedelta(minutes=minute)).isoformat(), **members,
        }  # fmt: skip
        answer = self.stack.ask(
            target="/v1/dossiers/events", body=orjson.dumps({"events": [event]}), client=self.client
        )
        assert answer.value["results"][0]["result"] == "accepted", answer.body

    def look(self, **changes):
        """Look the applicant's residence up for component TP02; return the look-up's id."""
        changes = {"purpose__dossier": self.code, "purpose__officer__unit": self.agency, "purpose__component": "TP02",
                   "fields": FIELDS, **changes}  # fmt: skip
        answer = self.stack.look_up(client=self.client, **changes)
        assert answer.status == 200, answer.body
        return answer.value["lookup_id"]

    def component(self, **members):
        """Write component TP02, declared as reused."""
        return {"code": "TP02", "reused": True, "digitised": True, **members}

    def query(self, path="", **query):
        """Ask for the day's numbers, or for what is behind one of them."""
        members = {"from": self.day, "to": self.day + timedelta(days=1), **query}
        target = f"/v1/reuse{path}?" + "&".join(f"{name}={value}" for name, value in members.items())
        return self.stack.ask(method="GET", target=target, client=self.client)

    def metrics(self):
        """Return the metrics of the story's own agency and day."""
        answer = self.query(group_by="agency")
        assert answer.status == 200, answer.body
        assert self.stack.entries(answer) == [("read", "found")]
        (row,) = answer.value["rows"]
        assert row["group"] == {"agency": self.agency}
        return row["metrics"]


def rate(numerator, denominator):
    """Write a rate as the interface does."""
    return {"numerator": numerator, "denominator": denominator, "rate": 100.0 * numerator / denominator}


def test_a_lookup_bound_to_a_component_is_evidence(stack):
    """Look up, report the component with the look-up's id: declared and evidenced; the look-up stands behind both."""
    story = Story(stack)
    lookup = story.look()
    story.tell(components=[story.component(obtained="registry", lookup_id=lookup)])
    told = story.metrics()
    assert (told["declared"], told["evidenced"]) == (rate(1, 1), rate(1, 1))
    assert told["component"]["numerator"] == 1
    (item,) = story.query("/evidenced/evidence").value["dossiers"]
    (part,) = [part for part in item["components"] if part["component"] == "TP02"]
    assert (item["dossier"], part["stage"], part["lookups"]) == (story.code, "used", [lookup])


def test_a_claim_without_a_lookup_lowers_evidenced_and_not_declared(stack):
    """Two dossiers of one day declare reuse; one of them never looked: 100 % declared, 50 % evidenced."""
    story = Story(stack)
    story.tell(components=[story.component(obtained="registry", lookup_id=story.look())])
    before = story.metrics()
    assert (before["declared"]["rate"], before["evidenced"]["rate"]) == (100.0, 100.0)
    liar = Story(stack)
    liar.day, liar.at = story.day, story.at
    liar.tell(components=[liar.component(obtained="registry")])
    after = story.metrics()
    assert (after["declared"], after["evidenced"]) == (rate(2, 2), rate(1, 2))
    listed = story.query("/missed/evidence", cause="not_looked_up").value["dossiers"]
    assert liar.code in [item["dossier"] for item in listed]


def test_a_reported_mismatch_takes_the_evidence_back(stack):
    """The outcome of a look-up changes the numbers that were told before."""
    story = Story(stack)
    lookup = story.look()
    story.tell(components=[story.component(obtained="registry", lookup_id=lookup)])
    assert story.metrics()["evidenced"] == rate(1, 1)
    outcome = orjson.dumps({"used": [], "mismatch": ["full_name"]})
    assert stack.ask(target=f"/v1/lookups/{lookup}/outcome", body=outcome).status == 200
    told = story.metrics()
    assert told["evidenced"] == rate(0, 1)
    assert told["missed"]["causes"]["mismatch"] == 1


def test_a_lookup_about_somebody_else_or_after_the_decision_is_no_evidence(stack):
    """The person must be the party; the answer must come before the decision was recorded."""
    other = Story(stack)
    other.tell(parties=[{**APPLICANT, "id": "099191000002"}])
    other.tell(4, components=[other.component(obtained="registry", lookup_id=other.look())])
    assert other.metrics()["evidenced"] == rate(0, 1)
    late = Story(stack)
    late.tell()
    late.tell(9)
    late.tell(9, components=[late.component(obtained="registry", lookup_id=late.look())])
    told = late.metrics()
    assert told["evidenced"] == rate(0, 1)
    assert told["missed"]["causes"]["stale"] == 1


def test_a_verification_that_matched_is_evidence_of_the_claim(stack):
    """The claimed fields stand in the question's entry; the answer tells a verdict alone."""
    story = Story(stack)
    body = stack.body(purpose__dossier=story.code, purpose__officer__unit=story.agency, purpose__component="TP02")
    seen = stack.ask(body=stack.body(fields=["permanent_address"])).value["data"]["permanent_address"]
    claims = {"full_name": "NGUYỄN THỊ THỬ", "permanent_address": seen}
    body = orjson.dumps({**{k: v for k, v in orjson.loads(body).items() if k != "fields"}, "claims": claims})
    answer = stack.ask(target="/v1/verifications/population/person", body=body)
    assert answer.value["verdict"] == "match", answer.body
    story.tell(components=[story.component(obtained="prefilled", lookup_id=answer.value["lookup_id"])])
    assert story.metrics()["evidenced"] == rate(1, 1)


def test_a_client_sees_its_own_agencies_alone(stack):
    """Another province's dossiers are in none of its numbers and behind none of them."""
    story = Story(stack)
    story.tell()
    story.client = "H98.onegate"
    assert story.query(group_by="province").value["rows"] == []
    assert story.query("/declared/evidence", of="denominator").value["dossiers"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?from=2026-01-01", 422), ("?from=2026-01-02&to=2026-01-02", 422), ("?from=2026-1-1&to=2026-02-01", 422),
        ("?from=2026-01-01&to=2026-02-01&group_by=officer", 422), ("?from=2026-01-01&to=2026-02-01&x=1", 422),
        ("/evidenced/evidence?from=2026-01-01&to=2026-02-01&limit=0", 422),
        ("/evidenced/evidence?from=2026-01-01&to=2026-02-01&cursor=bad", 422),
        ("/declared/evidence?from=2026-01-01&to=2026-02-01&cause=stale", 422),
        ("/evidenced/evidence?from=2026-01-01&to=2026-02-01&month=2026-03", 422),
        ("/nothing/evidence?from=2026-01-01&to=2026-02-01", 404),
        ("/declared/evidence?from=2026-01-01&to=2026-02-01&group_by=agency", 200),
        ("/declared/evidence?from=2026-01-01&to=2026-02-01&group_by=officer", 422),
    ],
)  # fmt: skip
def test_queries_are_checked(stack, query, status):
    """What is missing, malformed or unknown is refused; the numbers' own question is good for what is behind them."""
    answer = stack.ask(method="GET", target=f"/v1/reuse{query}")
    assert answer.status == status, answer.body


def test_reports_come_in_every_format_and_a_recount_agrees(stack, tmp_path):
    """Table, CSV, JSON, Parquet and a page without scripts; the month counted again agrees with the rollups."""
    story = Story(stack)
    story.tell(components=[story.component(obtained="registry", lookup_id=story.look())])
    period = ("--from", "2025-01-01", "--to", "2026-01-01", "--by", "agency")
    table = stack.lienthong("reuse", "report", *period)
    assert (table.returncode, "H99.07" in table.stdout, "[evidenced]" in table.stdout) == (0, True, True)
    for kind in ("csv", "json", "parquet", "html"):
        done = stack.lienthong("reuse", "report", *period, "--format", kind, "--out", str(tmp_path / f"r.{kind}"))
        assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text(encoding="utf-8-sig"))))
    assert {row["group"] for row in rows} == {"H99.07"}
    assert len(orjson.loads((tmp_path / "r.json").read_bytes())["figures"]) == len(rows)
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT count(*) FROM '{tmp_path / 'r.parquet'}'").fetchone()
    assert found == (len(rows),)
    page = (tmp_path / "r.html").read_text()
    assert "Tái sử dụng" in page
    assert "<script" not in page
    done = stack.lienthong("reuse", "recount", "--month", f"{story.day:%Y-%m}")
    assert (done.returncode, "every number agrees" in done.stdout) == (0, True), done.stderr
    assert stack.lienthong("reuse", "recount", "--month", "May").returncode == 2
