"""LiteRT's quantizer: its algorithms are found by name, and its recipes are data."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("ai_edge_quantizer", filter=is_wanted)
datas = collect_data_files("ai_edge_quantizer", includes=["**/*.json"])
