"""Searching for hyperparameters: KerasTuner's and Optuna's ways, trials side by side, and what is written of them."""
