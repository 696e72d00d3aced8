/* The clients: non-blocking sockets that speak IRC, all on one epoll. Knows which lines count, not why. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ledger.h"

typedef enum { UNBORN, CONNECTING, REGISTERING, REGISTERED, JOINING, JOINED, GONE } Phase;

typedef struct {
    char *bytes;
    size_t length, capacity;
} Pile;

typedef struct {
    int fd;
    Phase phase;
    Reader reader;
    Pile partial, unsent; /* a line not yet complete; bytes that were not yet sent */
    bool is_queued, is_blocked; /* for the next flush; until the socket takes more */
    uint32_t quits_seen;
} Client;

/* What has been seen on all connections. */
typedef struct {
    uint32_t registered, joined, pongs, gone;
    uint64_t joins, quits, bytes, corrupt, sends;
    char trouble[256]; /* the first line that says why a client could not go on */
} Seen;

typedef struct {
    const char *nick; /* client 7 is called NICK00007 */
    bool tags;        /* negotiate message-tags and server-time */
    int text_size;    /* bytes of each message's text */
} Manner;

extern Client *clients;
extern Seen seen;

void clients_init(int count, Manner manner, void (*after_read)(Reader *reader));
void client_connect(int index, const struct sockaddr *address, socklen_t length);
void client_join(int index, Room *room, uint32_t member);
void client_ping(int index);
void client_leave(int index); /* closes the socket without a word */

/* `client` says `message` to its room. */
void client_say(int index, const Sent *message);

/* One turn: sends what clients have said, waits until something comes or the deadline has passed, and handles all of it. */
void clients_turn(uint64_t deadline_ns);

#endif
