"""The console against the whole installation: from a misuse through the gateway to evidence that verifies anywhere."""

import http.cookiejar
import io
import json
import os
import re
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import pyotp
import pytest

from gateway.sandbox.staff import DECOY, OFFICER

pytestmark = pytest.mark.timeout(300)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leave redirects to the test."""

    def redirect_request(self, *_):
        """Follow nothing."""


class Visitor:
    """Somebody's browser in front of the running console."""

    def __init__(self, url):
        self.url, self.text, self.csrf = url, "", ""
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies, NoRedirect)

    def send(self, path, fields=None):
        """Open a page, or send a form; return status, headers and body."""
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            with self._opener.open(self.url + path, data, timeout=30) as reply:
                status, headers, body = reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            status, headers, body = error.code, error.headers, error.read()
        if headers.get_content_type() == "text/html":
            self.text = body.decode()
            found = re.search(r'name="csrf" value="([^"]+)"', self.text)
            self.csrf = found[1] if found else self.csrf
        return status, headers, body

    def post(self, path, **fields):
        """Send a form with the session's token."""
        return self.send(path, {"csrf": self.csrf, **fields})

    def log_in(self, login, password, code):
        """Log in by the form."""
        self.send("/login")
        form = re.search(r'name="form" value="([^"]+)"', self.text)[1]
        status, _, _ = self.send("/login", {"login": login, "password": password, "code": code, "form": form})
        assert status == 303
        self.send("/today")
        return self


def entered(stack, secrets, at=0):
    """Log somebody in with the code of `at` seconds from now."""
    url = tomllib.loads((stack.directory / "urls.toml").read_text())["console"]
    code = pyotp.TOTP(secrets["totp_secret"]).at(int(time.time()) + at)
    return Visitor(url).log_in(secrets["username"], secrets["password"], code)


@pytest.fixture(scope="module")
def lead_secrets(stack):
    """Read the sandbox's lead auditor."""
    return tomllib.loads((stack.directory / "auditor.toml").read_text())


@pytest.fixture(scope="module")
def lead(stack, lead_secrets):
    """Log the lead auditor in."""
    return entered(stack, lead_secrets, at=-30)


@pytest.fixture(scope="module")
def dpo(stack):
    """Add a data-protection officer by the command, and log in."""
    file = stack.directory / "dpo.toml"
    words = ["--role", "dpo", "--scope", "*", "--name", "Bảo vệ dữ liệu", "--out", str(file)]
    assert stack.lienthong("console", "user", "add", "baove", *words).returncode == 0
    return entered(stack, tomllib.loads(file.read_text()))


@pytest.fixture(scope="module")
def alert(stack, lead):
    """Look a decoy up through the gateway, without a dossier, and wait for the alert: its page and its look-up."""
    asked = stack.look_up(subject__id=DECOY, purpose__dossier=..., purpose__component=...)
    assert (asked.status, asked.value["outcome"]) == (200, "no_match")
    begun = time.monotonic()

    def raised():
        lead.send("/alerts?rule=decoy")
        return re.search(r'href="(/alerts/\d+)"', lead.text)

    assert stack.settle(raised, 60.0)
    assert time.monotonic() - begun < 60.0
    page = raised()[1]
    lead.send(page)
    return page, re.search(r"/lookups/([0-9a-f-]{36})", lead.text)[1]


@pytest.fixture(scope="module")
def case(lead, alert):
    """Open a case from the alert's page."""
    page, entry = alert
    lead.send(page)
    status, headers, _ = lead.post("/cases", title="Tra cứu mồi", alert=page.rsplit("/", 1)[1], entry=entry)
    assert status == 303
    return headers["Location"]


def test_an_alert_explains_itself_and_leads_to_the_look_up(lead, alert):
    """The sentence, the officer's pseudonym and the look-up are there; neither number of a person is."""
    page, entry = alert
    lead.send(page)
    assert "được đặt làm mồi" in lead.text
    assert lead.send(f"/lookups/{entry}")[0] == 200
    for shown in ("@method", "content-digest", "đúng khi nhận", "H99.igate-1", "/clients/H99.igate?version=", "/proof"):
        assert shown in lead.text
    assert "Cơ sở dữ liệu trả lời sau" in lead.text
    assert not [number for number in (DECOY, OFFICER) if number in lead.text]


def test_the_stored_signature_verifies_again(lead, alert):
    """Checked on demand it is valid with the key in force then, and the answer's digest is the logged one."""
    lead.send(f"/lookups/{alert[1]}")
    assert lead.post(f"/lookups/{alert[1]}/signature")[0] == 200
    for shown in (
        "đúng, khóa có hiệu lực lúc đó",
        "khớp mã băm đã ghi",
        "trong thời hạn",
        "/v1/lookups/population/person",
    ):
        assert shown in lead.text
    assert DECOY not in lead.text


def test_a_proof_verifies_on_another_machine(stack, lead, alert, tmp_path):
    """The file that the page hands out is checked without settings, in an empty directory."""
    (tmp_path / "log.vkey").write_text((stack.directory / "log.vkey").read_text())

    def proved():
        (tmp_path / "proof.json").write_bytes(lead.send(f"/lookups/{alert[1]}/proof")[2])
        return elsewhere(tmp_path, "audit", "verify", "proof.json", "--vkey", "log.vkey").stdout.count("proved:") == 2

    assert stack.settle(proved, 20.0)


