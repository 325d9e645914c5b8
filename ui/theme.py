"""Colours: light and dark, with series colours that colour-blind readers can tell apart (Okabe and Ito 2008)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from engine.preferences.entries.theme_choice import ThemeChoice


@dataclass(frozen=True)
class Theme:
    """All colours of the window, as "#rrggbb"."""

    name: str
    background: str
    panel: str
    text: str
    muted: str
    grid: str
    accent: str
    error: str
    warning: str
    good: str
    series: tuple[str, ...]


LIGHT = Theme(
    "light",
    "#f4f5f7",
    "#ffffff",
    "#1b1f24",
    "#5d6670",
    "#d5d9de",
    "#0072b2",
    "#b3261e",
    "#8a5a00",
    "#00694f",
    ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6b6b", "#a89f00"),
)
DARK = Theme(
    "dark",
    "#1b1e22",
    "#2c3239",
    "#e8eaed",
    "#a3abb5",
    "#4b535d",
    "#56b4e9",
    "#ff8a80",
    "#ffb74d",
    "#4cc9a0",
    ("#56b4e9", "#e8743b", "#26c090", "#d98cb8", "#f0b432", "#8cc8f0", "#b4b4b4", "#f0e442"),
)


def apply_theme(application: QApplication, choice: ThemeChoice) -> Theme:
    """Give the application a theme; "auto" follows the desktop's."""
    dark = choice is ThemeChoice.DARK or (
        choice is ThemeChoice.AUTO and application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    )
    theme = DARK if dark else LIGHT
    if application.property("theme") is None:
        application.setStyle("Fusion")  # not shown
    application.setPalette(_palette(theme))
    application.setStyleSheet(_style_sheet(theme))
    application.setProperty("theme", theme.name)
    return theme


def current_theme() -> Theme:
    """The theme that was applied last."""
    application = QApplication.instance()
    return DARK if application is not None and application.property("theme") == DARK.name else LIGHT


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, theme.background),
        (roles.WindowText, theme.text),
        (roles.Base, theme.panel),
        (roles.AlternateBase, theme.background),
        (roles.Text, theme.text),
        (roles.Button, theme.panel),
        (roles.ButtonText, theme.text),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, "#ffffff"),
        (roles.ToolTipBase, theme.panel),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Link, theme.accent),
        (roles.Mid, theme.grid),
        (roles.Light, theme.panel),
        (roles.Dark, theme.grid),
    ):
        palette.setColor(role, QColor(colour))
    if theme is DARK:
        palette.setColor(roles.HighlightedText, QColor("#10151a"))
    for role in (roles.Text, roles.ButtonText, roles.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return palette


def _translucent(colour: str) -> str:
    """A third of a colour, so that text on it stays readable."""
    return f"#59{colour[1:]}"


def _style_sheet(theme: Theme) -> str:
    return f"""
    QLabel[role="title"] {{ font-size: 17pt; font-weight: 600; }}
    QLabel[role="hint"] {{ color: {theme.muted}; }}
    QLabel[role="error"] {{ color: {theme.error}; font-weight: 600; }}
    QLabel[role="warning"] {{ color: {theme.warning}; }}
    QLabel[role="good"] {{ color: {theme.good}; }}
    QLabel[role="figure"] {{ font-size: 13pt; font-weight: 600; }}
    QFrame[role="panel"] {{ background: {theme.panel}; border: 1px solid {theme.grid}; border-radius: 6px; }}
    QFrame[role="error-banner"] {{ background: {theme.panel}; border: 2px solid {theme.error}; border-radius: 6px; }}
    QGroupBox {{ border: 1px solid {theme.grid}; border-radius: 6px; margin-top: 1.1em; padding-top: 4px; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 8px; padding: 0 4px; color: {theme.muted}; }}
    QToolButton[role="step"] {{ border: 0; border-bottom: 3px solid {theme.grid}; padding: 5px 6px; }}
    QToolButton[role="step"]:hover:enabled {{ background: {theme.panel}; }}
    QToolButton[role="step"]:checked {{ border-bottom: 3px solid {theme.accent}; font-weight: 600; }}
    QToolButton[role="step"]:disabled {{ color: {theme.muted}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QPushButton[role="recent"] {{ text-align: left; padding: 4px 6px; }}
    QPushButton {{ padding: 4px 12px; min-height: 1.5em; }}
    QHeaderView::section {{ background: {theme.background}; color: {theme.text}; border: 0;
        border-right: 1px solid {theme.grid}; border-bottom: 1px solid {theme.grid}; padding: 3px 6px; }}
    QListWidget, QTreeView, QTableView, QPlainTextEdit {{ border: 1px solid {theme.grid}; border-radius: 4px; }}
    QProgressBar {{ border: 1px solid {theme.grid}; border-radius: 4px; text-align: center; min-height: 16px; }}
    QProgressBar::chunk {{ background: {_translucent(theme.accent)}; }}
    """
