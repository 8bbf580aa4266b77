"""Metrics from columns of labels, scores and weights: vectorised, mergeable, equal to TFMA's."""
