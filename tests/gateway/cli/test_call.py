"""`lienthong call`: what it checks before anything is sent (whole calls are in tests/flows/test_sandbox.py)."""


def test_an_answer_that_could_not_be_kept_is_not_asked_for(lienthong, tmp_path):
    """--save into a missing directory, or over one, is wrong usage and told before anything else is looked at."""
    for place in (tmp_path / "missing" / "exchange.json", tmp_path):
        done = lienthong("call", "GET", "/v1/registries", "--save", place)
        assert done.code == 2
        assert "nothing was asked" in done.err
