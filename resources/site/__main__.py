"""python -m resources.site OUT: the guide as a site of plain files, which needs neither a server nor the network.

python -m resources.site --pages: writes the pages that are made from declarations into resources/docs again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ui.guide.contents import DOCUMENTATION
from ui.guide.made_pages import made_pages, write_made_pages


def main() -> int:
    parser = argparse.ArgumentParser("python -m resources.site", description="Build the guide; open OUT/index.html.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("out", type=Path, nargs="?", metavar="OUT", help="where to write the site")
    what.add_argument("--pages", action="store_true", help="write the made pages of resources/docs again instead")
    chosen = parser.parse_args()
    if chosen.pages:
        write_made_pages(DOCUMENTATION)
        return 0
    from resources.site.building import SiteFault, build_site

    try:
        build_site(chosen.out, DOCUMENTATION, made_pages())
    except SiteFault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.write(f"{chosen.out / 'index.html'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
