"""The citizen's interface on the console's port (`gateway.citizen.api`): no session, a key of its own.

The rule: without a key file there is no such door; every act of the portal is an entry under the name `portal`.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.citizen.api import PORTAL, CitizenApi, load_api_key
from gateway.citizen.objecting import Objections
from gateway.citizen.report import Reporter
from gateway.console.desk import Desk
from gateway.console.visit import act_draft
from gateway.evidence.admin import record_act
from gateway.evidence.contract import Recorded


def citizen_routes(desk: Desk) -> list[web.RouteDef]:
    """Return the interface's routes; none where no key is set. Raises `SettingsError`."""
    if desk.console.citizen_key is None:
        return []

    async def record(act: str, detail: Mapping[str, Any], *, sealed: Mapping[str, Any]) -> Recorded:
        return await record_act(desk.evidence, act_draft(PORTAL.login, act, desk.clock(), detail, sealed=sealed))

    reporter = Reporter(desk.database, desk.evidence, desk.keys, desk.clock)
    objections = Objections(desk.database, desk.pseudonyms, desk.clock)
    key = load_api_key(desk.console.citizen_key)
    return CitizenApi(desk.database, reporter, objections, record, key, desk.clock).routes()
