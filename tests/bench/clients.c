#define _GNU_SOURCE
#include "clients.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, ID_LENGTH = 12, LINE_LIMIT = 16384, EVENTS = 512 };

Client *clients;
Seen seen;

static Manner manner;
static void (*after_read)(Reader *reader);
static int epoll_fd;
static char buffer[BUFFER];
static Client **queue; /* those with something to send since the last flush */
static size_t queued;
static char say_line[1024]; /* "PRIVMSG #b7 :text", made once, patched for each message */

void clients_init(int count, Manner how, void (*after)(Reader *reader)) {
    clients = calloc((size_t)count, sizeof *clients);
    queue = calloc((size_t)count, sizeof *queue);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    manner = how;
    after_read = after;
}

/* ---- sending ---- */

static void watch(Client *client, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(epoll_fd, operation, client->fd, &event);
}

static void pile_add(Pile *pile, const char *bytes, size_t length) {
    if (pile->length + length > pile->capacity) {
        pile->capacity = 2 * (pile->length + length);
        pile->bytes = realloc(pile->bytes, pile->capacity);
    }
    memcpy(pile->bytes + pile->length, bytes, length);
    pile->length += length;
}

static void pile_drop(Pile *pile, size_t length) {
    pile->length -= length;
    memmove(pile->bytes, pile->bytes + length, pile->length);
}

static void lose(Client *client, const char *why) {
    if (client->phase == GONE) return;
    if (!seen.trouble[0]) snprintf(seen.trouble, sizeof seen.trouble, "%s", why);
    client->phase = GONE;
    close(client->fd);
    seen.gone++;
}

/* Queues bytes for the next flush: all that a client says in one turn goes out in one send. */
static void transmit(Client *client, const char *bytes, size_t length) {
    if (client->phase == GONE) return;
    pile_add(&client->unsent, bytes, length);
    if (client->is_queued) return;
    client->is_queued = true;
    queue[queued++] = client;
}

static void transmit_rest(Client *client) {
    ssize_t taken = send(client->fd, client->unsent.bytes, client->unsent.length, MSG_NOSIGNAL);
    seen.sends++;
    if (taken < 0 && errno != EAGAIN) return lose(client, strerror(errno));
    if (taken > 0) pile_drop(&client->unsent, (size_t)taken);
    bool is_blocked = client->unsent.length;
    if (is_blocked != client->is_blocked) watch(client, is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    client->is_blocked = is_blocked;
}

static void flush(void) {
    for (size_t i = 0; i < queued; i++) {
        queue[i]->is_queued = false;
        if (queue[i]->phase != GONE && !queue[i]->is_blocked) transmit_rest(queue[i]);
    }
    queued = 0;
}

/* ---- what a client does ---- */

void client_connect(int index, const struct sockaddr *address, socklen_t length) {
    Client *client = &clients[index];
    int on = 1;
    client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    client->phase = CONNECTING;
    if (client->fd < 0) return lose(client, strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(client->fd, address, length) < 0 && errno != EINPROGRESS) return lose(client, strerror(errno));
    watch(client, EPOLLOUT, EPOLL_CTL_ADD);
}

static void greet(Client *client) {
    int problem = 0;
    socklen_t length = sizeof problem;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &problem, &length);
    if (problem) return lose(client, strerror(problem));
    char text[256];
    int size = snprintf(text, sizeof text, "%sNICK %s%05d\r\nUSER bench 0 * :bench\r\n%s",
                        manner.tags ? "CAP REQ :message-tags server-time\r\n" : "", manner.nick,
                        (int)(client - clients), manner.tags ? "CAP END\r\n" : "");
    watch(client, EPOLLIN, EPOLL_CTL_MOD);
    client->phase = REGISTERING;
    transmit(client, text, (size_t)size);
}

void client_join(int index, Room *room, uint32_t member) {
    Client *client = &clients[index];
    char text[64];
    if (client->phase != REGISTERED) return;
    reader_init(&client->reader, room, member);
    client->phase = JOINING;
    transmit(client, text, (size_t)snprintf(text, sizeof text, "JOIN #b%u\r\n", room->id));
}

void client_ping(int index) { transmit(&clients[index], "PING :bench\r\n", 13); }

void client_leave(int index) {
    clients[index].phase = GONE;
    close(clients[index].fd);
}

