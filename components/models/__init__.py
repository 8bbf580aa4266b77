"""Models: what `run_fn` is given, how a saved one is loaded, fed and its scores read."""
