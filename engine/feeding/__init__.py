"""Prepared images on their way into a network."""
