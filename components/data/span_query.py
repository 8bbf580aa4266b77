"""Queries that name the days of a span, with the placeholders of TFX.

    SELECT * FROM trips WHERE day = @span_yyyymmdd_utc
    SELECT * FROM trips WHERE started >= @span_begin_timestamp AND started < @span_end_timestamp

What replaces them is made here from a whole number: digits, and for `@span_yyyymmdd_utc` digits in quotes. They go into
the text because drivers disagree on how a parameter is written, and on which other characters a query with parameters
must escape; the rest of the query reaches the database as the user wrote it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from millwork.components.data.spans import StaticRange, day_of, number_of
from millwork.core.errors import WrongArgument

BEGIN, END, DAY = "span_begin_timestamp", "span_end_timestamp", "span_yyyymmdd_utc"

QuerySpans = int | str | StaticRange
"""The days whose rows a query gives: one span, or all from one to another."""

_TOKENS = re.compile(
    r"""
      (?P<quoted>
          --[^\n]*
        | /\*.*?\*/
        | '(?:[^']|'')*'
        | "(?:[^"]|"")*"
        | `[^`]*`
        | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
      )
    | (?<![\w@])@(?P<name>span_begin_timestamp|span_end_timestamp|span_yyyymmdd_utc)\b
    """,
    re.DOTALL | re.VERBOSE,
)
"""Comments, texts and quoted names, in which nothing is replaced; and placeholders."""


def check_spans(query: str, spans: QuerySpans | None) -> None:
    """Refuse a query and spans that do not fit together."""
    used = _placeholders(query)
    if spans is None and used:
        raise WrongArgument(
            f"The query has @{used[0]}, but no span says what it stands for. Pass span=..., a day such as "
            "'2024-05-31', or the number of days since 1970-01-01"
        )
    if spans is None:
        return
    days = _days(spans)
    if not used:
        raise WrongArgument(
            f"span={spans!r}: the query does not say which rows belong to a span. Use @{BEGIN} and @{END} (seconds "
            f"since 1970 in UTC), or @{DAY} (a text such as '20240531'), without quotes around them"
        )
    if DAY in used and len(days) > 1:
        raise WrongArgument(f"@{DAY} is one day, but span={spans!r} is {len(days)}. Use @{BEGIN} and @{END}")


def for_spans(query: str, spans: QuerySpans | None) -> str:
    """The query with its placeholders filled in, as TFX does."""
    if spans is None:
        return query
    days = _days(spans)
    begin = datetime.combine(day_of(days[0]), datetime.min.time(), UTC)
    end = begin + timedelta(days=len(days))
    values = {
        BEGIN: str(int(begin.timestamp())),
        END: str(int(end.timestamp())),
        DAY: f"'{begin:%Y%m%d}'",
    }
    return _TOKENS.sub(lambda token: values[token["name"]] if token["name"] else token[0], query)


def newest_of(spans: QuerySpans | None) -> int:
    """The span that is recorded."""
    return 0 if spans is None else _days(spans)[-1]


def _days(spans: QuerySpans) -> range:
    if isinstance(spans, StaticRange):
        return spans.numbers()
    number = number_of(spans)
    return range(number, number + 1)


def _placeholders(query: str) -> list[str]:
    found = []
    for token in _TOKENS.finditer(query):
        if token["name"]:
            found.append(token["name"])
        elif token[0][0] in "'\"`$" and (hidden := re.search(rf"@(?:{BEGIN}|{END}|{DAY})\b", token[0])):
            raise WrongArgument(
                f"The query has {hidden[0]} inside quotes ({token[0]}), where nothing replaces it. Write it without "
                "quotes: it becomes a value"
            )
    return found
