"""The console and our other pages in a real browser: an auditor's whole way, and every page usable by everybody."""

import re
import zipfile

import pytest

from gateway.console.registry import SCREENS
from gateway.console.roles import Role, may

HOSTILE = '"><svg onload=alert(1)>{{7*7}}'


def first(page, selector):
    """Open the first link of this kind."""
    page.locator(selector).first.click()


def open_alert(reader, number):
    """Wait for the alerts about the decoys, and open the one of this walk from today's page."""
    links = reader.page.locator("a[href^='/alerts/']")
    for _ in range(120):
        reader.go("/today")
        if links.count() > number:
            break
        reader.page.wait_for_timeout(300)
    else:
        pytest.fail("no alert was raised")
    reader.check()
    reader.go(sorted({link.get_attribute("href") for link in links.all()})[number])
    reader.check()


def test_from_the_alert_to_the_evidence(walker, tmp_path):
    """Log-in, alert, look-up, case, subject, reveal by a code that serves once, and a file that verifies anywhere."""
    page, made = walker.page, walker.installation
    walker.log_in()
    open_alert(walker, 0 if walker.scripts else 1)
    alert = page.url
    first(page, "a[href^='/lookups/']")
    walker.check()
    page.goto(alert)
    page.fill("form[action='/cases'] input[name=title]", f"Kiểm tra {HOSTILE}")
    page.click("form[action='/cases'] button")
    assert re.search(r"/cases/\d+$", page.url)
    case = page.url
    page.fill("textarea[name=note]", f"Hỏi cơ quan {HOSTILE}")
    page.click("button[value=note]")
    assert page.get_by_text(f"Hỏi cơ quan {HOSTILE}").count() == 1
    walker.check()

    walker.go(f"/subject?case={case.rpartition('/')[2]}")
    page.fill("#reason", "Công dân hỏi")
    page.fill("#number", made.person)
    page.click("form[action='/subject/find'] button")
    assert made.person not in page.url + page.content()
    assert page.locator("tbody a[href^='/lookups/']").count() == 3
    walker.check()

    code = made.code(walker.login)
    for status in (200, 400):
        page.goto(case)
        page.locator("details:has(form[action='/subject/reveal']) summary").first.click()
        page.locator("input[name=code]").first.fill(code)
        with page.expect_response("**/subject/reveal") as answer:
            page.locator("form[action='/subject/reveal'] button").first.click()
        assert answer.value.status == status
        assert any(number in page.content() for number in made.decoys) is (status == 200)
        walker.check()
    walker.complained(400)

    page.goto(case)
    with page.expect_download() as caught:
        page.click("form[action$='/export'] button")
    evidence = tmp_path / "case.zip"
    caught.value.save_as(evidence)
    assert zipfile.ZipFile(evidence).testzip() is None
    told = made.lienthong("audit", "verify", str(evidence), "--vkey", str(made.sandbox.layout.vkey))
    assert told.returncode == 0, told.stdout + told.stderr
    assert walker.noticed == []


def screens(role):
    """Name the screens that a role may open."""
    return [screen.path for screen in SCREENS if screen.number is not None and may(role, screen.name)]


