"""TensorFlow Transform: analysing rows with a `preprocessing_fn`, and applying the graph that comes of it."""
