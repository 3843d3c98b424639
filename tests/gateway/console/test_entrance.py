"""Log-in, log-out and language, by the forms that people use."""

from datetime import timedelta
from itertools import count

import pyotp
import pytest

from gateway.addresses import Proxies
from gateway.console.roles import Role

_numbers = count(1)


@pytest.fixture
async def somebody(accounts):
    """Make a user of the test's own."""
    return await accounts.add(f"mot.nguoi{next(_numbers)}", "Một Người", Role.AUDITOR, ["H99*"])


async def test_password_and_code_let_in(browser, somebody):
    """The right password with the code of now opens a session and leads to the first screen."""
    user = await browser()
    response = await user.log_in(somebody)
    assert (response.status, response.headers["Location"]) == (303, "/")
    first = await user.client.get("/", allow_redirects=False)
    assert (first.status, first.headers["Location"] != "/login") == (303, True)
    assert (await user.get("/lookups")).status == 200
    assert "Một Người" in user.text


async def test_the_cookie_is_the_browsers_alone(browser, somebody):
    """The session's cookie is HttpOnly, SameSite=Strict and holds for the whole site."""
    cookie = (await (await browser()).log_in(somebody)).cookies["lienthong-console"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")


async def test_a_code_serves_once(browser, somebody, clock):
    """The same code does not open a second session, not even from another browser."""
    code = pyotp.TOTP(somebody.totp_secret).at(clock())
    assert (await (await browser()).log_in(somebody, code=code)).status == 303
    assert (await (await browser()).log_in(somebody, code=code)).status == 401


@pytest.mark.parametrize("wrong", [{"password": "x" * 20}, {"code": "abcdef"}, {"code": "12345"}])
async def test_what_was_wrong_is_not_said(browser, somebody, wrong, acts):
    """A wrong password and a wrong code get one and the same page; the failure is an entry."""
    user = await browser()
    response = await user.log_in(somebody, **wrong)
    assert response.status == 401
    assert "Tên, mật khẩu hoặc mã không đúng." in user.text
    assert (await acts())[0].outcome == "refused"


async def test_guessing_is_slowed_where_it_comes_from(browser, somebody, clock):
    """After three failures even the right answer has to wait; then it is let in."""
    user = await browser()
    for _ in range(3):
        await user.log_in(somebody, password="wrong-wrong-wrong")
    response = await user.log_in(somebody)
    assert response.status == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 3
    clock.ahead += timedelta(seconds=40)
    assert (await user.log_in(somebody)).status == 303


async def test_a_log_in_form_belongs_to_its_browser(browser, somebody, clock):
    """A form that another site filled in has no cookie that fits and does nothing."""
    user = await browser()
    code = pyotp.TOTP(somebody.totp_secret).at(clock())
    fields = {"login": somebody.login, "password": somebody.password, "code": code, "form": "x"}
    assert (await user.client.post("/login", data=fields, allow_redirects=False)).status == 403


async def test_a_log_in_makes_a_new_session(browser, somebody, clock):
    """A cookie from before the log-in is worth nothing after it (fixation); each log-in makes its own session."""
    user = await browser()
    user.client.session.cookie_jar.update_cookies({"lienthong-console": "chosen-by-another"})
    first = (await user.log_in(somebody)).cookies["lienthong-console"].value
    clock.ahead += timedelta(seconds=60)
    second = (await user.log_in(somebody)).cookies["lienthong-console"].value
    assert len({"chosen-by-another", first, second}) == 3


async def test_after_log_out_the_cookie_is_worth_nothing(visitor):
    """Log-out ends the session on the server, not only in the browser."""
    user = await visitor()
    cookie = next(one for one in user.client.session.cookie_jar if one.key == "lienthong-console").value
    assert (await user.post("/logout")).headers["Location"] == "/login"
    headers = {"Cookie": f"lienthong-console={cookie}"}
    response = await user.client.get("/lookups", headers=headers, allow_redirects=False)
    assert response.headers["Location"] == "/login"


@pytest.mark.parametrize("ahead", [timedelta(minutes=21), timedelta(hours=11)])
async def test_sessions_end_when_idle_and_at_their_expiry(visitor, clock, ahead):
    """20 idle minutes or 10 hours, and one has to log in again."""
    user = await visitor()
    clock.ahead += ahead
    assert (await user.client.get("/lookups", allow_redirects=False)).headers["Location"] == "/login"


async def test_a_change_of_role_ends_sessions(visitor, accounts):
    """Who may do something else has to log in again."""
    user = await visitor()
    assert await accounts.change(user.login, Role.OPERATOR, ["*"])
    assert (await user.client.get("/log", allow_redirects=False)).headers["Location"] == "/login"


async def test_a_disabled_user_is_out_at_once(visitor, accounts):
    """Disabling ends sessions."""
    user = await visitor()
    assert await accounts.disable(user.login, disabled=True)
    assert (await user.client.get("/log", allow_redirects=False)).headers["Location"] == "/login"


async def test_the_language_is_switched_and_kept(visitor):
    """The switch changes the page's language and leads back to the page, never to another site."""
    user = await visitor()
    response = await user.post("/language", language="en", back="//evil.example/x")
    assert response.headers["Location"] == "/"
    await user.get("/lookups")
    assert '<html lang="en">' in user.text
    assert "Look-ups" in user.text


@pytest.mark.parametrize(("proxies", "others"), [(("127.0.0.1",), 303), ((), 429)])
async def test_guessing_is_slowed_by_the_guessers_own_address(browser, somebody, desk, proxies, others):
    """Behind a proxy that the settings name, a guesser slows nobody else; without it the header says nothing."""
    desk.proxies = Proxies(proxies)
    user = await browser()
    for _ in range(3):
        await user.log_in(somebody, password="wrong-wrong-wrong", headers={"X-Forwarded-For": "192.0.2.66"})
    assert (await user.log_in(somebody, headers={"X-Forwarded-For": "192.0.2.66"})).status == 429
    assert (await user.log_in(somebody, headers={"X-Forwarded-For": "192.0.2.7"})).status == others
