"""Architectures as plain data: layers, shapes, counts."""
