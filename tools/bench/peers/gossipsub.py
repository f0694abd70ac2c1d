"""py-libp2p's gossipsub: signed messages, spread live; nothing is stored. See run.py.

`host COUNT LIVE FOLDER` publishes; `join ADDRESS COUNT LIVE FOLDER` subscribes.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import multiaddr
import trio
from libp2p import new_host
from libp2p.crypto.secp256k1 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.tools.anyio_service import background_trio_service

TOPIC = "bench"


def say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def resident() -> int:
    """Bytes of memory now. Not the peak of getrusage: that begins with the parent's."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * resource.getpagesize()


def node() -> Any:
    made = new_host(key_pair=create_new_key_pair())
    router = GossipSub(
        protocols=[TProtocol("/meshsub/1.1.0")],
        degree=3,
        degree_low=2,
        degree_high=4,
        heartbeat_interval=1,
        max_messages_per_topic_per_second=1e6,
    )
    return made, Pubsub(made, router, strict_signing=True), router


async def host(live: int) -> None:
    made, pubsub, router = node()
    listen = multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")
    async with (
        made.run(listen_addrs=[listen]),
        background_trio_service(pubsub),
        background_trio_service(router),
        trio.open_nursery() as nursery,
    ):
        await pubsub.wait_until_ready()
        own = await pubsub.subscribe(TOPIC)
        nursery.start_soon(drain, own)
        address = str(made.get_addrs()[0])
        say(ready=address)
        while await trio.to_thread.run_sync(sys.stdin.readline):
            begun = time.time()
            for number in range(live):
                await trio.sleep(max(0.0, begun + number / 50 - time.time()))
                await pubsub.publish(TOPIC, f"{time.time()}".ljust(400).encode())
        nursery.cancel_scope.cancel()


async def drain(subscription: Any) -> None:
    while True:
        await subscription.get()


async def join(address: str, live: int) -> None:
    made, pubsub, router = node()
    listen = multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")
    async with (
        made.run(listen_addrs=[listen]),
        background_trio_service(pubsub),
        background_trio_service(router),
    ):
        await pubsub.wait_until_ready()
        subscription = await pubsub.subscribe(TOPIC)
        await made.connect(info_from_p2p_addr(multiaddr.Multiaddr(address)))
        await trio.sleep(3)  # two heartbeats: the mesh is made
        say(listening=True)
        delays: list[float] = []
        with trio.move_on_after(live / 50 + 15):
            while len(delays) < live:
                message = await subscription.get()
                delays.append((time.time() - float(message.data)) * 1e3)
        rss = resident()
        say(delays_ms=delays, rss_bytes=rss)


def main() -> None:
    role, *rest = sys.argv[1:]
    if role == "host":
        trio.run(host, int(rest[1]))
    else:
        trio.run(join, rest[0], int(rest[2]))


main()
