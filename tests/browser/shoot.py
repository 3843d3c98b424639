"""`python tests/browser/shoot.py`: the pictures of docs/images, taken of a sandbox in which a month was simulated.

With `--dir DIR` of a running `python -m bench.month --dir DIR` it takes them there; without, it starts one of its own.
Needs chromium and the development dependencies.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from time import sleep, time

import pyotp
from playwright.sync_api import FloatRect, Page, sync_playwright

from bench.month import MonthSandbox
from gateway.console.credentials import STEP_S

OUT = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST = 200 * 1024
_WIDTH, _HEIGHT, _LONGEST, _TRIES = 1200, 800, 1400, 10
_ZOOMS = (1, 0.9, 0.8)


class Camera:
    """A lead auditor's browser, and where its pictures go."""

    def __init__(self, page: Page, url: str, out: Path) -> None:
        self.page, self.url, self._out = page, url, out

    def go(self, path: str) -> None:
        """Open a page of the console; again, where the machine is too busy to answer in time."""
        for _ in range(_TRIES):
            answer = self.page.goto(path if path.startswith(("http", "file")) else self.url + path)
            if answer is None or answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return
            sleep(1)

    def first(self, selector: str) -> None:
        """Follow the first link of this kind."""
        self.go(self.page.locator(selector).first.get_attribute("href") or "")

    def take(self, name: str) -> None:
        """Take the page as it stands, from its top, in a file of at most 200 KB: smaller, or else not to its end."""
        file = self._out / f"{name}.png"
        for zoom in _ZOOMS:
            self.page.evaluate(f"document.documentElement.style.zoom = {zoom}")
            height = int(self.page.evaluate("document.documentElement.scrollHeight"))
            if (size := self._shot(file, height)) <= LARGEST and height <= _LONGEST:
                break
        else:
            self.page.evaluate("document.documentElement.style.zoom = 1")
            for height in range(_LONGEST, _HEIGHT, -100):
                if (size := self._shot(file, height)) <= LARGEST:
                    break
        print(f"{file.name}: {size // 1024} KB, {height} px")  # noqa: T201 — a command's output

    def _shot(self, file: Path, height: int) -> int:
        """Take so much of the page; return the file's size."""
        clip: FloatRect = {"x": 0, "y": 0, "width": _WIDTH, "height": max(height, _HEIGHT)}
        return len(self.page.screenshot(path=file, full_page=True, clip=clip))


def log_in(page: Page, url: str, secret: Path) -> None:
    """Log in, waiting for a code that was not used before where need be."""
    user = tomllib.loads(secret.read_text())
    page.goto(f"{url}/login")
    for _ in range(3):
        page.fill("#login", user["username"])
        page.fill("#password", user["password"])
        page.fill("#code", pyotp.TOTP(user["totp_secret"]).now())
        page.click("button.primary")
        if not page.url.endswith("/login"):
            return
        sleep(STEP_S - time() % STEP_S + 1)
    raise SystemExit("the console does not let us in")


def shoot(camera: Camera) -> None:
    """Walk through the main screens, doing what an auditor does."""
    for take in (_lists, _lookup, _alert_to_case, _officer_and_reuse, _log):
        take(camera)


def _lists(camera: Camera) -> None:
    camera.go("/today")
    camera.take("today")
    camera.go("/lookups?period=30d&explained=unexplained")
    camera.take("lookups")
    camera.go("/alerts")
    camera.take("alerts")


def _lookup(camera: Camera) -> None:
    camera.go("/lookups?period=7d&client=H99.igate&outcome=found")  # signed: the simulated month is not
    camera.first("tbody a[href^='/lookups/']")
    camera.take("lookup")


def _alert_to_case(camera: Camera) -> None:
    page = camera.page
    camera.go("/alerts?rule=again-and-again&state=all")
    camera.first("tbody a[href^='/alerts/']")
    camera.take("alert")
    if page.locator("form[action='/cases'] button").count():
        page.click("form[action='/cases'] button")
        page.fill("textarea[name=note]", "Đề nghị cơ quan giải trình lý do tra cứu trước ngày 25/11.")
        page.click("button[value=ask]")
    else:
        camera.first("a[href^='/cases/']")
    case = page.url
    camera.take("case")
    page.click("form[action='/subject/find'] button")
    camera.take("subject")
    camera.go(case)


def _officer_and_reuse(camera: Camera) -> None:
    camera.go("/officer")
    camera.first("tbody a")
    camera.take("officer")
    camera.go("/reuse")
    camera.take("reuse")
    camera.go("/rules")
    camera.take("rules")


def _log(camera: Camera) -> None:
    camera.go("/log")
    camera.page.click("form[action='/log/verify'] button")
    for _ in range(120):
        camera.go("/log")
        if not camera.page.locator("form[action='/log/verify'] button[disabled]").count():
            break
        sleep(1)
    camera.take("log")


def _citizens_report(camera: Camera, home: Path) -> None:
    """Make the report of somebody whom many officers looked up."""
    person = tomllib.loads((home / "person.toml").read_text())["looked_up_by_many"]
    page = home / "citizen-report.html"
    command = [sys.executable, "-m", "gateway.cli", "citizen", "report", "--id", person, "--html", str(page)]
    subprocess.run(command, env={**os.environ, "LIENTHONG_ENV_FILE": str(home / "env")}, check=True)
    camera.go(page.as_uri())
    camera.take("citizen-report")


@contextmanager
def running(directory: Path | None) -> Iterator[Path]:
    """Yield the directory of a filled sandbox: the one named, or one of our own that is gone afterwards."""
    if directory is not None:
        yield directory
        return
    home = Path(tempfile.mkdtemp(prefix="lienthong-pictures-"))
    sandbox = MonthSandbox(home)
    try:
        sandbox.start()
        yield home
    finally:
        sandbox.remove()
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Parse, start what is needed, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, help="a running sandbox that `python -m bench.month` filled")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not installed: apt-get install chromium")
    with running(options.dir) as home, sync_playwright() as playwright:
        url = tomllib.loads((home / "urls.toml").read_text())["console"]
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="vi-VN")
        page.set_default_timeout(60_000)
        log_in(page, url, home / "auditor.toml")
        camera = Camera(page, url, options.out)
        shoot(camera)
        _citizens_report(camera, home)
        browser.close()


if __name__ == "__main__":
    main()
