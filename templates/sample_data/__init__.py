"""Data that comes with the templates, made or copied when a project is created. Nothing is downloaded."""