static void put_hex(char *at, int digits, uint32_t value) {
    while (digits--) {
        at[digits] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

static uint32_t get_hex(const char *at, int digits) {
    uint32_t value = 0;
    for (; digits--; at++) value = value << 4 | (uint32_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    return value;
}

/* The text is filler and ends in room and seq: found from the line's end, whatever a server puts before it. */
void client_say(int index, const Sent *message) {
    static int head, written = -1;
    int room = (int)clients[index].reader.room->id, filler = manner.text_size - ID_LENGTH;
    if (room != written) {
        head = snprintf(say_line, sizeof say_line, "PRIVMSG #b%d :", room);
        memset(say_line + head, 'x', (size_t)filler);
        memcpy(say_line + head + manner.text_size, "\r\n", 2);
        put_hex(say_line + head + filler, 4, (uint32_t)room);
        written = room;
    }
    put_hex(say_line + head + filler + 4, 8, message->seq);
    transmit(&clients[index], say_line, (size_t)(head + manner.text_size + 2));
}

/* ---- what a client receives ---- */

static void take_message(Client *client, const char *line, size_t length, const char *text, size_t text_length, uint64_t now) {
    const char *id = text + manner.text_size - ID_LENGTH;
    bool intact = client->reader.room && text_length == (size_t)manner.text_size && get_hex(id, 4) == client->reader.room->id;
    for (const char *p = text; intact && p < id; p++) intact = *p == 'x';
    if (intact)
        ledger_receive(&client->reader, get_hex(id + 4, 8), line, length, now);
    else
        seen.corrupt++;
}

static void take_welcome(Client *client) {
    if (client->phase != REGISTERING) return;
    client->phase = REGISTERED;
    seen.registered++;
}

static void take_names_end(Client *client) {
    if (client->phase != JOINING) return;
    client->phase = JOINED;
    seen.joined++;
}

static void note_trouble(const char *line, const char *end) {
    if (!seen.trouble[0]) snprintf(seen.trouble, sizeof seen.trouble, "%.*s", (int)(end - line), line);
}

/* One line with its end. Only the few verbs that this generator acts on are told apart. */
static void take_line(Client *client, const char *line, size_t length, uint64_t now) {
    const char *at = line, *end = line + length - 1;
    if (end > line && end[-1] == '\r') end--;
    for (int prefix = 0; prefix < 2; prefix++)
        if (at < end && *at == (prefix ? ':' : '@')) {
            at = memchr(at, ' ', (size_t)(end - at));
            if (!at++) return;
        }
    size_t rest = (size_t)(end - at);
#define VERB(name) (rest > sizeof name - 1 && !memcmp(at, name " ", sizeof name))
    if (VERB("PRIVMSG")) {
        const char *text = memmem(at, rest, " :", 2);
        if (text) take_message(client, line, length, text + 2, (size_t)(end - text - 2), now);
    } else if (VERB("JOIN")) {
        seen.joins++;
    } else if (VERB("QUIT")) {
        client->quits_seen++;
        seen.quits++;
    } else if (VERB("PING")) {
        char pong[512];
        transmit(client, pong, (size_t)snprintf(pong, sizeof pong, "PONG %.*s\r\n", (int)(rest - 5), at + 5));
    } else if (VERB("PONG")) {
        seen.pongs++;
    } else if (VERB("001")) {
        take_welcome(client);
    } else if (VERB("366")) {
        take_names_end(client);
    } else if (client->phase == JOINING && !VERB("422") && (VERB("NOTICE") || *at == '4')) {
        note_trouble(line, end);
    } else if (VERB("ERROR") || VERB("433") || VERB("FAIL") || (VERB("CAP") && memmem(at, rest, " NAK ", 5))) {
        note_trouble(line, end);
    }
#undef VERB
}

static void take_bytes(Client *client) {
    size_t kept = client->partial.length;
    if (kept) memcpy(buffer, client->partial.bytes, kept);
    ssize_t got = recv(client->fd, buffer + kept, BUFFER - kept, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return lose(client, got ? strerror(errno) : "closed by the server");
    uint64_t now = now_ns();
    Reader *reader = &client->reader;
    char *at = buffer, *end = buffer + kept + (size_t)got;
    seen.bytes += (size_t)got;
    while (at < end) {
        size_t length = reader->room ? ledger_match(reader, at, (size_t)(end - at), now) : 0;
        if (!length) {
            char *newline = memchr(at, '\n', (size_t)(end - at));
            if (!newline) break;
            length = (size_t)(newline + 1 - at);
            take_line(client, at, length, now);
        }
        at += length;
    }
    client->partial.length = 0;
    if (end - at > LINE_LIMIT) return lose(client, "a line without an end");
    if (at < end) pile_add(&client->partial, at, (size_t)(end - at));
    if (reader->room) after_read(reader);
}

void clients_turn(uint64_t deadline_ns) {
    static struct epoll_event events[EVENTS];
    flush();
    uint64_t now = now_ns(), wait_ns = deadline_ns > now ? deadline_ns - now : 0;
    struct timespec wait = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
    int count = epoll_pwait2(epoll_fd, events, EVENTS, &wait, NULL);
    for (int i = 0; i < count; i++) {
        Client *client = events[i].data.ptr;
        if (client->phase == CONNECTING)
            greet(client);
        else if (client->phase != GONE) {
            if (events[i].events & EPOLLOUT) transmit_rest(client);
            if (client->phase != GONE && events[i].events & ~(uint32_t)EPOLLOUT) take_bytes(client);
        }
    }
}
