"""Numbers as Vietnamese readers write them."""

from datetime import date

from gateway.reuse.report.words import day_vi, duration_vi, number_vi, percent_vi


def test_numbers_have_dots_and_commas_the_vietnamese_way():
    """Dots between thousands, a comma before decimals, a dash for nothing."""
    assert (number_vi(1234567), number_vi(0), number_vi(None)) == ("1.234.567", "0", "–")
    assert (percent_vi(62.8), percent_vi(100.0), percent_vi(None)) == ("62,80 %", "100,00 %", "–")
    assert day_vi(date(2026, 5, 1)) == "01/05/2026"


def test_durations_take_their_largest_unit():
    """Seconds, minutes, hours, days."""
    told = [duration_vi(seconds) for seconds in (None, 5, 60, 90, 7200, 86_400, 129_600)]
    assert told == ["–", "5 giây", "1 phút", "1,5 phút", "2 giờ", "1 ngày", "1,5 ngày"]
