"""Attacks through a caller's systems: sequential numbers, replays, bad signatures, a new key or address, shams."""

from datetime import timedelta

from gateway.audit.explanations import DOSSIER, Explanation
from gateway.audit.facts import Lookup, Surroundings
from gateway.audit.rules.base import About, Finding, Rule, officer_key
from gateway.audit.tuning import Limit
from gateway.evidence.pseudonyms import address_mark

REPLAYS_LEAST = Limit("replays.count", 3, 1, 1000, "yêu cầu gửi lại trong 10 phút", "replays within 10 minutes")
FORGERIES_LEAST = Limit("bad-signatures.count", 20, 3, 10_000, "chữ ký sai trong 10 phút", "bad signatures, 10 minutes")
SHAM_MINUTES = Limit("opened-then-cancelled.minutes", 120, 5, 2880, "số phút hồ sơ tồn tại", "minutes it lived")
SHAM_STEPS = 2
SETTLED = timedelta(days=1)
_REPLAYED = frozenset({"signature-replayed"})
_FORGED = frozenset({"signature-invalid", "digest-mismatch"})
_COPIED = _REPLAYED | {"signature-expired", "digest-mismatch"}
"""Refusals that anybody may cause with a copy of a request: where they come from says nothing of the caller."""
_WITHDRAWN = frozenset({3, 7, 8})


def _sequential(lookup: Lookup, _: Explanation, __: Surroundings) -> Finding | None:
    """Tell what the gateway's guard saw: pseudonyms do not show neighbouring numbers any more."""
    if (lookup.kind, lookup.outcome, lookup.reason) != ("refused", "rate-limited", "enumeration"):
        return None
    return Finding((officer_key(lookup), lookup.day))


def _replays(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    if lookup.outcome not in _REPLAYED or around.refusals < REPLAYS_LEAST.of(around.tuning):
        return None
    return Finding((lookup.client or "*", f"{lookup.day} {lookup.at.hour}"), {"count": around.refusals})


def _forgeries(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    counted = sum(map(int, (lookup.detail.get("reasons") or {}).values())) if lookup.outcome == "flood" else 0
    count = max(around.refusals, counted)
    if lookup.outcome not in _FORGED | {"flood"} or count < FORGERIES_LEAST.of(around.tuning):
        return None
    return Finding((lookup.client or "*", f"{lookup.day} {lookup.at.hour}"), {"count": count})


def _new_key(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    known, since = around.known_keys, around.client_since
    if lookup.kind == "refused" or lookup.keyid is None or known is None or lookup.keyid in known or since is None:
        return None
    return (
        Finding((lookup.client or "", lookup.keyid), {"keyid": lookup.keyid}) if lookup.at - since > SETTLED else None
    )


def _new_address(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    """Tell also what was refused: a stolen key is tried out where nothing is granted, too."""
    address, since = lookup.address, around.addresses_since
    if lookup.client is None or address is None or since is None or lookup.outcome in _COPIED:
        return None
    if address in around.known_addresses or lookup.at - since <= SETTLED:
        return None
    return Finding((lookup.client, address.hex()[:24]), {"client": lookup.client, "mark": address_mark(address)})


def _sham(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    """Find a dossier that lived just long enough to be looked up under."""
    dossier = around.dossier
    if dossier is None or explanation.kind != DOSSIER or dossier.end_status not in _WITHDRAWN:
        return None
    ended = dossier.ended_at
    within = timedelta(minutes=SHAM_MINUTES.of(around.tuning))
    if ended is None or ended - dossier.opened_at > within or dossier.steps > SHAM_STEPS:
        return None
    minutes = int((ended - dossier.opened_at).total_seconds() // 60)
    return Finding((officer_key(lookup), dossier.code), {"minutes": minutes})


SEQUENTIAL = Rule(
    "sequential-numbers",
    1,
    0.9,
    "Cán bộ tra cứu lần lượt các số liền nhau; cổng đã chặn.",
    "The officer walked through neighbouring numbers; the gateway stopped it.",
    _sequential,
    about=About.OFFICER,
)
REPLAYS = Rule(
    "replays",
    1,
    0.7,
    "{count} yêu cầu đã ký bị gửi lại trong 10 phút.",
    "{count} signed requests were sent again within 10 minutes.",
    _replays,
    about=About.CLIENT,
    limits=(REPLAYS_LEAST,),
)
FORGERIES = Rule(
    "bad-signatures",
    1,
    0.7,
    "{count} yêu cầu có chữ ký sai trong 10 phút.",
    "{count} requests with a bad signature within 10 minutes.",
    _forgeries,
    about=About.CLIENT,
    limits=(FORGERIES_LEAST,),
)
NEW_KEY = Rule(
    "new-key",
    1,
    0.5,
    "Lần đầu tiên bên gọi dùng khóa {keyid}.",
    "The caller used the key {keyid} for the first time.",
    _new_key,
    about=About.CLIENT,
)
NEW_ADDRESS = Rule(
    "new-address",
    1,
    0.5,
    "Lần đầu tiên {client} gọi từ địa chỉ mạng có dấu {mark}.",
    "{client} called from the network address with the mark {mark} for the first time.",
    _new_address,
    about=About.CLIENT,
)
SHAM = Rule(
    "opened-then-cancelled",
    1,
    0.75,
    "Hồ sơ chỉ tồn tại {minutes} phút: mở ra, tra cứu, rồi hủy.",
    "The dossier lived {minutes} minutes: opened, looked up under, cancelled.",
    _sham,
    limits=(SHAM_MINUTES,),
    budget=0.4,
)
