"""The log against a model: whatever is appended, replayed, cut off and sealed, in whatever order."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.evidence.audit import audit_verify
from gateway.evidence.contract import Draft, EvidenceUnavailable, Kind, Loss, Recorded
from gateway.evidence.log import EvidenceLog
from gateway.evidence.sealer import LogSealer
from gateway.store.logs import entries_of_request, log_states

STEPS = st.lists(
    st.sampled_from(["ask", "ask", "replay", "answer", "read", "spend", "seal", "cut", "restart", "new sealer"]),
    min_size=4,
    max_size=25,
)


class Model:
    """What must be true of the log, kept beside it."""

    def __init__(self, database, keys, pins, question) -> None:
        self.database, self.keys, self.pins, self.question = database, keys, pins, question
        self.told: list[tuple[Draft, Recorded]] = []
        self.open: list[tuple[Draft, Recorded]] = []
        self.maybe: set[str] = set()
        self.log: EvidenceLog | None = None
        self.sealer = LogSealer(database, keys, pins, lambda: datetime.now(UTC))

    async def start(self) -> None:
        """Begin to write, again where needed."""
        if self.log is None or not self.log.healthy:
            if self.log is not None:
                await self.log.close()
            self.log = await EvidenceLog.start(self.database, keys=self.keys, origin_base="log.test.example")

    async def append(self, draft: Draft) -> None:
        """Append; remember what was told."""
        try:
            placed = await self.log.append(draft)
        except EvidenceUnavailable:
            self.maybe.add(draft.request_id)
            return
        assert isinstance(placed, Recorded)
        self.told.append((draft, placed))
        if draft.kind is Kind.ASKED:
            self.open.append((draft, placed))

    async def step(self, name: str) -> None:  # noqa: C901 — one branch for each thing that can happen
        """Do one thing."""
        await self.start()
        if name == "ask":
            await self.append(self.question())
        elif name == "replay" and self.told:
            draft = next((draft for draft, _ in reversed(self.told) if draft.nonce), None)
            if draft is not None:
                assert await self.log.append(draft) is Loss.REPLAYED
        elif name == "answer" and self.open:
            asked, place = self.open.pop()
            await self.append(Draft(Kind.ANSWERED, asked.request_id, datetime.now(UTC), question=place.entry_id,
                                    outcome="found", give_back=asked.reserve))  # fmt: skip
        elif name == "read":
            await self.append(Draft(Kind.READ, f"read-{len(self.told)}", datetime.now(UTC)))
        elif name == "spend":
            nonce = self.question().nonce
            assert [await self.log.spend(nonce), await self.log.spend(nonce)] == [None, Loss.REPLAYED]
        elif name == "seal":
            await self.sealer.seal_all()
        elif name == "new sealer":
            self.sealer = LogSealer(self.database, self.keys, self.pins, lambda: datetime.now(UTC))
        elif name == "restart":
            await self.log.close()
        elif name == "cut":
            self.log._lease.session.terminate()
            await self.append(self.question())

    async def check(self) -> None:
        """Hold the log against what was told."""
        places = [(place.origin, place.index) for _, place in self.told]
        assert len(places) == len(set(places))
        for draft, place in self.told:
            entries = await entries_of_request(self.database, draft.request_id)
            assert (place.origin, place.index) in {(entry.origin, entry.index) for entry in entries}
        for state in await log_states(self.database):
            assert 0 <= state.sealed <= state.size
        report = await audit_verify(
            self.database, self.keys.verifier, pins=self.pins, now=datetime.now(UTC) - timedelta(hours=1)
        )
        assert report.ok, report.problems
        assert report.entries >= len(self.told)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STEPS)
async def test_the_log_keeps_its_invariants(database, keys, pins, question, steps):
    """What was told is there, once, at its place; nonces are spent once; trees and columns verify."""
    model = Model(database, keys, pins, question)
    try:
        for step in steps:
            await model.step(step)
        await model.check()
    finally:
        if model.log is not None:
            await model.log.close()
