"""Why a dossier's delivery is parked, and what an operator does about it.

The rule: whatever parks a dossier has a sentence here that says what to do; `lienthong deliveries` shows it beside the
word, and docs/OPERATIONS.md lists them all.
"""

from collections.abc import Mapping

ADVICE: Mapping[str, str] = {
    "too-large": "the portal takes or tells no body this long; look there what it holds, then replay with --unasked",
    "procedure-unknown": "the portal's catalogue lacks the procedure; have it added there, then replay",
    "content-dropped": "the event was delivered and its content dropped; have the agency report the state anew",
    "content-unreadable": "no pseudonym key opens the event; put the key of its year back, then replay",
    "portal-1": "the portal refuses a member; have the agency report it corrected, then replay",
    "portal-3": "the portal contradicts itself about whether it holds the dossier; ask its operator, then replay",
}
OTHERWISE = "the portal refuses it with this code; ask its operator what it means, then replay"


def advice(parked: str) -> str:
    """Return what to do about a reason of `delivery_head.parked`."""
    return ADVICE.get(parked, OTHERWISE)
