"""The demo: one real node per unit decides a real vote."""
