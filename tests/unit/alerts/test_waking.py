"""Who wakes the sender."""

from __future__ import annotations

from services.alerts.waking import CHANNEL, Waker


def test_notifications_of_other_processes_wake_the_sender_and_its_own_do_not() -> None:
    one, other = Waker(), Waker()
    one.heard(None, 1, CHANNEL, one.name)
    assert not one.woken.is_set()  # it woke itself when it committed
    one.heard(None, 2, CHANNEL, other.name)
    assert one.woken.is_set()
