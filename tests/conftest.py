"""Settings that every test shares."""

from hypothesis import settings

# A loaded machine is no failure, and a failing example must be repeatable elsewhere.
settings.register_profile("confed", deadline=None, print_blob=True)
settings.load_profile("confed")