def test_a_reveal_is_bound_logged_and_spends_its_code(stack, lead, lead_secrets, alert, case):
    """Its entry is in the log before; the person is on that answer alone; the same code serves no second time."""
    lead.send(case)
    code = pyotp.TOTP(lead_secrets["totp_secret"]).at(int(time.time()) + 30)
    fields = {"case": case.rsplit("/", 1)[1], "entry": alert[1]}
    assert lead.post("/subject/reveal", **fields, code="000000")[0] == 400
    assert lead.post("/subject/reveal", **fields, code=code)[0] == 200
    assert DECOY in lead.text
    assert lead.post("/subject/reveal", **fields, code=code)[0] == 400
    lead.send(case)
    assert DECOY not in lead.text
    row = stack.query(
        "SELECT r.at AS revealed, e.at FROM lienthong.reveal r JOIN lienthong.entry e ON e.entry_id = r.recorded"
    )
    assert len(row) == 1
    assert row[0]["at"] <= row[0]["revealed"]


def test_the_subject_of_an_entry_is_shown_under_the_case(lead, alert, case):
    """All look-ups of the person stand under a random name, without the number."""
    lead.send(case)
    status, headers, _ = lead.post("/subject/find", case=case.rsplit("/", 1)[1], entry=alert[1])
    assert status == 303
    assert lead.send(headers["Location"])[0] == 200
    assert f"/lookups/{alert[1]}" in lead.text
    assert DECOY not in lead.text + headers["Location"]


def test_evidence_goes_out_and_verifies_anywhere(stack, lead, case, tmp_path):
    """The keeper signs it; another machine checks it with the file and the public key; every altered member shows."""
    lead.send(case)
    status, headers, data = lead.post(f"{case}/export")
    assert (status, headers.get_content_type()) == (200, "application/zip")
    (tmp_path / "case.zip").write_bytes(data)
    (tmp_path / "log.vkey").write_text((stack.directory / "log.vkey").read_text())
    told = elsewhere(tmp_path, "audit", "verify", "case.zip", "--vkey", "log.vkey")
    assert told.returncode == 0, told.stderr
    assert "the evidence verifies: 2 entries" in told.stdout
    assert DECOY.encode() not in b"".join(unpacked(data).values())
    for name in ("manifest.json", "manifest.note", "entries/0000.leaf"):
        (tmp_path / "bad.zip").write_bytes(altered(data, name))
        told = elsewhere(tmp_path, "audit", "verify", "bad.zip", "--vkey", "log.vkey")
        assert (told.returncode, told.stderr.count("\n")) == (1, 1), name


def test_a_verdict_needs_two_people_and_moves_the_rules_precision(stack, lead, dpo, case):
    """Whoever proposes cannot close; after somebody else closed it the rule counts one confirmed case more."""
    before = precision(stack)
    lead.send(case)
    for step in ({"action": "ask"}, {"action": "answer"}, {"action": "propose", "verdict": "violation"}):
        assert lead.post(f"{case}/step", **step, note="Không có hồ sơ")[0] == 303, step
    lead.send(case)
    assert lead.post(f"{case}/close")[0] == 400
    dpo.send(case)
    assert dpo.post(f"{case}/close")[0] == 303
    assert precision(stack) > before


def test_a_citizen_sees_the_look_up_and_objects(stack, alert, tmp_path):
    """Through the portal's door: the report verifies offline, and an objection opens a case with a term."""
    url = tomllib.loads((stack.directory / "urls.toml").read_text())["console"]
    key = (stack.directory / "keys" / "citizen.key").read_text()

    def portal(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key}", "X-Road-UserId": f"VN{DECOY}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=30) as reply:
            return reply.status, json.loads(reply.read())

    assert portal("/citizen-api/heartbeat")[1]["status"] == "OK"
    assert "periodStart" in portal("/citizen-api/usagePeriod")[1]
    _, report = portal("/citizen-api/findUsage")
    (tmp_path / "report.json").write_text(json.dumps(report))
    (tmp_path / "log.vkey").write_text((stack.directory / "log.vkey").read_text())
    told = elsewhere(tmp_path, "citizen", "verify", "report.json", "--vkey", "log.vkey")
    assert (told.returncode, "the report verifies" in told.stdout) == (0, True), told.stderr
    status, opened = portal(
        "/citizen-api/objections", {"userCode": f"VN{DECOY}", "entry": alert[1], "note": "Không phải tôi"}
    )
    assert (status, set(opened)) == (201, {"case", "due"})
    rows = stack.query("SELECT made_by FROM lienthong.citizen_report")
    assert "portal" in {row["made_by"] for row in rows}


def precision(stack):
    """Return the decoy rule's precision as the command tells it."""
    told = json.loads(stack.lienthong("audit", "rules", "--json").stdout)
    return next(one["precision"] for one in told if one["rule"] == "decoy")


def elsewhere(directory, *arguments):
    """Run a command of ours in a directory, without any setting of the installation."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIENTHONG")}
    command = [sys.executable, "-m", "gateway.cli", *arguments]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def unpacked(data):
    """Return a ZIP's members."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def altered(data, name):
    """Return a ZIP with one bit of one member flipped."""
    files = unpacked(data)
    files[name] = files[name][:-2] + bytes([files[name][-2] ^ 1]) + files[name][-1:]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return buffer.getvalue()
