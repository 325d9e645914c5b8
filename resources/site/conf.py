"""Sphinx's settings: plain Markdown pages, one style sheet beside the theme's own, nothing from the network."""

from __future__ import annotations

from engine.launch.program import VERSION

project = "Nutshell"
version = release = VERSION
author = "the authors of Nutshell"
root_doc = "index"
extensions = ["myst_parser"]
myst_heading_anchors = 4
# A link that leads nowhere is an error of the build, also one to an anchor.
nitpicky = True
# Keys and values stand in the text as they are typed.
smartquotes = False
html_theme = "furo"
html_title = "Nutshell"
html_static_path = ["static"]
html_css_files = ["guide.css"]
html_favicon = "../icons/nutshell.svg"
html_logo = "../icons/nutshell.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
# No time of building in the pages: the same pages make the same site.
html_last_updated_fmt = None
html_theme_options = {
    # A sans-serif font that each system has.
    "light_css_variables": {"font-stack": "system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"},
    "footer_icons": [],
}
