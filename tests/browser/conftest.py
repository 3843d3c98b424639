"""An installation full of hostile text, a browser before its console, and ears for what must not happen."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from typer.testing import CliRunner

from gateway.cli.app import build
from gateway.client import Refused, SyncClient
from gateway.client.identity import Identity
from gateway.console.credentials import STEP_S
from gateway.sandbox.installation import Sandbox
from signing.keys import Algorithm, SigningKey

PERSON = {
    "id_type": "personal_id",
    "id": "099191000001",
    "full_name": "NGUYỄN THỊ THỬ",
    "birth_date": "1991-05-02",
}
CHILD = {"id_type": "personal_id", "id": "099216000000", "full_name": "VÕ GIA ĐÌNH ANH", "birth_date": "2016-05-14"}
SISTER = {"id_type": "personal_id", "id": "099319000000", "full_name": "VÕ MỸ OANH", "birth_date": "2019-11-23"}
SCRIPT, IMAGE, SVG, SUM = (
    "<script>alert(1)</script>",
    "<img src=//evil.invalid/x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{7*7}}",
)
KNOWN = "H99.01-261121-0001"
PURPOSE = {
    "procedure": "9.999901",
    "dossier": KNOWN,
    "component": SUM,
    "legal_basis": "law",
    "officer": {"id": "099085000009", "name": f"Trần {IMAGE}", "unit": "H99.01"},
}
HOSTILE_ELEMENTS = "main script, main iframe, [onerror], [onload], [onclick], img[src*=evil]"
USERS = {
    "thanhtra": ("lead_auditor", f"Lê {IMAGE}"),
    "kiemtra": ("lead_auditor", f"Vũ {SCRIPT}"),
    "giamsat": ("lead_auditor", f"Hồ {IMAGE}{SUM}"),
    "baove": ("dpo", f"Mai {SVG}"),
}
AXE = Axe()
_NARROW, _WIDE = {"width": 600, "height": 900}, {"width": 1280, "height": 900}


def chromium() -> str:
    """Return the browser; skip without one, unless it is required here."""
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("LIENTHONG_REQUIRE_BROWSER"):
            pytest.fail("chromium is required here and is not installed")
        pytest.skip("needs chromium: apt-get install chromium (.ci/run has it, and requires these tests)")
    return found


@dataclass
class Installation:
    """A running sandbox: its addresses, and the console's users with a counter of the codes they used."""

    sandbox: Sandbox
    public: str
    console: str
    users: dict[str, dict[str, str]] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)

    def code(self, login: str) -> str:
        """Return a one-time code that was not used before: this step's, then the next one's."""
        step = max(int(time()) // STEP_S, self.spent.get(login, 0) + 1)
        self.spent[login] = step
        return pyotp.TOTP(self.users[login]["totp_secret"]).generate_otp(step)

    @property
    def person(self) -> str:
        """The number of a decoy who was looked up three times for dossiers that nobody knows."""
        return CHILD["id"]

    @property
    def decoys(self) -> tuple[str, str]:
        """The numbers that raise alerts: one for each walk."""
        return CHILD["id"], SISTER["id"]

    @property
    def hostile(self) -> dict[str, str]:
        """What was worded by an attacker, by where it stands."""
        return {
            "dossier": f"H99.01-{SVG}",
            "sum": SUM,
            "client": IMAGE,
            "procedure": SCRIPT,
            "reader": USERS["giamsat"][1],
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a command of ours needs to find the sandbox."""
        return {**os.environ, "LIENTHONG_ENV_FILE": str(self.sandbox.layout.env)}

    def lienthong(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours against the sandbox."""
        command = [sys.executable, "-m", "gateway.cli", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)


class Reader:
    """Somebody before the console, and everything that the browser noticed meanwhile."""

    def __init__(self, page: Page, installation: Installation, login: str, *, scripts: bool) -> None:
        self.page, self.installation, self.login, self.scripts = page, installation, login, scripts
        self.noticed: list[str] = []
        self.own = (f"{installation.console}/", f"{installation.public}/", "data:", "file:")
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("pageerror", lambda error: self.noticed.append(f"error {error}"))
        page.on("console", lambda said: self.noticed.append(said.text) if said.type == "error" else None)

    def _dialog(self, dialog: Any) -> None:
        self.noticed.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.own):
            self.noticed.append(f"request {request.url}")

    def log_in(self) -> None:
        """Log in by the form; one lands on today's page, or on what one's role sees first."""
        login = self.login
        self.page.goto(f"{self.installation.console}/login")
        self.page.fill("#login", login)
        self.page.fill("#password", self.installation.users[login]["password"])
        self.page.fill("#code", self.installation.code(login))
        self.page.click("button.primary")
        assert self.page.url == f"{self.installation.console}/today"

    def go(self, path: str) -> None:
        """Open a page of the console; it is there."""
        answer = self.page.goto(f"{self.installation.console}{path}")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def complained(self, status: int) -> None:
        """Hold that the browser complained of one answer with this status, and of nothing else."""
        assert len(self.noticed) == 1
        assert f"status of {status}" in self.noticed.pop()

    def check(self) -> None:
        """Nobody is kept from using this page, wide or narrow, and no hostile text became an element."""
        self.harmless()
        if not self.scripts:
            return
        for size in (_NARROW, _WIDE):
            self.page.set_viewport_size(size)
            too_wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert too_wide <= 0, f"{self.page.url} scrolls sideways by {too_wide} px, {size['width']} px wide"
        self.usable()

    def usable(self, *besides: str) -> None:
        """Hold that axe finds nothing serious or critical; `besides` names rules that are left out."""
        rules = {rule: {"enabled": False} for rule in besides}
        found = AXE.run(self.page, options={"resultTypes": ["violations"], "rules": rules}).response["violations"]
        serious = [one for one in found if one["impact"] in {"serious", "critical"}]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == [], self.page.url

    def harmless(self) -> None:
        """No hostile text became an element."""
        assert self.page.locator(HOSTILE_ELEMENTS).count() == 0, self.page.url


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start a sandbox in which everything that a caller or a user may word is hostile."""
    chromium()
    sandbox = Sandbox(tmp_path_factory.mktemp("browser") / "DIR", 0, workers=1)
    try:
        public = sandbox.start()
        made = Installation(sandbox, public, sandbox.addresses.console if sandbox.addresses else "")
        _reword(sandbox.layout.config)
        _told(made, "apply", str(sandbox.layout.config))
        _traffic(made)
        _users(made)
        yield made
    finally:
        sandbox.remove()


def _traffic(made: Installation) -> None:
    """Report a hostile dossier; look its person up, found and refused; knock with a key of a hostile name."""
    toml = made.sandbox.layout.client_toml("H99.igate")
    known = {"event_id": SVG, "dossier": KNOWN, "procedure": "9.999901", "agency": "H99.01", "status": 2}
    parties = [{"id_type": "personal_id", "id": PERSON["id"], "role": "applicant"}]
    paper = {"code": "TP01", "name": IMAGE, "obtained": "paper"}
    now = datetime.now(UTC).isoformat()
    event = {**known, "occurred_at": now, "parties": parties, "components": [paper], "note": SCRIPT}
    emergency = {"legal_basis": "vital_interest", "emergency_reason": f"Cấp cứu {SCRIPT}{SUM}"}
    unexplained = [
        (person, {**PURPOSE, "dossier": f"H99.01-261121-000{number}"})
        for number, person in enumerate((CHILD, CHILD, CHILD, SISTER), 2)
    ]
    with SyncClient(made.public, toml) as client:
        client.request("POST", "/v1/dossiers/events", {"events": [event]})
        for subject, purpose in ((PERSON, PURPOSE), (PERSON, {**PURPOSE, **emergency}), *unexplained):
            client.lookup("population/person", subject, purpose, ["full_name", "birth_date"])
        for dossier, wanted in ((f"H99.01-{SVG}", "full_name"), (SUM, "full_name"), (KNOWN, IMAGE)):
            with pytest.raises(Refused):
                client.lookup("population/person", PERSON, {**PURPOSE, "dossier": dossier}, [wanted])
    stranger = Identity("H99.igate", SigningKey.generate(Algorithm.ED25519, IMAGE))
    with SyncClient(made.public, stranger) as client, pytest.raises(Refused):
        client.request("GET", "/v1/registries")


def _told(made: Installation, *arguments: str) -> None:
    """Run a command of ours in this process, which has read everything that a new one would have to read first."""
    done = CliRunner().invoke(build(), list(arguments), env=made.environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def _users(made: Installation) -> None:
    """Add the console's users."""
    for login, (role, name) in USERS.items():
        secret = made.sandbox.layout.root / f"{login}.toml"
        words = f"console user add {login} --role {role} --scope * --out {secret} --name".split()
        _told(made, *words, name)
        made.users[login] = tomllib.loads(secret.read_text())


def _reword(config: Path) -> None:
    """Name a caller and a procedure as an attacker would, and two persons as decoys."""
    decoys = "".join(f'[[decoys]]\nid = "{person["id"]}"\n' for person in (CHILD, SISTER))
    (config / "staff").mkdir(exist_ok=True)
    (config / "staff/browser.toml").write_text(f'staff = "browser"\n{decoys}', encoding="utf-8")
    for path, name in ((config / "clients/H99.igate.toml", IMAGE), (config / "procedures/9.999901.toml", SCRIPT)):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        first = next(number for number, line in enumerate(lines) if line.startswith("name = "))
        lines[first] = f"name = '{name}'\n"
        path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def browser(installation: Installation) -> Iterator[Browser]:  # noqa: ARG001 — it talks to the gateway before
    """One browser; it ends with the module, since its event loop would be in the way of others'."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


def _opened(browser: Browser, installation: Installation, login: str, *, scripts: bool = True) -> Iterator[Reader]:
    """Give a user a window of its own."""
    context = browser.new_context(
        viewport=_WIDE, locale="vi-VN", accept_downloads=True, java_script_enabled=scripts, color_scheme="light"
    )
    context.set_default_timeout(60_000)
    yield Reader(context.new_page(), installation, login, scripts=scripts)
    context.close()


@pytest.fixture(params=[("thanhtra", True), ("kiemtra", False)], ids=["scripts", "no-scripts"])
def walker(request, browser, installation) -> Iterator[Reader]:
    """Give a browser with JavaScript, and one without, to a lead auditor who is not logged in yet."""
    login, scripts = request.param
    yield from _opened(browser, installation, login, scripts=scripts)


@pytest.fixture(scope="module")
def auditor(browser, installation) -> Iterator[Reader]:
    """Log a lead auditor in, for everything that is only read."""
    for reader in _opened(browser, installation, "giamsat"):
        reader.log_in()
        yield reader


@pytest.fixture(scope="module")
def officer(browser, installation) -> Iterator[Reader]:
    """Log the data-protection officer in."""
    for reader in _opened(browser, installation, "baove"):
        reader.log_in()
        yield reader
