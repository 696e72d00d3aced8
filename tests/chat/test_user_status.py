"""What a lane tells of a session is read as it was written."""

from gateway.chat.user_status import Seat, UserStatus, read


def test_a_presence_is_read_as_written() -> None:
    seats = Seat("#a", "@+", False), Seat('#"b\\', "", True)
    told = UserStatus(17, True, "127.0.0.1", seats)
    assert read(told.text()) == told
    assert "\n" not in told.text()
