"""The public pages load nothing from elsewhere, and every problem code has one."""

import re

import pytest

from gateway.refusals import Refusal
from gateway.web.pages import Pages
from schemas.problems import PROBLEMS


@pytest.fixture(scope="module")
def pages():
    """Read the assets once."""
    return Pages()


def _policy(reply):
    return {part.split()[0]: part.split()[1:] for part in dict(reply.headers)["Content-Security-Policy"].split("; ")}


def _check_closed(reply):
    policy, html = _policy(reply), reply.body.decode()
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert not any(source.startswith(("http", "*", "//")) for sources in policy.values() for source in sources)
    assert not re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:[a-z]+:)?//""", html)
    assert dict(reply.headers)["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("code", PROBLEMS)
async def test_every_problem_code_has_a_page(pages, code):
    """The page explains the code, in both languages, and may run no script."""
    reply = await pages.problem(None, {"code": code})
    html = reply.body.decode()
    assert reply.status == 200
    assert reply.content_type == "text/html; charset=utf-8"
    assert code in html
    assert str(PROBLEMS[code].status) in html
    assert 'lang="vi"' in html
    assert "script-src" not in _policy(reply)
    assert "<script" not in html
    _check_closed(reply)


async def test_the_list_leads_to_every_page(pages):
    """Every code is linked from the list."""
    html = (await pages.problems(None, {})).body.decode()
    assert set(re.findall(r'href="/problems/([a-z-]+)"', html)) == set(PROBLEMS)


@pytest.mark.parametrize("code", ["no-such-code", "<script>", "..", "request-malformed "])
async def test_an_unknown_code_is_not_found(pages, code):
    """What is no code has no page, and is not written into one."""
    with pytest.raises(Refusal) as refused:
        await pages.problem(None, {"code": code})
    assert refused.value.code == "not-found"


async def test_the_api_page_runs_our_own_scripts_alone(pages):
    """Scripts and styles come from our own origin, and every one that the page names is there."""
    reply = await pages.docs(None, {})
    html = reply.body.decode()
    _check_closed(reply)
    assert _policy(reply)["script-src"] == ["'self'"]
    assert _policy(reply)["connect-src"] == ["'self'"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "no inline script"
    for name in re.findall(r'(?:src|href)="/docs/assets/([^"]+)"', html):
        asset = await pages.asset(None, {"name": name})
        assert asset.status == 200
        assert len(asset.body) > 100


async def test_the_api_page_sends_nothing_away(pages):
    """The page only shows: no try-out, no validator of somebody else's."""
    script = (await pages.asset(None, {"name": "start.js"})).body.decode()
    assert "validatorUrl: null" in script
    assert "supportedSubmitMethods: []" in script
    assert 'url: "/openapi.json"' in script


@pytest.mark.parametrize("name", ["nope.js", "..", "swagger-ui-bundle.js.map", "../index.html", ""])
async def test_no_other_file_is_an_asset(pages, name):
    """Assets are a list of names, not a folder."""
    with pytest.raises(Refusal) as refused:
        await pages.asset(None, {"name": name})
    assert refused.value.code == "not-found"
