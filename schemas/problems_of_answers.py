"""Problems of a sound request: agreements, registries and the gateway itself (PROTOCOL section 2)."""

from schemas.problem_terms import Problem

POLICY = (
    Problem(
        "agreement-missing",
        403,
        "No agreement covers this service",
        "policy",
        False,
        "Ask the operator for an agreement on this service; the catalogue lists those you have.",
        "Đơn vị chưa được cấp quyền khai thác dịch vụ dữ liệu này.",
        "Data is shared only under an agreement in force between the client and the registry. `GET /v1/registries` "
        "shows what yours cover.",
    ),
    Problem(
        "purpose-not-granted",
        403,
        "The agreement does not cover this purpose",
        "policy",
        False,
        "Check the procedure, the legal basis and the agency stated, or have the agreement extended.",
        "Mục đích khai thác (thủ tục, căn cứ pháp lý hoặc cơ quan) không nằm trong phạm vi được cấp quyền.",
        "One row of one agreement must cover the whole request: procedure, legal basis, the dossier's agency and the "
        "officer's unit. Rows are never pooled.",
    ),
    Problem(
        "field-not-granted",
        403,
        "The agreement does not cover a field that was asked",
        "policy",
        False,
        "Ask only for the fields that the catalogue lists for you; there is no wildcard.",
        "Có trường thông tin không nằm trong phạm vi được cấp quyền. Vui lòng chỉ yêu cầu các trường cần thiết.",
        "Every field is granted by name. A request for one field too many is refused as a whole, so that an answer "
        "always holds exactly what was asked. Unknown fields and `*` are refused alike.",
    ),
    Problem(
        "dossier-not-open",
        403,
        "There is no open dossier that allows this question",
        "policy",
        False,
        "Report the dossier's acceptance first, and check its code.",
        "Hồ sơ chưa được tiếp nhận, đã kết thúc hoặc không thuộc đơn vị. Vui lòng kiểm tra lại mã hồ sơ.",
        "This agreement allows questions only for a dossier that the gateway knows as the agency's own and still open. "
        "Absent, foreign and closed dossiers are deliberately alike.",
    ),
    Problem(
        "subject-not-party",
        403,
        "The person is no party of the dossier",
        "policy",
        False,
        "Report the person as a party of the dossier, with the role they have in it, before asking.",
        "Người được tra cứu không phải là đương sự của hồ sơ này.",
        "This agreement allows questions about parties of the dossier. Relatives become parties by report, in a "
        "role; they are never guessed.",
    ),
    Problem(
        "rate-limited",
        429,
        "Too many questions in a short time",
        "client",
        True,
        "Wait as long as Retry-After says, and spread the questions.",
        "Số lượt tra cứu trong thời gian ngắn vượt quá giới hạn. Vui lòng thử lại sau ít phút.",
        "An officer may ask a limited number of questions in five minutes. A person at a counter does not reach it; "
        "walking through numbers does, and raises an alert.",
    ),
    Problem(
        "quota-exceeded",
        429,
        "The agreement's daily quota is used up",
        "policy",
        True,
        "Continue after midnight (Asia/Ho_Chi_Minh), or have the quota of the agreement raised.",
        "Đơn vị đã sử dụng hết số lượt khai thác trong ngày. Vui lòng thực hiện lại vào ngày hôm sau.",
        "Each row of an agreement has a number of questions per day of Asia/Ho_Chi_Minh.",
    ),
    Problem(
        "verification-limit",
        429,
        "Too many failed questions about one person",
        "policy",
        True,
        "Check the person's papers; questions about this person are taken again the next day.",
        "Thông tin của người này đã được tra cứu không khớp quá nhiều lần trong ngày. Vui lòng kiểm tra giấy tờ gốc.",
        "To stop guessing, questions about one person that end without a match are counted per client and day. After "
        "ten, further ones are refused, right ones too, before any registry is asked.",
    ),
)

UPSTREAM = (
    Problem(
        "registry-unavailable",
        503,
        "The registry cannot be reached",
        "registry",
        True,
        "Try again after Retry-After, with a new signature.",
        "Cơ sở dữ liệu nguồn tạm thời không kết nối được. Vui lòng thử lại sau ít phút.",
        "The registry refused the connection, or has failed so often that the gateway spares it for a moment. "
        "`GET /v1/registries/health` shows the state of each.",
    ),
    Problem(
        "registry-timeout",
        504,
        "The registry did not answer in time",
        "registry",
        True,
        "Try again later, with a new signature.",
        "Cơ sở dữ liệu nguồn phản hồi quá chậm. Vui lòng thử lại sau ít phút.",
        "The registry was asked and did not answer within the deadline of the service. Whether it worked on the "
        "question is not known.",
    ),
    Problem(
        "registry-fault",
        502,
        "The registry answered with a fault",
        "registry",
        True,
        "Try again later; if it lasts, give the request id to the operator.",
        "Cơ sở dữ liệu nguồn báo lỗi. Vui lòng thử lại sau hoặc liên hệ đơn vị vận hành.",
        "The registry reported a fault of its own, or does not know the officer who asks. Its text is not passed on.",
    ),
    Problem(
        "registry-invalid",
        502,
        "The registry's answer broke its contract",
        "adapter",
        False,
        "Give the request id to the operator: the registry or its adapter must be corrected.",
        "Dữ liệu trả về từ cơ sở dữ liệu nguồn không hợp lệ nên không được sử dụng. Vui lòng liên hệ đơn vị vận hành.",
        "The answer was not understood in full: garbage, cut off, of a changed shape, about another person, with two "
        'results, or wrongly signed. Such an answer is never passed on and never taken for "no match".',
    ),
)

GATEWAY = (
    Problem(
        "evidence-unavailable",
        503,
        "The evidence log cannot be written",
        "gateway",
        True,
        "Try again after Retry-After, with a new signature.",
        "Hệ thống tạm thời không ghi được nhật ký nên không thể tra cứu. Vui lòng thử lại sau ít phút.",
        "No question leaves the gateway and no answer leaves it before its record is safely in the log. While the log "
        "cannot be written, nothing is asked and nothing is told.",
    ),
    Problem(
        "internal",
        500,
        "The gateway failed",
        "gateway",
        False,
        "Give the request id to the operator.",
        "Hệ thống gặp sự cố. Vui lòng liên hệ đơn vị vận hành và cung cấp mã yêu cầu.",
        "A fault inside the gateway. The technical log holds its cause under the request id; no detail is shown.",
    ),
)
