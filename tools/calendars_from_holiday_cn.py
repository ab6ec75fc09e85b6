"""Write calendars/CN/<year>.yaml from a folder of holiday-cn files (one JSON file a year).

Usage: python tools/calendars_from_holiday_cn.py <folder with 2026.json> [calendars/CN]
"""

import json
import sys
from pathlib import Path

HOLIDAYS = {
    "元旦": ("new_year", "New Year's Day"),
    "春节": ("spring_festival", "Spring Festival"),
    "清明节": ("tomb_sweeping", "Tomb-Sweeping Day"),
    "劳动节": ("labour_day", "Labour Day"),
    "“五一”": ("labour_day", "Labour Day"),
    "“五一”国际劳动节": ("labour_day", "Labour Day"),
    "端午节": ("dragon_boat", "Dragon Boat Festival"),
    "中秋节": ("mid_autumn", "Mid-Autumn Festival"),
    "国庆节": ("national_day", "National Day"),
    "“十一”": ("national_day", "National Day"),
    "国庆节、中秋节": ("national_day_mid_autumn", "National Day and Mid-Autumn Festival"),
    "中秋节、国庆节": ("national_day_mid_autumn", "National Day and Mid-Autumn Festival"),
    "抗日战争暨世界反法西斯战争胜利70周年纪念日": ("victory_day", "Victory Day (70th anniversary)"),
}
PLAIN_NAMES = {"labour_day": "劳动节", "national_day": "国庆节", "national_day_mid_autumn": "国庆节、中秋节"}


def main(folder: str, target: str = "calendars/CN") -> None:
    """Write one calendar file for each year found; an unknown holiday name stops the run."""
    for source in sorted(Path(folder).glob("[0-9][0-9][0-9][0-9].json")):
        given = json.loads(source.read_text(encoding="utf-8"))
        path = Path(target) / f"{given['year']}.yaml"
        path.write_text("\n".join(calendar_lines(given)) + "\n", encoding="utf-8")


def calendar_lines(given: dict) -> list[str]:
    """Return the lines of one year's file."""
    days = sorted(given["days"], key=lambda day: day["date"])
    names = {HOLIDAYS[day["name"]][0]: day["name"] for day in days}
    english = dict(HOLIDAYS.values())
    return [
        "region: CN",
        f"year: {given['year']}",
        *(["sources:", *(f"  - {paper}" for paper in given["papers"])] if given["papers"] else []),
        "holidays:",
        *(
            f'  {code}: {{zh-Hans: {PLAIN_NAMES.get(code, name)}, en: "{english[code]}"}}'
            for code, name in names.items()
        ),
        "days:",
        *(
            f"  - {{date: {day['date']}, {'closed' if day['isOffDay'] else 'open'}: {HOLIDAYS[day['name']][0]}}}"
            for day in days
        ),
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
