"""The page of a report in a real browser without a network: every picture is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
COUNTED = """<script>
window.addEventListener("load", () => {
  const shown = [...document.images].filter(image => image.complete && image.naturalWidth > 0).length;
  const drawn = document.querySelectorAll("svg").length;
  document.title = `${shown} of ${document.images.length} pictures, ${drawn} drawings`;
});
</script>"""
NO_NETWORK = ("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9")


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
def test_every_picture_is_there_without_a_network(written: Path, tmp_path: Path) -> None:
    page = (written / "report.html").read_text(encoding="utf-8")
    counted = tmp_path / "counted.html"
    counted.write_text(_without_policy(page).replace("</body>", f"{COUNTED}</body>"), encoding="utf-8")
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        *NO_NETWORK, "--virtual-time-budget=5000", "--dump-dom", counted.as_uri(),
    ]  # fmt: skip
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    title = re.search(r"<title>(\d+) of (\d+) pictures, (\d+) drawings</title>", found)
    assert title is not None, found[:400]
    shown, there, drawings = map(int, title.groups())
    assert shown == there
    assert there + drawings > 0


def _without_policy(page: str) -> str:
    """So that the script which counts may run; the page itself has none."""
    assert "<script" not in page
    return re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", page)
