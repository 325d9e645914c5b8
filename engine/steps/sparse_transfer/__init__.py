"""Sparse transfer: a pruned network learns other images, with a new head and the zeros that it has."""

from engine.steps.sparse_transfer.step import SparseTransfer, SparseTransferParameters

__all__ = ["SparseTransfer", "SparseTransferParameters"]
