"""The guide as a site: every page is in it, every link leads somewhere, and nothing is loaded from a network."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from resources.site.building import SiteFault, build_site
from resources.site.sphinx_pages import RENAMED
from ui.guide.contents import DOCUMENTATION, page_title
from ui.guide.made_pages import made_pages

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NO_NETWORK = ("--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9")
LOADING = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "embed": "src",
}
LOADED_BY_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^)\"']+)")


# Of the Markdown parser, which still asks Sphinx as its earlier versions did.
pytestmark = pytest.mark.filterwarnings("ignore::sphinx.deprecation.RemovedInSphinx11Warning")


class LoadedAddresses(HTMLParser):
    """What a page loads by itself, and where its links go."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if address := given.get(LOADING.get(tag, "")):
            self.loaded.append(address)
        if tag == "a" and (target := given.get("href")):
            self.links.append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    build_site(out, DOCUMENTATION, made_pages())
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, LoadedAddresses]:
    found = {page: LoadedAddresses(page) for page in site.rglob("*.html")}
    assert len(found) > 40
    return found


def test_every_page_of_the_documentation_is_in_it(site: Path) -> None:
    for file in DOCUMENTATION.rglob("*.md"):
        name = file.relative_to(DOCUMENTATION).as_posix()
        page = site / Path(RENAMED.get(name, name)).with_suffix(".html")
        title = page_title(file.read_text(encoding="utf-8"))
        assert f"<h1>{title}<" in page.read_text(encoding="utf-8"), f"{name}: the site has no page with its heading"


def test_the_first_page_leads_to_every_page(site: Path, pages: dict[Path, LoadedAddresses]) -> None:
    reached = {
        (site / link.partition("#")[0]).resolve() for link in pages[site / "index.html"].links if ":" not in link
    }
    assert {page.relative_to(site) for page in pages} - {page.relative_to(site) for page in reached} <= {
        Path("search.html"),
        Path("index.html"),
    }


def test_nothing_is_loaded_from_a_network(site: Path, pages: dict[Path, LoadedAddresses]) -> None:
    for page, addresses in pages.items():
        assert addresses.loaded
        for address in addresses.loaded:
            parts = urlsplit(address)
            assert not parts.scheme, f"{page.name} loads {address}"
            assert not parts.netloc, f"{page.name} loads {address}"
            assert not parts.path or (page.parent / parts.path).is_file(), (
                f"{page.name} loads {address}, which is not there"
            )
    for style in site.rglob("*.css"):
        assert LOADED_BY_STYLE.findall(style.read_text(encoding="utf-8")) == [], style.name


def test_every_link_within_leads_to_a_page(pages: dict[Path, LoadedAddresses]) -> None:
    for page, addresses in pages.items():
        for link in addresses.links:
            target = link.partition("#")[0]
            if target and ":" not in link:
                assert (page.parent / target).is_file(), f"{page.name} links to {link}"


def test_a_link_an_anchor_or_a_picture_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (source / "README.md").write_text("# Guide\n\n## Start\n\n- [One](one.md): it.\n", encoding="utf-8")
    (source / "one.md").write_text(
        "# One\n\n[a](two.md) [b](#nowhere) [c](README.md)\n\n![d](none.png)\n", encoding="utf-8"
    )
    (source / "alone.md").write_text("# Alone\n", encoding="utf-8")
    with pytest.raises(SiteFault) as fault:
        build_site(tmp_path / "out", source, {})
    for told in ("two.md", "nowhere", "none.png", "alone.md"):
        assert told in str(fault.value)
    assert str(tmp_path) not in str(fault.value).replace(str(tmp_path / "out"), "")


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
def test_the_search_works_without_a_server_and_a_network(site: Path, tmp_path: Path) -> None:
    query = "There+is+no+recipe+check+the+path"
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        *NO_NETWORK, "--virtual-time-budget=8000", "--dump-dom", f"{(site / 'search.html').as_uri()}?q={query}",
    ]  # fmt: skip
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    results = re.search(r'<div id="search-results">(.*?)</div>\s*</article>', found, re.DOTALL)
    assert results is not None
    assert "troubleshooting/recipe.html" in results[1]
