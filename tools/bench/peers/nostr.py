"""nostr-sdk: signed events on a relay, fetched by negentropy into LMDB. See run.py.

`host COUNT LIVE FOLDER` is a relay and an author; `join ADDRESS COUNT LIVE FOLDER` syncs,
verifies and stores, then listens.
"""

import asyncio
import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import nostr_sdk.nostr_sdk as sdk


def say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def resident() -> int:
    """Bytes of memory now. Not the peak of getrusage: that begins with the parent's."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * resource.getpagesize()


def event(keys: Any, content: str) -> Any:
    return sdk.EventBuilder(sdk.Kind(1), content).finalize_unsigned(keys.public_key())


async def host(count: int, live: int, folder: str) -> None:
    sdk.uniffi_set_event_loop(asyncio.get_running_loop())
    keys = sdk.Keys.generate()
    database = await sdk.NostrLmdb.open(folder)
    limits = sdk.LocalRelayBuilder().default_filter_limit(100_000).max_filter_limit(100_000)
    relay = limits.database(database).build()
    await relay.run()
    for number in range(count):
        made = keys.sign_event(event(keys, f"{number:020d}".ljust(400, "x")))
        await database.save_event(made)
    say(ready=str(await relay.url()))
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        begun = time.time()
        for number in range(live):
            await asyncio.sleep(max(0.0, begun + number / 50 - time.time()))
            made = keys.sign_event(event(keys, f"{time.time()}".ljust(400, " ")))
            await database.save_event(made)
            relay.notify_event(made)


async def join(address: str, count: int, live: int, folder: str) -> None:
    sdk.uniffi_set_event_loop(asyncio.get_running_loop())
    database = await sdk.NostrLmdb.open(folder)
    client = sdk.ClientBuilder().database(database).build()
    url = sdk.RelayUrl.parse(address)
    await client.add_relay(url)
    await client.connect(and_wait=timedelta(seconds=5))
    kind = sdk.Filter().kind(sdk.Kind(1))
    before, begun = time.process_time(), time.perf_counter()
    down = sdk.SyncOptions().direction(sdk.SyncDirection.DOWN)
    held, last = 0, -1
    while held < count and held > last:  # a sync brings a hundred events
        await client.sync(kind, opts=down)
        held, last = await database.count(kind), held
    if held < count:
        raise RuntimeError(f"{held} of {count} events")
    say(caught_up_s=time.perf_counter() - begun, cpu_s=time.process_time() - before)
    stream = client.notifications()
    await client.subscribe(sdk.ReqTarget.auto([kind.since(sdk.Timestamp.now()).limit(0)]))
    say(listening=True)
    delays: list[float] = []
    while len(delays) < live:
        notice = await asyncio.wait_for(stream.next(), 30)
        if notice is not None and notice.is_new_event():
            content = notice.event.content().strip()
            if "." in content:
                delays.append((time.time() - float(content)) * 1e3)
    rss = resident()
    say(delays_ms=delays, rss_bytes=rss)


def main() -> None:
    role, *rest = sys.argv[1:]
    if role == "host":
        asyncio.run(host(int(rest[0]), int(rest[1]), rest[2]))
    else:
        asyncio.run(join(rest[0], int(rest[1]), int(rest[2]), rest[3]))


main()
