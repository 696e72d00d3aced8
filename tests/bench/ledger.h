/* What was sent to each room, who received it, and in which order: loss, duplicates and order are found here.
 *
 * Knows nothing of sockets. A room of three or more has one listener, its first member, which never sends; so it sees
 * every message, and the order in which it sees them is the room's order. Every other reader must receive exactly that
 * order without its own messages. In a room of two the order is that of sending: a reader sees one sender only.
 * A reader that is ahead of the listener keeps what it saw as `early`, and is compared when the listener has caught up.
 *
 * The first to receive a message leaves the raw line; for the others one memcmp is all: this lets the generator
 * idle beside a server that delivers millions of messages a second.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"

#define NOWHERE UINT32_MAX

typedef struct {
    uint64_t sent_ns;
    uint32_t seq, sender, missing, place; /* receivers still missing; place in the room's order or NOWHERE */
    char *raw;                            /* the line as the listener received it */
    uint32_t raw_length, raw_capacity;
} Sent;

typedef struct {
    uint32_t seq, sender;
} Place;

typedef struct {
    uint32_t id, members, next_seq, in_flight, turn, ordered;
    uint32_t sent_mask, order_mask; /* of two rings: no reader can lag further behind than four times what is on its way */
    bool has_listener;
    uint32_t *newest_of; /* by member: its newest seq in the order + 1, to check each sender's own order */
    Sent *sent;
    Place *order;
} Room;

typedef struct {
    Room *room;
    uint32_t member;       /* 0 is the listener where there is one */
    uint32_t place;        /* next place of the room's order that this reader is to receive */
    uint32_t *early;       /* ring of seqs received before the listener had them */
    uint32_t early_head, early_tail;
    uint32_t *skipped;     /* places passed over: they come late or never */
    uint32_t skipped_count, skipped_capacity;
} Reader;

typedef struct {
    uint64_t sent, expected, received, duplicated, reordered;
} Tally;

extern Tally tally;         /* over all rooms, from the first message to the last */
extern Histogram latency;   /* of each delivery while `measuring` */
extern bool measuring;

/* `capacity`, a power of two: how many messages of the room may be on their way at once. */
void room_init(Room *room, uint32_t id, uint32_t members, uint32_t capacity);
void reader_init(Reader *reader, Room *room, uint32_t member);

/* The next message of a room, entered as sent now; NULL when `capacity` of them are on their way. */
Sent *ledger_send(Room *room, uint64_t now);

/* Takes one message from the start of the bytes if it is the very line that this reader is to receive next: its length, or 0. */
size_t ledger_match(Reader *reader, const char *bytes, size_t length, uint64_t now);

/* Enters a parsed message of the reader's room; `raw` is its whole line. */
void ledger_receive(Reader *reader, uint32_t seq, const char *raw, size_t length, uint64_t now);

/* Compares what readers still hold as early; call it when nothing more is awaited. */
void ledger_settle(Reader *reader);

#endif
