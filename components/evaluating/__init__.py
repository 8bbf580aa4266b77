"""How Evaluator gets predictions, and what TensorFlow Model Analysis does for it."""
