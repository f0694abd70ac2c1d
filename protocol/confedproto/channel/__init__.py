"""The encrypted channel: Noise_XK_25519_ChaChaPoly_SHA256, without any I/O (specs/09, CHN).

`noise.Handshake` is the pure Noise core, byte-equal with the published vectors;
`machine.Channel` adds preamble, frames, close, rekeying and time limits around it.
"""

from confedproto.channel.machine import (
    PREAMBLE,
    TRANSITIONS,
    Channel,
    ChannelExpired,
    Closed,
    Event,
    Frame,
    HandshakeDone,
    State,
    Step,
)
from confedproto.channel.noise import (
    CipherState,
    Handshake,
    Transcript,
    public_key,
    transcript,
)

__all__ = [
    "PREAMBLE",
    "TRANSITIONS",
    "Channel",
    "ChannelExpired",
    "CipherState",
    "Closed",
    "Event",
    "Frame",
    "Handshake",
    "HandshakeDone",
    "State",
    "Step",
    "Transcript",
    "public_key",
    "transcript",
]
