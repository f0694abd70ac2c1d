"""One open link from handshake to end: reading, writing, serving, and its time limits."""

from contextlib import aclosing
from typing import Final

import trio

from confednode.ingest import Inbox, Opening
from confednode.links import CLOSE_S, Link
from confednode.serving import Serving
from confedproto.errors import Reason, RemoteProtocolError

GREETING_S: Final = 20  # from handshake to greeting; a stranger holds no slot longer


async def converse(
    number: int,
    link: Link,
    *,
    serving: Serving,
    opening: Opening,
    give: Inbox,
) -> None:
    """Read and write until one of them ends. Raises what ended it."""
    failure: list[Exception] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_write, link, nursery.cancel_scope, failure)
        await nursery.start(serving.run, number, link)
        nursery.start_soon(_watch, link, nursery.cancel_scope, failure)
        nursery.start_soon(_hear, link, nursery.cancel_scope, failure)
        link.on_drop(nursery.cancel_scope.cancel)
        async with aclosing(link.messages()) as messages:
            failure += await opening.forward(number, messages, give)
        nursery.cancel_scope.cancel()
    if failure:
        raise failure[0]


async def _write(link: Link, scope: trio.CancelScope, failure: list[Exception]) -> None:
    try:
        await link.write()
        # We closed: the peer answers. Going at once, with its bytes unread, could reset
        # the connection and take our last word away from it.
        await trio.sleep(CLOSE_S)
    except (RemoteProtocolError, trio.BrokenResourceError, OSError) as error:
        failure.append(error)
    scope.cancel()


async def _hear(link: Link, scope: trio.CancelScope, failure: list[Exception]) -> None:
    """Drop a link whose peer has said nothing for too long."""
    await link.silence()
    failure.append(RemoteProtocolError(Reason.PEER_SILENT))
    scope.cancel()


async def _watch(link: Link, scope: trio.CancelScope, failure: list[Exception]) -> None:
    """Drop a link that is not greeted in time, or that does not end in time."""
    with trio.move_on_after(GREETING_S):
        await link.opened.wait()
    if link.opened.is_set():
        await link.ending.wait()
        await trio.sleep(2 * CLOSE_S)
    else:
        failure.append(RemoteProtocolError(Reason.PEER_SILENT, "no greeting"))
    scope.cancel()
