"""What this machine can do with nothing around it: bare signature checks on one core and two."""

import os
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Final

from nacl import bindings

_MESSAGES: Final = 256


def _loop(seconds: float, clock: Callable[[], float]) -> tuple[int, float]:
    public, secret = bindings.crypto_sign_seed_keypair(bytes(32))
    signed = [bindings.crypto_sign(n.to_bytes(50, "big"), secret) for n in range(_MESSAGES)]
    begun = clock()
    done = 0
    while (taken := clock() - begun) < seconds:
        for message in signed:
            bindings.crypto_sign_open(message, public)
        done += _MESSAGES
    return done, taken


def _rate(seconds: float) -> float:
    done, taken = _loop(seconds, time.perf_counter)
    return done / taken


def verify_rate(seconds: float) -> float:
    """Signatures per second of its time that one core verifies."""
    done, taken = _loop(seconds, time.process_time)
    return done / taken


def verify_rate_two(seconds: float) -> float:
    """Signatures per second that two processes verify at once."""
    with get_context("spawn").Pool(2) as pool:
        pool.map(_rate, [0.05, 0.05])  # both have started
        return sum(pool.map(_rate, [seconds, seconds], chunksize=1))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
