"""Vectors of the channel's handshake: `noise`, from the published one."""

import json
from pathlib import Path
from typing import Any, Final

from tools.vectors.base import Vectors

PUBLISHED: Final = Path(__file__).resolve().parents[2] / "specs" / "vectors" / "noise_xk.json"


def noise() -> Vectors:
    """The published transcript, whole and cut, and keys of another length."""
    out = Vectors("noise")
    for number, vector in enumerate(json.loads(PUBLISHED.read_text("utf-8"))["vectors"]):
        messages = vector["messages"]
        request: dict[str, Any] = {
            "prologue": vector["init_prologue"],
            **{
                name: vector[name]
                for name in ("init_static", "resp_static", "init_ephemeral", "resp_ephemeral")
            },
        }
        for count in range(3, len(messages) + 1):
            out.good(
                "CHN-1",
                f"published-{number}-{count}",
                f"the published vector, {count} messages",
                {**request, "payloads": [message["payload"] for message in messages[:count]]},
                messages=[message["ciphertext"] for message in messages[:count]],
                handshake_hash=vector["handshake_hash"],
            )
        for name in ("init_static", "resp_static", "init_ephemeral", "resp_ephemeral"):
            for slug, key in (("31", request[name][2:]), ("33", request[name] + "00")):
                out.bad(
                    "CHN-16",
                    "channel-key",
                    f"{name.replace('_', '-')}-{slug}-bytes",
                    "a key has 32 bytes",
                    {**request, name: key, "payloads": []},
                )
    return out
