"""python -m tests.messages: writes the pages on troubleshooting, and names messages that have no entry yet."""

from __future__ import annotations

import sys

from tests.messages.collected_messages import collect_messages
from tests.messages.message_entries import FILE, trouble_book
from tests.messages.read_modules import ROOT
from tests.messages.trouble_pages import trouble_pages


def main() -> int:
    messages, book = collect_messages(), trouble_book()
    for name, text in trouble_pages(book, messages).items():
        page = ROOT / "resources" / "docs" / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8", newline="\n")
    for message in book.unexplained(messages):
        sys.stdout.write(f"no entry in {FILE.name}: {message.module}, line {message.line}: {message.text}\n")
    for pattern in book.idle_patterns(messages):
        sys.stdout.write(f"fits no message: {pattern}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
