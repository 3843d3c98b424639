"""Pictures as answers: drawn beside the event loop, and the newest few kept, since a page asks again for the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable

from aiohttp import web

_MOST = 64


class Drawer:
    """Draws and keeps. One a screen."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, str] = OrderedDict()

    async def picture(self, key: Hashable, draw: Callable[[], str]) -> web.Response:
        """Return the picture of `key`, which must hold everything that decides how it looks."""
        drawn = self._kept.get(key)
        if drawn is None:
            drawn = await asyncio.to_thread(draw)
            self._kept[key] = drawn
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return web.Response(text=drawn, content_type="image/svg+xml", charset="utf-8")
