"""Numbers as text: plain ones, and those with a currency, a unit or thousands separators."""

from __future__ import annotations

from typing import Any

import numpy as np

PLAIN = r"^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:inf|infinity))$"
SPACES = r"[\s\x{00A0}\x{2009}\x{202F}]"
CURRENCY = (
    r"[A-Z]{0,3}[$€£¥₹₩₽₺₫฿₴₪₱₦]|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR|"
    r"kr\.?|zł|Kč|Rs\.?"
)
UNITS = (
    r"%|‰|°|°C|°F|kg|g|mg|lbs?|oz|km|m|cm|mm|mi|ft|m²|m2|km²|sqft|ha|l|ml|ms|s|sec|min|h|hrs?|mph|km/h|kmh|"
    r"kW|kWh|Hz|kHz|MHz|GHz|kB|KB|MB|GB|TB|px|k|cc|hp|bar|Pa|hPa|kPa|cal|kcal"
)
WRITTEN = (
    rf"^(?P<sign>[+\-−]?){SPACES}?(?P<before>(?:{CURRENCY})?){SPACES}?(?P<inner>[+\-−]?)"
    rf"(?P<number>(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,3}}(?:(?:{SPACES}|['’])\d{{3}})+|\d+)(?:\.\d*)?|\.\d+)"
    rf"(?P<after>(?:{SPACES}?(?:{CURRENCY}|{UNITS})|{SPACES}\p{{L}}[\p{{L}}.²³/]{{0,15}})?)$"
)
PERCENT = "%"


def plain(text: Any) -> np.ndarray:
    """Returns numbers as programs write them, as float64, NaN for other text and missing values.

    Args:
        text: An Arrow array of text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    right = pc.match_substring_regex(text, PLAIN)
    if not pc.all(right, skip_nulls=False).as_py():
        text = pc.if_else(right, text, pa.scalar(None, text.type))
    return np.asarray(text.cast(pa.float64()).to_numpy(zero_copy_only=False))


def written(text: Any) -> np.ndarray:
    """Returns numbers as people write them, such as `$1,200`, `12 %` or `3.5 kg`.

    All are NaN if currencies or units differ. A percentage keeps its number: 12 for 12 %.

    Args:
        text: An Arrow array of different texts, none missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(text, WRITTEN)
    right = parts.is_valid()
    nothing = np.full(len(text), np.nan)
    if not pc.any(right).as_py():
        return nothing
    digits = pc.replace_substring_regex(parts.field("number"), rf"(?:{SPACES}|[,'’])", "")
    digits = pc.if_else(right, digits, pa.scalar(None, digits.type))
    numbers = np.asarray(digits.cast(pa.float64()).to_numpy(zero_copy_only=False))
    after = pc.replace_substring_regex(parts.field("after"), rf"^{SPACES}", "")
    for units in (parts.field("before"), after):
        given = [unit for unit in pc.unique(pc.filter(units, right)).to_pylist() if unit]
        if len(given) > 1:
            return nothing
        if given == [PERCENT]:
            bare = np.asarray(pc.fill_null(pc.not_equal(units, PERCENT), False))
            numbers = np.where(bare & (numbers != 0), np.nan, numbers)
    minus = pa.array(["-", "−"], parts.field("sign").type)
    signs = (np.asarray(pc.is_in(parts.field(part), value_set=minus)) for part in ("sign", "inner"))
    negative = np.logical_or(*signs)
    return np.where(negative, -numbers, numbers)


def truths(text: Any) -> np.ndarray:
    """Returns 1 and 0 for texts that mean true and false, NaN for others.

    Args:
        text: An Arrow array of different texts, none missing.
    """
    import pyarrow.compute as pc

    lower = pc.utf8_lower(text)
    return np.where(pc.equal(lower, "true"), 1.0, np.where(pc.equal(lower, "false"), 0.0, np.nan))
