"""Problems that the sender of a request can mend: its form and its signature (PROTOCOL sections 1 and 2)."""

from schemas.problem_terms import Problem

REQUEST = (
    Problem(
        "request-malformed",
        400,
        "The request is not the HTTP or JSON described",
        "client",
        False,
        "Correct how the request is written, then sign and send it again.",
        "Yêu cầu gửi đi không đúng định dạng. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "The gateway reads a request in one way only. It refuses JSON that names a member twice, holds NaN, nests "
        "deeper than 32, has integers of more than 15 digits or is not UTF-8; targets with dot segments or encoded "
        "slashes; structured fields that do not parse; and a Content-Digest sent twice. Nothing was asked of any "
        "registry.",
    ),
    Problem(
        "request-invalid",
        422,
        "The request breaks the schema",
        "client",
        False,
        "Correct the members that `errors` points at, then sign and send the request again.",
        "Thông tin gửi đi chưa đầy đủ hoặc không hợp lệ. Vui lòng kiểm tra lại số định danh, họ tên và ngày sinh.",
        "The JSON is well-formed but not what this call takes: a member is missing, unknown, of another type or null; "
        "an identifier, a name or a date is not written as it must be; `fields` is empty or names a field twice. "
        "Every fault is listed in `errors` with a JSON pointer. Nothing was asked of any registry.",
    ),
    Problem(
        "not-found",
        404,
        "There is no such thing here",
        "client",
        False,
        "Check the address of the call against the API document; another agency's objects look absent too.",
        "Không tìm thấy nội dung yêu cầu hoặc đơn vị không có quyền xem.",
        "The path names nothing that the caller may see. Objects of other agencies are reported exactly as absent "
        "ones, so that nobody learns that they exist.",
    ),
    Problem(
        "method-not-allowed",
        405,
        "The path does not take this method",
        "client",
        False,
        "Use the method that the API document names for this path.",
        "Yêu cầu gửi sai phương thức. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "Each path takes the methods of the API document only; HEAD, TRACE, upgrades and method overrides are refused "
        "on API paths, and no look-up is made.",
    ),
    Problem(
        "payload-too-large",
        413,
        "The body is too large",
        "client",
        False,
        "Send at most 1 MiB in a body; split events over several calls.",
        "Dữ liệu gửi đi vượt quá dung lượng cho phép. Vui lòng chia nhỏ và gửi lại.",
        "A body may have 1 MiB. A look-up needs less than one kilobyte; status events can be sent in several calls, in "
        "any order.",
    ),
    Problem(
        "uri-too-long",
        414,
        "The request line is too long",
        "client",
        False,
        "Shorten the address; filters that do not fit belong in several calls.",
        "Địa chỉ yêu cầu quá dài. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "A request line, method and version included, may have 8 KiB. No call of this interface needs a tenth of it.",
    ),
    Problem(
        "unsupported-media-type",
        415,
        "The body is of another type or is encoded",
        "client",
        False,
        "Send `Content-Type: application/json` without any Content-Encoding.",
        "Định dạng dữ liệu gửi đi không được hỗ trợ. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "Bodies are JSON, sent as they are. Compressed bodies are refused because the digest that was signed must be "
        "that of the bytes received.",
    ),
    Problem(
        "headers-too-large",
        431,
        "The headers are too large",
        "client",
        False,
        "Send at most 32 KiB of headers.",
        "Phần đầu của yêu cầu vượt quá dung lượng cho phép. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "All headers together may have 32 KiB. Signature headers of this protocol need less than one.",
    ),
    Problem(
        "event-conflict",
        409,
        "This event was reported before with other content",
        "client",
        False,
        "Report the change as a new event with an `event_id` of its own.",
        "Mã sự kiện này đã được gửi trước đó với nội dung khác. Vui lòng gửi lại với mã sự kiện mới.",
        "An event is known by its client and `event_id`. The same event may come any number of times; the same "
        "`event_id` with other content is rejected, because history is never rewritten.",
    ),
)

SIGNATURE = (
    Problem(
        "signature-missing",
        401,
        "The request is not signed",
        "client",
        False,
        "Sign the request with your registered key (RFC 9421) and send both Signature-Input and Signature.",
        "Yêu cầu chưa được ký số. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "Every call under /v1/ carries an HTTP message signature. One of the headers Signature-Input and Signature, or "
        "both, did not arrive; a proxy on the way may have removed them.",
    ),
    Problem(
        "signature-insufficient",
        401,
        "The signature does not cover what it must",
        "client",
        False,
        "Cover the method, the target and, with a body, the content digest; state created, nonce and keyid.",
        "Chữ ký số của yêu cầu chưa bao gồm đủ thông tin. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "A signature must cover `@method`; `@target-uri`, or `@authority` with `@path` and, where the URL has one, "
        "`@query`; and `content-digest` whenever there is a body, all without parameters. It must state `created`, "
        "`nonce` and `keyid`. `detail` names what is missing.",
    ),
    Problem(
        "signature-invalid",
        401,
        "The signature cannot be verified",
        "client",
        False,
        "Check which key you sign with, and compare the signature base with `lienthong verify`.",
        "Không xác thực được chữ ký số của đơn vị gửi. Vui lòng báo cho quản trị hệ thống của đơn vị.",
        "The key is not known, not valid now, revoked, or belongs to a suspended client; or the signature does not fit "
        "the request. These cases are deliberately alike. `lienthong verify` explains a saved exchange component by "
        "component.",
    ),
    Problem(
        "signature-expired",
        401,
        "The signature is outside its time window",
        "client",
        False,
        "Set your clock right and sign again: a signature is good for 300 seconds.",
        "Chữ ký số đã hết hiệu lực. Vui lòng kiểm tra đồng hồ của hệ thống và gửi lại.",
        "`created` may be at most 300 seconds old and at most 60 ahead of the gateway's clock, and `expires`, where "
        "stated, must lie ahead. After a restore, signatures made before it are refused as well.",
    ),
    Problem(
        "signature-replayed",
        401,
        "This signature was used before",
        "client",
        False,
        "If you did not get the first answer, sign the question again with a new nonce.",
        "Yêu cầu này đã được gửi trước đó. Vui lòng thực hiện lại thao tác nếu chưa nhận được kết quả.",
        "Every signed request spends its nonce, refused ones included. The same bytes can be used once, on any worker "
        "and after any restart. If you did not send it twice, somebody recorded your request: tell your security "
        "officer.",
    ),
    Problem(
        "digest-mismatch",
        400,
        "The body is not the one that was signed",
        "client",
        False,
        "Compute Content-Digest over the exact bytes you send, and look for a proxy that rewrites bodies.",
        "Nội dung yêu cầu đã bị thay đổi trên đường truyền. Vui lòng gửi lại.",
        "At least one of `sha-256` and `sha-512` must be in Content-Digest (RFC 9530), and each that is there must "
        "fit the bytes received.",
    ),
)
