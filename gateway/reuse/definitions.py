"""What each metric means, in English and Vietnamese: shown beside every number (PROTOCOL section 7)."""

from typing import NamedTuple


class Definition(NamedTuple):
    """A metric's title and meaning. `better` says which way is good: `up`, `down` or empty."""

    title_en: str
    title_vi: str
    en: str
    vi: str
    better: str = "up"

    def as_json(self) -> dict[str, str]:
        """Return what the interface shows."""
        return {"en": self.en, "vi": self.vi}


_ACCEPTED_EN = "dossiers accepted in the period"
_ACCEPTED_VI = "hồ sơ được tiếp nhận trong kỳ"

DEFINITIONS: dict[str, Definition] = {
    "declared": Definition(
        "Declared reuse",
        "Tái sử dụng theo khai báo",
        f"Dossiers with at least one component marked as reused by the agency itself / all {_ACCEPTED_EN} "
        "(Decision 766/QĐ-TTg, indicator 4.3).",
        f"Hồ sơ có ít nhất một thành phần được chính cơ quan đánh dấu tái sử dụng / tổng số {_ACCEPTED_VI} "
        "(Quyết định 766/QĐ-TTg, chỉ số 4.3).",
    ),
    "evidenced": Definition(
        "Evidenced reuse",
        "Tái sử dụng có bằng chứng",
        "Dossiers with at least one component proved by a logged look-up: answered by the registry that holds the "
        "fact, "
        f"about the right party, with every needed value, before the decision and undisputed / all {_ACCEPTED_EN}.",
        "Hồ sơ có ít nhất một thành phần được chứng minh bằng một lượt tra cứu trong nhật ký: đúng cơ sở dữ liệu, đúng "
        f"người, đủ các trường cần, trước khi có kết quả và không bị báo sai lệch / tổng số {_ACCEPTED_VI}.",
    ),
    "full_once_only": Definition(
        "Full once-only",
        "Chỉ khai báo một lần trọn vẹn",
        f"Dossiers in which every needed component is proved by a look-up / {_ACCEPTED_EN} that need any component.",
        f"Hồ sơ có mọi thành phần cần thiết được chứng minh bằng tra cứu / {_ACCEPTED_VI} có yêu cầu thành phần.",
    ),
    "component": Definition(
        "Components reused",
        "Thành phần được tái sử dụng",
        f"Needed components that are proved by a look-up / needed components of {_ACCEPTED_EN}. Needed: stated and "
        "neither waived nor marked as not required, or mandatory by the catalogue.",
        f"Thành phần cần thiết được chứng minh bằng tra cứu / thành phần cần thiết của {_ACCEPTED_VI}. Cần thiết: có "
        "trong hồ sơ, không được miễn và không ghi là không bắt buộc, hoặc danh mục quy định bắt buộc.",
    ),
    "attribute": Definition(
        "Fields reused",
        "Trường thông tin được tái sử dụng",
        "Fields that needed components require and that a binding look-up disclosed with a value / all such fields.",
        "Trường thông tin mà thành phần cần thiết đòi hỏi và đã được tra cứu trả về có giá trị / tổng số trường đó.",
    ),
    "missed": Definition(
        "Missed reuse",
        "Cơ hội tái sử dụng bị bỏ lỡ",
        "Needed components that are not proved by a look-up, by one cause each / needed components.",
        "Thành phần cần thiết không được chứng minh bằng tra cứu, mỗi thành phần một nguyên nhân / thành phần cần "
        "thiết.",
        "down",
    ),
    "repeat_ask": Definition(
        "Asked again within 12 months",
        "Yêu cầu lại trong 12 tháng",
        "Components brought by the citizen although the same fact about the same person was obtained in another "
        "dossier "
        "in the 12 months before / components brought by the citizen that a registry could replace.",
        "Thành phần người dân phải nộp dù cùng thông tin về người đó đã có trong hồ sơ khác trong 12 tháng trước / "
        "thành "
        "phần người dân nộp mà cơ sở dữ liệu có thể thay thế.",
        "down",
    ),
    "over_collection": Definition(
        "Over-collection",
        "Thu thập quá mức cần thiết",
        "Fields disclosed by look-ups that no component of the dossier's procedure needs / fields disclosed.",
        "Trường thông tin tra cứu trả về mà không thành phần nào của thủ tục cần đến / tổng số trường đã trả về.",
        "down",
    ),
    "on_time": Definition(
        "On time",
        "Đúng hạn",
        f"Dossiers ended by their due time, waiting for the citizen not counted, or not yet due at the period's end / "
        f"{_ACCEPTED_EN} with a due time, without those withdrawn before acceptance (Decision 766/QĐ-TTg).",
        "Hồ sơ kết thúc trong hạn (trừ thời gian chờ bổ sung) hoặc chưa đến hạn vào cuối kỳ / "
        f"{_ACCEPTED_VI} có hạn trả, trừ hồ sơ rút trước khi tiếp nhận (Quyết định 766/QĐ-TTg).",
    ),
    "digitised": Definition(
        "Digitised",
        "Số hóa hồ sơ",
        f"Dossiers with a digitised component and, where a result is owed, an electronic result / all {_ACCEPTED_EN} "
        "(Decision 766/QĐ-TTg, indicator 4.2).",
        f"Hồ sơ có thành phần được số hóa và, nếu phải trả kết quả, có kết quả điện tử / tổng số {_ACCEPTED_VI} "
        "(Quyết định 766/QĐ-TTg, chỉ số 4.2).",
    ),
    "electronic_results": Definition(
        "Electronic results",
        "Kết quả điện tử",
        "Dossiers with an electronic result / dossiers done whose procedure owes a result (Decision 766/QĐ-TTg, 4.1).",
        "Hồ sơ có kết quả điện tử / hồ sơ đã xong mà thủ tục phải trả kết quả (Quyết định 766/QĐ-TTg, chỉ số 4.1).",
    ),
    "online": Definition(
        "Online",
        "Trực tuyến",
        f"Dossiers filed online with an electronic result / all {_ACCEPTED_EN} (Decision 766/QĐ-TTg, indicator 3.3).",
        f"Hồ sơ nộp trực tuyến và có kết quả điện tử / tổng số {_ACCEPTED_VI} (Quyết định 766/QĐ-TTg, chỉ số 3.3).",
    ),
    "coverage": Definition(
        "Catalogue coverage",
        "Độ phủ của danh mục",
        f"Dossiers whose procedure the catalogue describes / all {_ACCEPTED_EN}.",
        f"Hồ sơ thuộc thủ tục đã có trong danh mục / tổng số {_ACCEPTED_VI}.",
    ),
    "acknowledged": Definition(
        "Acknowledged by the portal",
        "Được Cổng DVCQG ghi nhận",
        f"Dossiers that the National Portal has taken / all {_ACCEPTED_EN}; the others are self-asserted.",
        f"Hồ sơ đã được Cổng Dịch vụ công quốc gia tiếp nhận / tổng số {_ACCEPTED_VI}; số còn lại là tự khai.",
    ),
    "evidenced_acknowledged": Definition(
        "Evidenced, acknowledged dossiers only",
        "Có bằng chứng, chỉ tính hồ sơ được ghi nhận",
        "As evidenced, among the dossiers that the National Portal has taken.",
        "Như tái sử dụng có bằng chứng, chỉ tính hồ sơ Cổng Dịch vụ công quốc gia đã tiếp nhận.",
    ),
    "funnel": Definition(
        "From need to use",
        "Từ nhu cầu đến sử dụng",
        "Needed components; of these held by a connected registry; looked up; answered by the registry; matched "
        "about the "
        "right person; used, that is proved.",
        "Thành phần cần thiết; trong đó có ở cơ sở dữ liệu đã kết nối; được tra cứu; được trả lời; khớp đúng người; "
        "được "
        "sử dụng, tức là có bằng chứng.",
        "",
    ),
    "status_lag": Definition(
        "Status lag",
        "Độ trễ trạng thái",
        "Time from an event to its recording here, events recorded in the period: the upper bound, in seconds, of the "
        "bucket that holds the 50th and 95th percentile; a bucket is about a quarter wide.",
        "Thời gian từ khi sự kiện xảy ra đến khi được ghi nhận trong kỳ: cận trên (giây) của khoảng chứa phân vị 50 "
        "và 95; "
        "mỗi khoảng rộng khoảng một phần tư.",
        "down",
    ),
}
"""Every metric by name, in the order of reports."""

STAGES_VI = {
    "needed": "Cần",
    "held": "CSDL có",
    "looked_up": "Đã tra cứu",
    "answered": "Được trả lời",
    "matched": "Khớp đúng người",
    "used": "Đã tái sử dụng",
}
CAUSES_VI = {
    "not_connected": "chưa kết nối",
    "not_looked_up": "cán bộ không tra cứu",
    "lookup_failed": "tra cứu không thành công",
    "stale": "dữ liệu thiếu hoặc đến muộn",
    "mismatch": "dữ liệu sai lệch",
    "paper_by_law": "luật yêu cầu bản giấy",
    "citizen_chose": "người dân tự nộp",
    "unknown": "không rõ",
}
CAUSES_EN = {
    "not_connected": "not connected",
    "not_looked_up": "officer did not look",
    "lookup_failed": "look-up failed",
    "stale": "incomplete or too late",
    "mismatch": "mismatch",
    "paper_by_law": "law demands paper",
    "citizen_chose": "citizen chose",
    "unknown": "unknown",
}
