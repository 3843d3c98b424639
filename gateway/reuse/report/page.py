"""The report as one self-contained HTML page: Vietnamese first, English under it, pictures as inline SVG, no script."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

from gateway.reuse.definitions import CAUSES_EN, CAUSES_VI, DEFINITIONS, STAGES_VI
from gateway.reuse.measuring import Row
from gateway.reuse.report import charts
from gateway.reuse.report.charts import Pair, Step, Tile
from gateway.reuse.report.figures import Figure, figures, of_metrics, publishable, small
from gateway.reuse.report.gathering import Report
from gateway.reuse.report.words import day_vi, duration_vi, number_vi, percent_vi
from schemas.dates import LOCAL

_OUT_OF_REACH = ("not_connected", "paper_by_law")
_IN_REACH = ("not_looked_up", "lookup_failed", "stale", "mismatch", "citizen_chose", "unknown")
_BANDS = (
    (60, "dưới 1 phút"),
    (300, "1–5 phút"),
    (3600, "5–60 phút"),
    (21_600, "1–6 giờ"),
    (86_400, "6–24 giờ"),
    (None, "trên 1 ngày"),
)
_COLUMNS = ("declared", "evidenced", "full_once_only", "component", "over_collection", "repeat_ask", "on_time")
_SERVICES_VI = {
    "population": "Dân cư",
    "insurance": "Bảo hiểm",
    "civil-status": "Hộ tịch",
    "tax": "Thuế",
}
_FIELDS_VI = {
    "address": "địa chỉ",
    "birth_date": "ngày sinh",
    "birth_place": "nơi sinh",
    "card_number": "số thẻ",
    "current_address": "nơi ở",
    "died_on": "ngày chết",
    "father": "cha",
    "full_name": "họ tên",
    "home_town": "quê quán",
    "household_number": "số hộ",
    "husband": "chồng",
    "insurance_code": "mã BHXH",
    "kind": "loại",
    "marital_status": "hôn nhân",
    "mother": "mẹ",
    "name": "tên",
    "obligations": "nghĩa vụ thuế",
    "permanent_address": "thường trú",
    "personal_id": "số định danh",
    "registration_number": "số đăng ký",
    "sex": "giới tính",
    "status": "trạng thái",
    "tax_code": "mã số thuế",
    "total_amount": "số tiền",
    "valid_from": "giá trị từ",
    "valid_to": "giá trị đến",
    "wife": "vợ",
}
_GROUPS_VI = {
    "agency": ("Cơ quan", "Agency"),
    "procedure": ("Thủ tục", "Procedure"),
    "province": ("Tỉnh, bộ", "Province, ministry"),
    "registry": ("Cơ sở dữ liệu", "Registry"),
    "month": ("Tháng tiếp nhận", "Month of acceptance"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with what it shows."""

    title_vi: str
    title_en: str
    note_vi: str
    note_en: str
    svg: str


def as_page(report: Report) -> str:
    """Return the page; small counts are withheld in every picture and table."""
    whole = {figure.metric: figure for figure in publishable(list(of_metrics("", report.whole)))}
    told = publishable(figures(report.rows))
    return _template().render(
        report=report,
        whole=whole,
        gap=_gap(whole),
        last_day=report.past - timedelta(days=1),
        made_at=report.made_at.astimezone(LOCAL),
        pictures=list(_pictures(report, whole)),
        group=_GROUPS_VI[report.group_by],
        columns=[(name, DEFINITIONS[name]) for name in _COLUMNS],
        table=_table(told),
        label=lambda group: _label(report, group),
        definitions=DEFINITIONS,
    )


def pictures(report: Report) -> list[Picture]:
    """Return a report's pictures, of publishable numbers alone."""
    return list(
        _pictures(report, {figure.metric: figure for figure in publishable(list(of_metrics("", report.whole)))})
    )


