"""A model server with TensorFlow Serving's REST API, and what starts one for a trial."""
