"""The first column of a tree has what the others leave, and never too little for its names: then the tree scrolls."""

from __future__ import annotations

from PySide6.QtWidgets import QTreeView


def fit_first_column(tree: QTreeView) -> None:
    """To be called when rows come, open, or the tree changes its width."""
    header = tree.header()
    others = sum(header.sectionSize(column) for column in range(1, header.count()))
    tree.setColumnWidth(0, max(tree.sizeHintForColumn(0), tree.viewport().width() - others))
