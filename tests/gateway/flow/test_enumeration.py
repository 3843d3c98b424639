"""Walking through numbers is refused, ordinary work is not (THREATS E31)."""

import random
import tracemalloc

import pytest

from gateway.flow.enumeration import EnumerationGuard

CLIENT, OFFICER = "H99.test", "099085000009"


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now


@pytest.fixture
def clock():
    """Set the time by hand."""
    return Clock()


@pytest.fixture
def alerts():
    """Collect whom alerts were about."""
    return []


@pytest.fixture
def guard(clock, alerts):
    """Make a guard with the default limit."""
    return EnumerationGuard(150, on_refusal=alerts.append, clock=clock)


def _ask(guard, number, officer=OFFICER, client=CLIENT):
    return guard.admits(client, officer, ("personal_id", f"{number:012d}"))


def _refused_after(guard, numbers):
    for count, number in enumerate(numbers):
        if not _ask(guard, number):
            return count
    return None


@pytest.mark.parametrize("step", [1, -1, 2, 7, 16])
def test_five_hundred_neighbouring_numbers_end_before_the_two_hundredth(guard, alerts, step):
    """Whatever the stride, up or down, the walk ends early and an alert names the client."""
    start = 99191500000
    assert _refused_after(guard, [start + step * number for number in range(500)]) < 200
    assert alerts == [CLIENT]


def test_a_shuffled_block_of_numbers_ends_too(guard):
    """A thief who shuffles a narrow block of numbers is still among neighbours."""
    numbers = [99191500000 + number for number in range(500)]
    random.Random(7).shuffle(numbers)
    assert _refused_after(guard, numbers) is not None


def test_scattered_numbers_never_end(guard):
    """An officer may ask about as many scattered people as come."""
    numbers = random.Random(7)
    assert _refused_after(guard, [numbers.randrange(10**12) for _ in range(5000)]) is None


def test_the_same_person_again_and_again_never_ends(guard):
    """Asking about one person many times is no walk (the guess counter looks after that)."""
    assert _refused_after(guard, [99191500000] * 1000) is None


def test_one_person_at_every_registry_is_one_number(guard):
    """Neighbours asked about at four registries each count once: 60 numbers, not 240 questions."""
    assert _refused_after(guard, [99191500000 + number for number in range(60) for _ in range(4)]) is None


def test_a_refused_number_stays_refused(guard):
    """Asking again is no way around the limit."""
    walk = [99191500000 + number for number in range(300)]
    end = walk[_refused_after(guard, walk)]
    assert [_ask(guard, end) for _ in range(3)] == [False] * 3


def test_a_busy_officer_meets_neighbours_by_chance(guard):
    """Thousands of scattered people with two neighbours in a hundred are ordinary work."""
    numbers = random.Random(7)
    people = [numbers.randrange(10**12) for _ in range(98)]
    people += [people[-1] + 1, people[-1] + 2]
    assert _refused_after(guard, people * 100) is None


def test_a_family_of_neighbouring_numbers_is_no_walk(guard):
    """A few neighbours are looked up day in, day out."""
    numbers = random.Random(7)
    dossiers = (numbers.randrange(10**12) for _ in range(20))
    assert _refused_after(guard, [start + child for start in dossiers for child in range(4)]) is None


def test_officers_and_clients_are_counted_apart(guard):
    """One officer's walk ends nobody else's work, and the same number at another client is somebody else."""
    walk = [99191500000 + number for number in range(300)]
    following = walk[_refused_after(guard, walk) + 1]
    assert _ask(guard, following, officer="099085000010")
    assert _ask(guard, following, client="H98.test")
    assert not _ask(guard, following)


def test_the_window_passes(guard, clock):
    """Ten minutes later the officer may work again, and not a moment before."""
    walk = [99191500000 + number for number in range(300)]
    end = _refused_after(guard, walk)
    clock.now = 599.0
    assert not _ask(guard, walk[end + 1])
    clock.now = 601.0
    assert _ask(guard, walk[end + 2])


def test_codes_with_letters_are_not_counted(guard):
    """A health card is no plain number."""
    assert all(guard.admits(CLIENT, OFFICER, ("health_card", f"DN4010199999{number:03d}")) for number in range(500))


def test_numbers_longer_than_any_registrys_are_not_counted(guard):
    """Thirty digits are no number that anybody walks through, and no reason to fail."""
    assert all(_ask(guard, 10**29 + number) for number in range(500))


def test_an_officer_at_work_takes_less_than_a_kilobyte(guard):
    """A worker keeps twenty thousand of them (a whole country's offices), beside everything else."""
    tracemalloc.start()
    for officer in range(1000):
        for person in range(10):
            guard.admits(CLIENT, f"{officer:012d}", ("personal_id", f"{officer * 100_000 + person * 1000:012d}"))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / 1000 < 1024


def test_memory_is_bounded(guard):
    """However many officers there are, the guard forgets the ones silent longest."""
    for officer in range(21_000):
        guard.admits(CLIENT, f"{officer:012d}", ("personal_id", "099191500000"))
    assert len(guard._tracks) == 20_000
