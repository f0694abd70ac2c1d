"""The channel's Noise beside the `noiseprotocol` package: the same bytes, both ways round.

Differential: random keys, random payloads, both ephemerals fixed on either side.
"""

import random

import pytest
from noise.connection import Keypair, NoiseConnection

from confedproto.channel import public_key
from confedproto.channel.noise import transcript

NAME = b"Noise_XK_25519_ChaChaPoly_SHA256"


def connection(
    *, initiator: bool, prologue: bytes, static: bytes, ephemeral: bytes, remote: bytes | None
) -> NoiseConnection:
    made = NoiseConnection.from_name(NAME)
    if initiator:
        made.set_as_initiator()
    else:
        made.set_as_responder()
    made.set_prologue(prologue)
    made.set_keypair_from_private_bytes(Keypair.STATIC, static)
    made.set_keypair_from_private_bytes(Keypair.EPHEMERAL, ephemeral)
    if remote is not None:
        made.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, remote)
    made.start_handshake()
    return made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(20))
def test_transcript_is_that_of_noiseprotocol(seed: int) -> None:
    rng = random.Random(seed)
    init_static, resp_static, init_ephemeral, resp_ephemeral = (rng.randbytes(32) for _ in range(4))
    prologue = rng.randbytes(rng.randrange(60))
    payloads = [rng.randbytes(rng.randrange(1, 200)) for _ in range(3 + rng.randrange(6))]
    ours = transcript(
        prologue=prologue,
        init_static=init_static,
        resp_static=resp_static,
        init_ephemeral=init_ephemeral,
        resp_ephemeral=resp_ephemeral,
        payloads=payloads,
    )
    ends = [
        connection(
            initiator=True,
            prologue=prologue,
            static=init_static,
            ephemeral=init_ephemeral,
            remote=public_key(resp_static),
        ),
        connection(
            initiator=False,
            prologue=prologue,
            static=resp_static,
            ephemeral=resp_ephemeral,
            remote=None,
        ),
    ]
    for number, (payload, message) in enumerate(zip(payloads, ours.messages, strict=True)):
        sender, receiver = ends[number % 2], ends[1 - number % 2]
        if number < 3:
            assert bytes(sender.write_message(payload)) == message
            assert bytes(receiver.read_message(message)) == payload
        else:
            assert sender.encrypt(payload) == message
            assert receiver.decrypt(message) == payload
    assert ends[0].get_handshake_hash() == ends[1].get_handshake_hash() == ours.handshake_hash
