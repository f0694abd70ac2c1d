"""Settings that every test shares."""

import gc

from hypothesis import settings

# A loaded machine is no failure, and a failing example must be repeatable elsewhere.
settings.register_profile("confed", deadline=None, print_blob=True)
settings.load_profile("confed")


def pytest_collection_finish() -> None:
    """What was imported and collected stays: no test pays for looking through it for garbage."""
    gc.collect()
    gc.freeze()
