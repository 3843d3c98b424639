"""The public pages: the API's documentation and one page per problem code. Nothing comes from elsewhere.

The assets of the API page are those of the PyPI package swagger-ui-bundle; the policy allows our own
origin alone, so the page cannot load from a CDN nor send anything away.
"""

from html import escape
from pathlib import Path

from swagger_ui_bundle import swagger_ui_path

from gateway.flow.exchange import Exchange, Reply
from gateway.refusals import Refusal
from schemas.problems import PROBLEMS, Problem

_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_START = """window.addEventListener("load", function () {
  SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true, supportedSubmitMethods: [],
    defaultModelsExpandDepth: 0, validatorUrl: null, onComplete: function () {
      var servers = document.getElementById("servers");
      if (servers) { servers.setAttribute("aria-label", "Máy chủ · Server"); }
    }});
});
"""
_CONTRAST = """.swagger-ui .opblock.opblock-post .opblock-summary-method{background:#11704b}
.swagger-ui .opblock.opblock-get .opblock-summary-method{background:#0b57a4}
.swagger-ui .opblock.opblock-put .opblock-summary-method{background:#8a4b00}
.swagger-ui .opblock.opblock-delete .opblock-summary-method{background:#a11d1d}
.swagger-ui .info .title small,.swagger-ui .info .title small.version-stamp{background:#3d5a00}
.swagger-ui .info .title small pre{background:none}
.swagger-ui .info a,.swagger-ui .info .url,.swagger-ui .info .base-url{color:#0b57a4}
.swagger-ui .btn.authorize{color:#11704b;border-color:#11704b}.swagger-ui .btn.authorize svg{fill:#11704b}"""
_DOCS = f"""<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Liên Thông · API</title><link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><style>{_CONTRAST}</style></head>
<body><main id="api"><p>Trang này cần JavaScript.
Bản mô tả đầy đủ: <a href="/openapi.json">/openapi.json</a>.</p></main>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/start.js"></script></body></html>
"""
_STYLE = """body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:2.5rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.5rem}
code{background:#f0f2f5;padding:.1em .35em;border-radius:4px}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.45rem .6rem;border-bottom:1px solid #d9dee4;vertical-align:top}a{color:#0b57a4}
.vi{border-left:4px solid #0b57a4;padding:.3rem .9rem;background:#f3f8fd}"""


class Pages:
    """The handlers of the public pages. The assets are read once."""

    def __init__(self) -> None:
        self._assets = {name: Path(str(swagger_ui_path / name)).read_bytes() for name in _ASSETS}

    async def docs(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Show the API page."""
        return _page(_DOCS, _DOCS_POLICY)

    async def asset(self, _: Exchange, params: dict[str, str]) -> Reply:
        """One asset of the API page."""
        name = params["name"]
        if name == "start.js":
            return Reply(200, _START.encode(), "text/javascript; charset=utf-8")
        if name not in _ASSETS:
            raise Refusal("not-found", "asset")
        return Reply(200, self._assets[name], _ASSETS[name], headers=(("Cache-Control", "public, max-age=86400"),))

    async def problems(self, _: Exchange, __: dict[str, str]) -> Reply:
        """List every problem code."""
        rows = "".join(
            f'<tr><td><a href="/problems/{code}"><code>{code}</code></a></td><td>{problem.status}</td>'
            f"<td>{escape(problem.title)}</td></tr>"
            for code, problem in PROBLEMS.items()
        )
        return _page(
            _html("Mã lỗi · Problem codes", f"<table><tr><th>Code</th><th>Status</th><th></th></tr>{rows}</table>")
        )

    async def problem(self, _: Exchange, params: dict[str, str]) -> Reply:
        """Show the page that a problem's `type` leads to."""
        problem = PROBLEMS.get(params["code"])
        if problem is None:
            raise Refusal("not-found", "problem")
        return _page(_html(problem.code, _problem_html(problem)))


def _problem_html(problem: Problem) -> str:
    again = (
        "Yes, the same request may succeed later."
        if problem.retryable
        else "Not unchanged: first do what is said below."
    )
    rows = (
        ("HTTP status", str(problem.status)),
        ("Who must act", problem.layer),
        ("Try again?", again),
        ("What to do", problem.suggested_action),
    )
    table = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return (
        f"<p><strong>{escape(problem.title)}</strong></p><p>{escape(problem.explanation)}</p>"
        f'<p class="vi" lang="vi">{escape(problem.display_message)}</p><table>{table}</table>'
        '<p><a href="/problems">Tất cả mã lỗi · All codes</a></p>'
    )


def _html(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · Liên Thông</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _page(html: str, policy: str = _PAGE_POLICY) -> Reply:
    headers = (
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    )
    return Reply(200, html.encode(), "text/html; charset=utf-8", headers=headers)
