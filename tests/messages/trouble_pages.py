"""The pages of the guide on what went wrong: each cause, its way out, and the messages that it explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.messages.collected_messages import CollectedMessage
from tests.messages.message_entries import MessageEntry, TroubleBook, TroublePage

OVERVIEW = "troubleshooting.md"
FOLDER = "troubleshooting"
HEAD = """# Troubleshooting

Every message of the program says what is wrong, where, and what to do. These pages say more: the cause, and the way
out. They have all messages, by kind. Search for a few words of yours: in the window press F1 and paste the message into
the search field, on the site use its search. Where a name, a number or a path is filled in, the pages have an … .

- **Errors** keep a run from starting, or end it. Finished stages are kept: run the recipe again when the cause is gone.
- **Warnings** and **notes** do not. In the window most have a button that makes the change, and Ctrl+Z undoes it.
- A chain that fails does not stop the others. Its reason stands in the table, and `engine.log` in the run's folder has
  all that the libraries printed. **Resume** computes only what is missing.
- The program does not start? `python main.py doctor` tells what this computer lacks: [the doctor](doctor.md).

On the command line the exit code is 0 when all is done, 2 for a bad recipe or bad images, 3 when it failed, and 130
when it was stopped.
"""


def trouble_pages(book: TroubleBook, messages: Sequence[CollectedMessage]) -> dict[str, str]:
    """Path below the documentation's folder → text."""
    listed = [
        f"## {page.title}\n\n{page.summary}\n\n"
        + "\n".join(f"- [{entry.title}]({FOLDER}/{page.name}.md#{anchor(entry.title)})" for entry in page.entries)
        + "\n"
        for page in book.pages
    ]
    pages = {OVERVIEW: "\n".join([HEAD, *listed])}
    texts = book.texts_by_title(messages)
    return pages | {f"{FOLDER}/{page.name}.md": _page(page, texts) for page in book.pages}


def anchor(heading: str) -> str:
    """The heading as the end of a link, as Markdown readers make it."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _page(page: TroublePage, texts: Mapping[str, Sequence[str]]) -> str:
    parts = [f"# {page.title}\n\n{page.summary} All pages: [Troubleshooting](../{OVERVIEW}).\n"]
    return "\n".join([*parts, *(_entry(entry, texts[entry.title]) for entry in page.entries)])


def _entry(entry: MessageEntry, texts: Sequence[str]) -> str:
    said = "\n".join(f"- {_code(text)}" for text in texts)
    return f"## {entry.title}\n\n{entry.cause}\n\n**What to do:** {entry.remedy}\n\n{said}\n"


def _code(text: str) -> str:
    """As code, so that no sign in it is taken for markup."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