def within(reader):
    """Name the pages below the screens: one look-up, one officer, one agency, one client, one rule, and others."""
    page = reader.page
    yield from ("/lookups?period=all&outcome=found", "/lookups?period=all&dossier=H99.01-261121-0001", "/nowhere")
    for listed, link in (
        ("/lookups?period=all", "a[href^='/lookups/']"),
        ("/lookups?period=all", "a[href^='/officer?']"),
        ("/agencies", "a[href^='/agencies/']"),
        ("/agencies", "a[href^='/clients/']"),
        ("/rules", "a[href^='/rules/']"),
        ("/reuse", "a[href^='/reuse/evidence']"),
    ):
        reader.go(listed)
        if page.locator(link).count():
            yield page.locator(link).first.get_attribute("href")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_is_usable_by_everybody(auditor, language):
    """Every screen and the pages below it pass axe, fit at 200 %, run nothing and load nothing from elsewhere."""
    page = auditor.page
    auditor.go("/today")
    if page.locator("html").get_attribute("lang") != language:
        page.click("form[action='/language'] button")
    assert page.locator("html").get_attribute("lang") == language
    for path in (*screens(Role.LEAD_AUDITOR), *within(auditor)):
        if path == "/nowhere":
            page.goto(f"{auditor.installation.console}{path}")
        else:
            auditor.go(path)
        if language == "vi":
            auditor.check()
        else:
            auditor.harmless()
            auditor.usable("color-contrast")  # colours speak no language, and cost most to judge
    auditor.complained(404)
    assert auditor.noticed == []


def test_hostile_text_is_shown_as_text(auditor):
    """What callers and users worded is on the pages, letter by letter."""
    page, words = auditor.page, auditor.installation.hostile
    shown = {
        "/lookups?period=all": (words["dossier"], words["sum"]),
        "/clients/H99.igate": (words["client"],),
        "/today": (words["reader"],),
    }
    for path, texts in shown.items():
        auditor.go(path)
        body = page.locator("body").inner_text()
        assert [text for text in texts if text not in body] == [], path
        auditor.harmless()
    assert auditor.noticed == []


def test_the_keyboard_leads_everywhere(auditor):
    """Tab meets the skip link first, Enter on it leads past the navigation to the form, and focus is always seen."""
    page = auditor.page
    auditor.go("/lookups")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    met = []
    for _ in range(6):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert float(outline.removesuffix("px")) >= 2, met
    assert met[0] == "period"
    assert auditor.noticed == []


def test_paper_holds_the_content_alone(auditor):
    """Printed, a page has no navigation, no forms and no buttons, and its tables keep their heads on every sheet."""
    page = auditor.page
    auditor.go("/lookups?period=all")
    page.emulate_media(media="print")
    for gone in ("nav", "form.filters", "aside", ".who button"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator("table").first.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="screen")


def test_the_public_pages_are_usable_and_keep_to_themselves(auditor):
    """The API's page, the list of problems and one problem pass axe and load nothing from elsewhere."""
    page, public = auditor.page, auditor.installation.public
    for path, ready in (("/docs", ".opblock"), ("/problems", "td a"), ("/problems/field-not-granted", "table")):
        page.goto(public + path)
        page.locator(ready).first.wait_for()
        assert page.locator("[onerror], [onload]").count() == 0
        auditor.usable(*(["nested-interactive"] if path == "/docs" else []))  # Swagger UI's own buttons
    assert auditor.noticed == []


def test_the_citizens_report_is_usable(officer, tmp_path):
    """The data-protection officer's screens, and a citizen's report that opens anywhere as a file."""
    page = officer.page
    for path in screens(Role.DPO):
        officer.go(path)
        officer.harmless()
        officer.usable("color-contrast")
    officer.go("/citizen-requests")
    officer.check()
    page.fill("#number", officer.installation.person)
    with page.expect_download() as caught:
        page.click("form[action$='/report'] button")
    saved = tmp_path / "report.html"
    caught.value.save_as(saved)
    page.goto(saved.as_uri())
    assert page.locator("tbody tr").count() >= 3
    officer.check()
    assert officer.noticed == []


def test_the_reuse_report_is_usable(auditor, tmp_path):
    """The report of reuse opens from a file, passes axe, fits at 200 % and loads nothing."""
    saved = tmp_path / "reuse.html"
    period = ("--from", "2026-01-01", "--to", "2030-01-01")
    made = auditor.installation.lienthong("reuse", "report", *period, "--format", "html", "--out", str(saved))
    assert made.returncode == 0, made.stderr
    auditor.page.goto(saved.as_uri())
    auditor.check()
    assert auditor.noticed == []
