"""Predictions and what is made of them: metrics, curves, matrices, and their pictures."""
