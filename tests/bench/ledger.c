#include "ledger.h"

#include <stdlib.h>
#include <string.h>

Tally tally;
Histogram latency;
bool measuring;

void room_init(Room *room, uint32_t id, uint32_t members, uint32_t capacity) {
    room->sent_mask = capacity - 1;
    room->order_mask = 4 * capacity - 1;
    room->sent = calloc(capacity, sizeof *room->sent);
    room->order = calloc(4 * (size_t)capacity, sizeof *room->order);
    room->id = id;
    room->members = members;
    room->has_listener = members > 2;
    room->newest_of = calloc(members, sizeof *room->newest_of);
}

void reader_init(Reader *reader, Room *room, uint32_t member) {
    reader->room = room;
    reader->member = member;
}

static bool is_listener(const Reader *reader) { return reader->room->has_listener && reader->member == 0; }

/* The message takes the next place of the room's order; one sender's messages must keep the order of sending. */
static void take_place(Room *room, Sent *message) {
    message->place = room->ordered;
    room->order[room->ordered++ & room->order_mask] = (Place){message->seq, message->sender};
    if (message->seq < room->newest_of[message->sender]) tally.reordered++;
    room->newest_of[message->sender] = message->seq + 1;
}

Sent *ledger_send(Room *room, uint64_t now) {
    Sent *message = &room->sent[room->next_seq & room->sent_mask];
    if (message->missing) return NULL;
    uint32_t first = room->has_listener ? 1 : 0;
    message->sent_ns = now;
    message->seq = room->next_seq++;
    message->sender = first + room->turn++ % (room->members - first);
    message->missing = room->members - 1;
    message->place = NOWHERE;
    message->raw_length = 0;
    room->in_flight++;
    tally.sent++;
    tally.expected += message->missing;
    if (!room->has_listener) take_place(room, message);
    return message;
}

static inline void count_delivery(Room *room, Sent *message, uint64_t now) {
    tally.received++;
    if (measuring) histogram_add(&latency, now - message->sent_ns);
    if (message->missing && --message->missing == 0) room->in_flight--;
}

static void skip_own(Reader *reader) {
    const Room *room = reader->room;
    while (reader->place != room->ordered && room->order[reader->place & room->order_mask].sender == reader->member) reader->place++;
}

/* Was this place passed over before? Then it is no duplicate but late. */
static bool forget_skipped(Reader *reader, uint32_t place) {
    for (uint32_t i = 0; i < reader->skipped_count; i++)
        if (reader->skipped[i] == place) {
            reader->skipped[i] = reader->skipped[--reader->skipped_count];
            return true;
        }
    return false;
}

static void skip_to(Reader *reader, uint32_t place) {
    for (; reader->place != place; reader->place++) {
        if (reader->room->order[reader->place & reader->room->order_mask].sender == reader->member) continue;
        if (reader->skipped_count == reader->skipped_capacity) {
            reader->skipped_capacity = reader->skipped_capacity ? 2 * reader->skipped_capacity : 64;
            reader->skipped = realloc(reader->skipped, reader->skipped_capacity * sizeof *reader->skipped);
        }
        reader->skipped[reader->skipped_count++] = reader->place;
    }
}

/* The reader has received the message at this place of the order: false if it had it before. */
static bool reach(Reader *reader, uint32_t place) {
    if (place < reader->place) {
        if (!forget_skipped(reader, place)) return false;
        tally.reordered++;
        return true;
    }
    skip_to(reader, place);
    reader->place++;
    return true;
}

/* Compares early messages as far as the order is known; past an unknown one only when `all`. True when none is left. */
static bool compare_early(Reader *reader, bool all) {
    while (reader->early_head != reader->early_tail) {
        uint32_t seq = reader->early[reader->early_head & reader->room->order_mask];
        const Sent *message = &reader->room->sent[seq & reader->room->sent_mask];
        bool known = message->seq != seq || message->place != NOWHERE;
        if (!known && !all) return false;
        reader->early_head++;
        if (message->seq == seq && known && !reach(reader, message->place)) tally.duplicated++;
    }
    return true;
}

size_t ledger_match(Reader *reader, const char *bytes, size_t length, uint64_t now) {
    Room *room = reader->room;
    if (reader->early_head != reader->early_tail && !compare_early(reader, false)) return 0;
    skip_own(reader);
    if (reader->place == room->ordered) return 0;
    uint32_t seq = room->order[reader->place & room->order_mask].seq;
    Sent *message = &room->sent[seq & room->sent_mask];
    size_t raw_length = message->raw_length;
    if (message->seq != seq || !raw_length || length < raw_length || memcmp(bytes, message->raw, raw_length)) return 0;
    reader->place++;
    count_delivery(room, message, now);
    return raw_length;
}

static void keep_raw(Sent *message, const char *raw, size_t length) {
    if (length > message->raw_capacity) {
        message->raw = realloc(message->raw, length);
        message->raw_capacity = (uint32_t)length;
    }
    memcpy(message->raw, raw, length);
    message->raw_length = (uint32_t)length;
}

static void keep_early(Reader *reader, uint32_t seq) {
    uint32_t mask = reader->room->order_mask;
    if (!reader->early) reader->early = malloc((mask + 1) * sizeof *reader->early);
    if (reader->early_tail - reader->early_head > mask) compare_early(reader, true); /* the listener lost some */
    reader->early[reader->early_tail++ & mask] = seq;
}

void ledger_receive(Reader *reader, uint32_t seq, const char *raw, size_t length, uint64_t now) {
    Room *room = reader->room;
    Sent *message = &room->sent[seq & room->sent_mask];
    bool fresh = message->seq == seq && seq < room->next_seq && message->sender != reader->member;
    if (fresh && is_listener(reader)) {
        fresh = message->place == NOWHERE;
        if (fresh) {
            take_place(room, message);
            keep_raw(message, raw, length);
        }
    } else if (fresh && compare_early(reader, false) && message->place != NOWHERE) {
        skip_own(reader);
        fresh = reach(reader, message->place);
    } else if (fresh) {
        keep_early(reader, seq);
    }
    if (fresh)
        count_delivery(room, message, now);
    else {
        tally.received++;
        tally.duplicated++;
    }
}

void ledger_settle(Reader *reader) {
    if (reader->room) compare_early(reader, true);
}
