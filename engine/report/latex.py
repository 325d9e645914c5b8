"""Tables and methods for a LaTeX document: booktabs, and citations of references.bib."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.report.content import Prose, Report, ReportTable
from engine.report.reference_list import CITED, without_citations

LONG_ROWS = 40
"""From which on a table may break over pages."""
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "×": r"$\times$", "→": r"$\rightarrow$", "−": r"$-$", "–": "--",
    "Δ": r"$\Delta$", "µ": r"$\mu$", "μ": r"$\mu$", "°": r"$^\circ$", "±": r"$\pm$", "≥": r"$\geq$", "≤": r"$\leq$",
    "…": r"\ldots{}", "·": r"$\cdot$", "‖": r"$\|$", "∞": r"$\infty$",
}  # fmt: skip
LATIN = 0x17F
"""The last letter that plain pdfLaTeX writes."""
NEEDS = "% In the preamble: \\usepackage[T1]{fontenc} \\usepackage{booktabs}"
OTHER_SCRIPT = "\n% Some names are in another script: compile with XeLaTeX or LuaLaTeX, and a font that has it."


def escaped(text: str) -> str:
    """As LaTeX writes it."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def latex_table(table: ReportTable) -> str:
    """A whole `table`, or a `longtable` where it is long."""
    columns = "".join(_column(place, table) for place in range(len(table.heads)))
    heads = " & ".join(_head(head, place in table.left) for place, head in enumerate(table.heads))
    lines = [" & ".join(escaped(without_citations(cell)) for cell in row) + r" \\" for row in table.rows]
    caption = f"\\caption{{{escaped(table.caption)}}}\n\\label{{tab:{table.key}}}"
    is_long = len(table.rows) > LONG_ROWS
    body = ["\\toprule", f"{heads} \\\\", "\\midrule", *(["\\endhead"] if is_long else []), *lines, "\\bottomrule"]
    notice = NEEDS + (r" \usepackage{longtable}" if is_long else "") + (OTHER_SCRIPT if _is_foreign(table) else "")
    small = "\\footnotesize\n\\setlength{\\tabcolsep}{4pt}"
    if is_long:
        rows = "\n".join(body)
        return (
            f"{notice}\n\\begingroup\n{small}\n\\begin{{longtable}}{{{columns}}}\n{caption} \\\\\n{rows}\n"
            "\\end{longtable}\n\\endgroup\n"
        )
    rows = "\n".join(body)
    return (
        f"{notice}\n\\begin{{table}}\n\\centering\n{caption}\n{small}\n\\begin{{tabular}}{{{columns}}}\n{rows}\n"
        "\\end{tabular}\n\\end{table}\n"
    )


def latex_methods(report: Report) -> str:
    """The paragraphs that may be pasted into a paper, a run after the other."""
    several = len(report.parts) > 1
    texts: list[str] = []
    for part in report.parts:
        quotable = [
            block.text
            for section in part.sections
            for block in section.blocks
            if isinstance(block, Prose) and block.is_quotable
        ]
        if quotable:
            texts += ([f"% {escaped(part.title)}"] if several else []) + [_paragraph(text) for text in quotable]
    return "\n\n".join(texts) + "\n"


def _paragraph(text: str) -> str:
    found, end = [], 0
    for one in CITED.finditer(text):
        found.append(f"{escaped(text[end : one.start()])}~\\cite{{{one[1]}}}")
        end = one.end()
    return "".join(found) + escaped(text[end:])


def _column(place: int, table: ReportTable) -> str:
    if place in table.wraps:
        share = 0.8 / max(len(table.wraps), 1)
        return f"p{{{share:.2f}\\linewidth}}" if len(table.heads) <= len(table.wraps) + 2 else "p{0.22\\linewidth}"
    return "l" if place in table.left else "r"


def _head(head: str, is_left: bool) -> str:
    lines: Sequence[str] = [escaped(line) for line in head.split("\n")]
    side, stacked = "l" if is_left else "r", r" \\ ".join(lines)
    return lines[0] if len(lines) == 1 else f"\\shortstack[{side}]{{{stacked}}}"


def _is_foreign(table: ReportTable) -> bool:
    words = re.sub("[" + re.escape("".join(SPECIAL)) + "]", "", " ".join(cell for row in table.rows for cell in row))
    return any(ord(letter) > LATIN for letter in words)
