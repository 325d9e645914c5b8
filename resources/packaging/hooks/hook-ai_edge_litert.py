"""LiteRT: its modules load the library beside them."""

from PyInstaller.utils.hooks import collect_dynamic_libs, collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("ai_edge_litert", filter=is_wanted)
binaries = [
    (file, folder)
    for file, folder in collect_dynamic_libs("ai_edge_litert", search_patterns=["lib*.so", "lib*.dylib", "*.dll"])
    if is_wanted(f"{folder}/{file}")
]
