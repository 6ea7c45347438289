"""Texts as a person would read them: HTML, wrong encodings, and lists written out as text are undone."""

import html
import re
from collections.abc import Callable

import ftfy
import polars as pl
from selectolax.lexbor import LexborHTMLParser

from bowerbird.data.items import read_list
from bowerbird.data.report import Finding

_LIST = r"^\s*\[\s*(['\"].*['\"])?\s*,?\s*\]\s*$"
_HTML = r"</?[A-Za-z][^<>]*>|<!--|<![A-Z]|&(?:[A-Za-z]{2,8}[0-9]{0,2}|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5});"
_NOT_ASCII = r"[^\x09\x0a\x0d\x20-\x7e]"
_BLANKS = re.compile(r"\s+")
_HIDDEN = ["script", "style", "head", "noscript", "template"]
_ENCODING = ftfy.TextFixerConfig(
    unescape_html=False, uncurl_quotes=False, fix_character_width=False, fix_latin_ligatures=False, normalization=None, explain=False
)


def without_html(text: str) -> str:
    """What a browser would show, in one line: no tags, scripts, styles or comments, and `&amp;` is &.

    >>> without_html("<p>Fast &amp; quiet<br>printer</p><!-- .x {color:red} -->")
    'Fast & quiet printer'
    """
    for _ in range(2):  # twice, since tags are often escaped within an escaped text
        tree = LexborHTMLParser(text)
        tree.strip_tags(_HIDDEN)
        body = tree.body
        shown = _BLANKS.sub(" ", html.unescape(body.text(separator=" ") if body is not None else "")).strip()
        if shown == text or not re.search(_HTML, shown):
            return shown
        text = shown
    return text


def without_list(text: str) -> str:
    """The parts of a list that was written out as text, joined.

    >>> without_list("['One part.', 'Two parts.']")
    'One part. Two parts.'
    """
    return " ".join(part.strip() for part in read_list(text) if part.strip())


def right_encoding(text: str) -> str:
    """Letters that went through a wrong encoding, put right; signs that control a terminal are removed.

    >>> right_encoding("MotÃ¶rhead")
    'Motörhead'
    """
    return ftfy.fix_text(text, _ENCODING)


STEPS: tuple[tuple[str, str, Callable[[str], str], str], ...] = (
    ("lists written as text", _LIST, without_list, "the parts are joined"),
    ("wrong encodings", _NOT_ASCII, right_encoding, "letters are put right"),
    ("HTML in texts", _HTML, without_html, "tags, scripts, comments and escapes are removed"),
)
"""Check, where to look, how to mend, what to say."""


def mend_texts(frame: pl.DataFrame, columns: list[str], what: str) -> tuple[pl.DataFrame, list[Finding]]:
    """The same table with the texts of these columns mended, and how many were, for the report.

    cost    the few texts that a quick look suspects are parsed, each different one once
    """
    findings = []
    for check, suspicious, mend, why in STEPS:
        counts = {}
        for name in columns:
            frame, counts[name] = _mend(frame, name, suspicious, mend)
        found = sum(counts.values())
        where = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        findings.append(Finding(f"{check} ({what})", found, mended=found, why=f"{why}: {where}" if found else why))
    return frame, findings


def mend_text(text: str) -> str:
    """One text, mended as `mend_texts` does it."""
    for _, suspicious, mend, _ in STEPS:
        if re.search(suspicious, text, re.DOTALL):
            text = mend(text)
    return text


def _mend(frame: pl.DataFrame, name: str, suspicious: str, mend: Callable[[str], str]) -> tuple[pl.DataFrame, int]:
    column = frame[name]
    suspects = column.filter(column.str.contains(f"(?s){suspicious}").fill_null(False)).unique(maintain_order=True).to_list()
    mended = {text: new for text in suspects if (new := mend(text)) != text}
    if not mended:
        return frame, 0
    count = int(column.is_in(list(mended)).sum())
    return frame.with_columns(column.replace(mended)), count
