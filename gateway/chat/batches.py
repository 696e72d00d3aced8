"""The batch that a client has open: its lines, its errors, its time limit (IRCv3 client-batch, draft). Pure."""

from gateway.chat.errors import CommandError
from gateway.chat.multiline import LIMIT_S, batch_error
from gateway.chat.session import Session
from gateway.wire.message import Message


def collect(session: Session, message: Message) -> None:
    """Take a line whose tag says that it belongs to a batch."""
    batch = session.batch
    if batch is None or batch.reference != message.tags["batch"]:
        raise batch_error("MULTILINE_INVALID", "No such batch is open")
    if not batch.is_refused:
        try:
            batch.add(message)
        except CommandError as error:
            refuse(session, error)


def refuse(session: Session, error: CommandError) -> None:
    """Answer under the label of the batch, once; from now on the batch is ignored."""
    batch = session.batch
    assert batch is not None
    if not batch.is_refused:
        batch.refuse()
        session.answer_late(batch.label, lambda: session.answer(error))


def end_overdue(session: Session, now: float) -> None:
    """Refuse a batch that was left open for too long (IRCv3 client-batch, TIMEOUT); ``now``: epoch seconds."""
    batch = session.batch
    if batch is not None and now - batch.opened_at > LIMIT_S:
        refuse(session, batch_error("TIMEOUT", batch.reference, "The batch was left open for too long"))
