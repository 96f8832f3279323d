"""Name the fonts that figures use for text in any script."""

from __future__ import annotations

from matplotlib import font_manager

# Fonts with Chinese, Japanese and Korean characters, as systems bring them.
CJK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK TC",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "PingFang HK",
    "Hiragino Sans GB",
    "Heiti TC",
    "Arial Unicode MS",
)


def installed_families(first: str) -> list[str]:
    """Return a family, and the first installed one with Chinese, Japanese and Korean characters after it, if any."""
    installed = set(font_manager.get_font_names())
    return [first, *[family for family in CJK_FAMILIES if family in installed][:1]]