def _pictures(report: Report, whole: Mapping[str, Figure]) -> Iterator[Picture]:
    steps = _steps(whole)
    if steps[0].number:
        yield Picture(
            "Từ nhu cầu đến tái sử dụng",
            "From need to reuse: where components were lost",
            "Mỗi thành phần cần thiết không được tái sử dụng có đúng một nguyên nhân.",
            "Every needed component that was not reused has exactly one cause.",
            charts.waterfall(steps),
        )
    provinces = _pairs(report.provinces)
    if provinces:
        yield Picture(
            "Khai báo và bằng chứng theo tỉnh, bộ",
            "Declared beside evidenced, by province and ministry",
            "Hai chấm càng xa nhau, tỷ lệ khai báo càng thiếu bằng chứng. Số liệu từ 1 đến 9 không công bố.",
            "The further apart the dots, the less evidence for what was declared; counts from 1 to 9 are withheld.",
            charts.dumbbells(provinces),
        )
    months = _pairs(report.months)
    if len(months) > 1:
        yield Picture(
            "Diễn biến theo tháng tiếp nhận",
            "By month of acceptance",
            "Tỷ lệ hồ sơ khai báo và hồ sơ có bằng chứng.",
            "Share of dossiers declared and evidenced.",
            charts.trend(months),
        )
    tiles = _tiles(report)
    if tiles:
        yield Picture(
            "Trường thông tin theo thủ tục (%)",
            "Fields by procedure: how often a needed field came from the registry, percent",
            "Dấu · là số liệu dưới 10, không công bố.",
            "A dot stands for counts under 10, which are not published.",
            charts.heat_map(tiles),
        )
    if report.lag:
        p50, p95 = duration_vi(whole["status_lag.p50"].seconds), duration_vi(whole["status_lag.p95"].seconds)
        yield Picture(
            "Độ trễ trạng thái (% sự kiện)",
            "Status lag: from an event to its recording, percent of events",
            f"Một nửa số sự kiện được ghi nhận trong {p50}, 95 % trong {p95}.",
            "Half of the events were recorded within the first figure, 95 % within the second.",
            charts.bars(_bands(report.lag)),
        )


def _steps(whole: Mapping[str, Figure]) -> list[Step]:
    """Return the waterfall; causes too small to publish are one step."""
    needed = whole["funnel.needed"].numerator

    def losses(causes: tuple[str, ...]) -> list[Step]:
        return [
            Step(f"{CAUSES_VI[cause]} · {CAUSES_EN[cause]}", whole[f"missed.{cause}"].numerator, "loss")
            for cause in causes
        ]

    out, within = losses(_OUT_OF_REACH), losses(_IN_REACH)
    used = whole["funnel.used"].numerator
    reach = needed - sum(step.number or 0 for step in out) if needed is not None else None
    return [
        Step(f"{STAGES_VI['needed']} · needed", needed, "total"),
        *out,
        Step("Có thể lấy từ CSDL · within reach", reach, "held"),
        *within,
        Step(f"{STAGES_VI['used']} · reused", used, "used"),
    ]


def _pairs(rows: Sequence[Row]) -> list[Pair]:
    rates = {(figure.group, figure.metric): figure.rate for figure in publishable(figures(rows))}
    pairs = [Pair(row.group, rates[row.group, "declared"], rates[row.group, "evidenced"]) for row in rows]
    return [pair for pair in pairs if pair.declared is not None or pair.evidenced is not None]


def _tiles(report: Report) -> list[Tile]:
    tiles = []
    for procedure, service, field, needed, covered in report.fields:
        registry = service.partition("/")[0]
        withheld = small(needed) or small(covered) or small(needed - covered)
        rate = None if withheld or not needed else 100 * covered / needed
        tiles.append(
            Tile(
                _label(report, procedure),
                f"{_SERVICES_VI.get(registry, registry)}: {_FIELDS_VI.get(field, field)}",
                rate,
            )
        )
    return tiles


def _bands(lag: Mapping[int, int]) -> list[tuple[str, float | None]]:
    total, low, found = sum(lag.values()), 0, []
    for bound, label in _BANDS:
        events = sum(number for upper, number in lag.items() if low < upper and (bound is None or upper <= bound))
        found.append((label, None if small(events) else 100 * events / total))
        low = bound or low
    return found


def _gap(whole: Mapping[str, Figure]) -> float | None:
    declared, evidenced = whole["declared"].rate, whole["evidenced"].rate
    return None if declared is None or evidenced is None else declared - evidenced


def _table(told: Sequence[Figure]) -> dict[str, dict[str, Figure]]:
    rows: dict[str, dict[str, Figure]] = {}
    for figure in told:
        rows.setdefault(figure.group, {})[figure.metric] = figure
    return rows


def _label(report: Report, group: str) -> str:
    name = report.names.get(group)
    return f"{group} {name}" if name else group or "–"


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=number_vi, percent=percent_vi, day=day_vi, duration=duration_vi)
    return environment.from_string(Path(__file__).with_name("page.html.j2").read_text(encoding="utf-8"))
