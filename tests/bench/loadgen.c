/* A load generator for any IRC server: one thread, one epoll, JSON on standard output.
 *
 * run    clients join rooms and talk: a closed loop (--inflight messages of each room on their way at any time; the next
 *        one is sent when one was received by all) or an open one (--rate messages a second in all, evenly paced).
 *        Senders take turns; in the closed loop of a room of two the reader answers. Each delivery's latency is measured;
 *        loss, duplicates and order are checked (ledger.h).
 * storm  all clients join one room at once; then every second socket is closed at once, until the others saw every QUIT.
 * idle   clients register and stay silent: what does a connection cost in memory?
 *
 * CPU and memory of the server's processes (--pid) are read from /proc at the very start and end of what is measured.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "clients.h"

enum { SERVERS = 16, PIDS = 32 };

static struct {
    const char *mode, *nick;
    int clients, rooms, in_flight, size, connecting, joining, tags;
    double rate, duration_s, warmup_s, drain_s, setup_s;
    struct sockaddr_storage server[SERVERS];
    socklen_t server_length[SERVERS];
    pid_t pid[PIDS];
    int servers, pids;
} options = {.mode = "run", .nick = "b", .clients = 100, .rooms = 1, .size = 64, .connecting = 512,
             .duration_s = 5, .warmup_s = 1, .drain_s = 10, .setup_s = 120};

static Room *rooms;
static bool talking;

static _Noreturn void fail(int status, const char *what, const char *detail) {
    fprintf(stderr, "loadgen: %s%s%s\n", what, detail && *detail ? ": " : "", detail ? detail : "");
    exit(status);
}

static uint64_t seconds_from_now(double s) { return now_ns() + (uint64_t)(s * 1e9); }
static double ms_since(uint64_t start) { return (double)(now_ns() - start) / 1e6; }

/* ---- getting everyone in ---- */

static void await(const volatile uint32_t *count, uint32_t wanted, const char *what) {
    uint64_t deadline = seconds_from_now(options.setup_s);
    while (*count < wanted) {
        if (seen.gone) fail(1, "a client was closed", seen.trouble);
        if (now_ns() > deadline) fail(1, what, seen.trouble);
        clients_turn(deadline);
    }
}

/* A room's k-th member goes to server (room + k), so that every room spans all servers. */
static void connect_all(void) {
    for (uint32_t i = 0; i < (uint32_t)options.clients; i++) {
        if (i >= (uint32_t)options.connecting) await(&seen.registered, i + 1 - (uint32_t)options.connecting, "not all clients were registered");
        uint32_t server = (i % (uint32_t)options.rooms + i / (uint32_t)options.rooms) % (uint32_t)options.servers;
        client_connect((int)i, (struct sockaddr *)&options.server[server], options.server_length[server]);
    }
    await(&seen.registered, (uint32_t)options.clients, "not all clients were registered");
}

static void join_all(void) {
    for (uint32_t i = 0; i < (uint32_t)options.clients; i++) {
        if (options.joining && i >= (uint32_t)options.joining) await(&seen.joined, i + 1 - (uint32_t)options.joining, "not all clients joined");
        client_join((int)i, &rooms[i % (uint32_t)options.rooms], i / (uint32_t)options.rooms);
    }
    await(&seen.joined, (uint32_t)options.clients, "not all clients joined");
}

/* Every client has an answer to a PING: what was sent to it before has arrived. */
static void barrier(void) {
    seen.pongs = 0;
    for (int i = 0; i < options.clients; i++) client_ping(i);
    await(&seen.pongs, (uint32_t)options.clients, "not every PING was answered");
}

static uint32_t ring_capacity(void) {
    uint32_t capacity = 16, wanted = options.in_flight ? 4 * (uint32_t)options.in_flight : 512;
    while (capacity < wanted) capacity *= 2;
    return capacity;
}

static void make_rooms(void) {
    rooms = calloc((size_t)options.rooms, sizeof *rooms);
    for (uint32_t r = 0; r < (uint32_t)options.rooms; r++)
        room_init(&rooms[r], r, ((uint32_t)options.clients - r + (uint32_t)options.rooms - 1) / (uint32_t)options.rooms, ring_capacity());
}

/* ---- talking ---- */

static bool say(Room *room) {
    Sent *message = ledger_send(room, now_ns());
    if (message) client_say((int)(room->id + message->sender * (uint32_t)options.rooms), message);
    return message;
}

static bool wants_more(const Room *room) { return talking && room->in_flight < (uint32_t)options.in_flight; }

/* The closed loop begins: senders take turns. */
static void fill(Room *room) {
    while (wants_more(room) && say(room)) {
    }
}

/* After each read of a room's member. In a room of two the reader answers, once for each message that it has read: these
 * answers share a send, which is most of what a message costs the generator. */
static void refill(Reader *reader) {
    Room *room = reader->room;
    if (room->has_listener) return fill(room);
    do {
        room->turn = reader->member;
    } while (wants_more(room) && say(room));
}

typedef struct {
    uint64_t start_ns, count, held, late_ns; /* messages due so far; not sent for want of room; worst lateness */
} Pace;

/* The open loop: sends what is due; returns when the next is. */
static uint64_t pace(Pace *p, uint64_t until_ns) {
    if (!talking || !options.rate) return until_ns;
    for (;;) {
        uint64_t due = p->start_ns + (uint64_t)((double)p->count * 1e9 / options.rate), now = now_ns();
        if (due > now) return due < until_ns ? due : until_ns;
        if (now - due > p->late_ns) p->late_ns = now - due;
        if (!say(&rooms[p->count++ % (uint64_t)options.rooms])) p->held++;
    }
}

static void talk_until(Pace *p, uint64_t until_ns) {
    while (now_ns() < until_ns) clients_turn(pace(p, until_ns));
}

/* ---- measuring and telling ---- */

typedef struct {
    uint64_t at_ns, sends;
    double own_cpu_s, machine_cpu_s;
    Usage usage[PIDS];
    Tally tally;
} Mark;

static Mark mark(void) {
    Mark m = {.at_ns = now_ns(), .sends = seen.sends, .own_cpu_s = own_cpu_s(), .machine_cpu_s = machine_cpu_s(), .tally = tally};
    for (int i = 0; i < options.pids; i++) m.usage[i] = usage_of(options.pid[i]);
    return m;
}

static void tell_cpu(const Mark *from, const Mark *to) {
    double wall_s = (double)(to->at_ns - from->at_ns) / 1e9, own_s = to->own_cpu_s - from->own_cpu_s;
    double others_s = to->machine_cpu_s - from->machine_cpu_s - own_s;
    for (int i = 0; i < options.pids; i++)
        others_s -= to->usage[i].user_s - from->usage[i].user_s + to->usage[i].system_s - from->usage[i].system_s;
    printf("\"wall_s\": %.3f, \"own_cpu_s\": %.3f, \"own_idle_share\": %.3f, \"others_cores\": %.3f, \"processes\": [",
           wall_s, own_s, 1 - own_s / wall_s, others_s > 0 ? others_s / wall_s : 0);
    for (int i = 0; i < options.pids; i++)
        printf("%s{\"pid\": %d, \"user_s\": %.2f, \"system_s\": %.2f, \"rss_kb\": %ld, \"rss_growth_kb\": %ld}", i ? ", " : "",
               (int)options.pid[i], to->usage[i].user_s - from->usage[i].user_s,
               to->usage[i].system_s - from->usage[i].system_s, to->usage[i].rss_kb,
               to->usage[i].rss_kb - from->usage[i].rss_kb);
    printf("]");
}

static void tell_talk(const Mark *from, const Mark *to, const Pace *p) {
    double wall_s = (double)(to->at_ns - from->at_ns) / 1e9;
    uint64_t deliveries = to->tally.received - from->tally.received;
    printf("\"sent\": %lu, \"sends\": %lu, \"deliveries\": %lu, \"deliveries_per_s\": %.0f, ", to->tally.sent - from->tally.sent,
           to->sends - from->sends, deliveries, (double)deliveries / wall_s);
    printf("\"latency_us\": {\"p50\": %.1f, \"p95\": %.1f, \"p99\": %.1f, \"max\": %.1f}, ", percentile_us(&latency, 0.5),
           percentile_us(&latency, 0.95), percentile_us(&latency, 0.99), (double)latency.max_ns / 1e3);
    printf("\"lost\": %ld, \"duplicated\": %lu, \"reordered\": %lu, \"corrupt\": %lu, \"held_back\": %lu, \"late_us\": %.0f, ",
           (long)(tally.expected - (tally.received - tally.duplicated)), tally.duplicated, tally.reordered, seen.corrupt,
           p->held, (double)p->late_ns / 1e3);
}

static void tell_end(void) {
    for (char *p = seen.trouble; *p; p++)
        if (*p == '"' || *p == '\\' || *p < ' ') *p = '?'; /* so that it fits into JSON as it is */
    printf(", \"closed\": %u, \"trouble\": \"%s\"}\n", seen.gone, seen.trouble);
}

/* ---- the modes ---- */

static void run(void) {
    Pace paced = {0};
    uint64_t start = now_ns();
    join_all();
    double join_ms = ms_since(start);
    barrier();
    talking = true;
    paced.start_ns = now_ns();
    if (options.in_flight)
        for (int r = 0; r < options.rooms; r++) fill(&rooms[r]);
    talk_until(&paced, seconds_from_now(options.warmup_s));
    paced.late_ns = 0;
    measuring = true;
    Mark from = mark();
    talk_until(&paced, seconds_from_now(options.duration_s));
    Mark to = mark();
    measuring = talking = false;
    uint64_t deadline = seconds_from_now(options.drain_s);
    while (tally.received - tally.duplicated < tally.expected && now_ns() < deadline) clients_turn(deadline);
    for (int i = 0; i < options.clients; i++) ledger_settle(&clients[i].reader);
    printf("{\"mode\": \"run\", \"join_ms\": %.1f, ", join_ms);
    tell_talk(&from, &to, &paced);
    tell_cpu(&from, &to);
    tell_end();
}

static void storm(void) {
    Mark before = mark();
    join_all();
    Mark joined = mark();
    barrier();
    Mark settled = mark();
    uint32_t left = (uint32_t)options.clients / 2;
    uint64_t wanted = (uint64_t)left * ((uint64_t)options.clients - left);
    for (uint32_t i = 0; i < left; i++) client_leave(2 * (int)i + 1);
    uint64_t deadline = seconds_from_now(options.setup_s);
    while (seen.quits < wanted && now_ns() < deadline) clients_turn(deadline);
    Mark after = mark();
    printf("{\"mode\": \"storm\", \"clients\": %d, \"joins_seen\": %lu, \"quits_seen\": %lu, \"quits_wanted\": %lu, \"joined\": {",
           options.clients, seen.joins, seen.quits, wanted);
    tell_cpu(&before, &joined);
    printf("}, \"settled\": {");
    tell_cpu(&before, &settled);
    printf("}, \"quit\": {");
    tell_cpu(&settled, &after);
    printf("}");
    tell_end();
}

static void idle(const Mark *unconnected) {
    barrier();
    uint64_t until = seconds_from_now(options.duration_s);
    while (now_ns() < until) clients_turn(until);
    Mark after = mark();
    printf("{\"mode\": \"idle\", \"clients\": %d, ", options.clients);
    tell_cpu(unconnected, &after);
    tell_end();
}

/* ---- options ---- */

static void add_server(const char *text) {
    char host[256];
    const char *colon = strrchr(text, ':');
    if (!colon || options.servers == SERVERS) fail(2, "--server wants HOST:PORT, 16 at most", text);
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, colon + 1, &hints, &found)) fail(2, "no such address", text);
    memcpy(&options.server[options.servers], found->ai_addr, found->ai_addrlen);
    options.server_length[options.servers++] = found->ai_addrlen;
    freeaddrinfo(found);
}

static void add_pids(char *text) {
    for (char *pid = strtok(text, ","); pid; pid = strtok(NULL, ",")) {
        if (options.pids == PIDS) fail(2, "too many --pid", NULL);
        options.pid[options.pids++] = (pid_t)atoi(pid);
    }
}

static void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"mode", 1, 0, 'm'}, {"server", 1, 0, 's'}, {"pid", 1, 0, 'p'}, {"clients", 1, 0, 'c'}, {"rooms", 1, 0, 'r'},
        {"inflight", 1, 0, 'i'}, {"rate", 1, 0, 'R'}, {"duration", 1, 0, 'd'}, {"warmup", 1, 0, 'w'}, {"drain", 1, 0, 'D'},
        {"setup", 1, 0, 'S'}, {"size", 1, 0, 'z'}, {"tags", 0, 0, 't'}, {"nick", 1, 0, 'n'}, {"connecting", 1, 0, 'C'},
        {"joining", 1, 0, 'J'}, {0}};
    for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;) switch (letter) {
        case 'm': options.mode = optarg; break;
        case 's': add_server(optarg); break;
        case 'p': add_pids(optarg); break;
        case 'c': options.clients = atoi(optarg); break;
        case 'r': options.rooms = atoi(optarg); break;
        case 'i': options.in_flight = atoi(optarg); break;
        case 'R': options.rate = atof(optarg); break;
        case 'd': options.duration_s = atof(optarg); break;
        case 'w': options.warmup_s = atof(optarg); break;
        case 'D': options.drain_s = atof(optarg); break;
        case 'S': options.setup_s = atof(optarg); break;
        case 'z': options.size = atoi(optarg); break;
        case 't': options.tags = 1; break;
        case 'n': options.nick = optarg; break;
        case 'C': options.connecting = atoi(optarg); break;
        case 'J': options.joining = atoi(optarg); break;
        default: exit(2);
        }
    bool runs = !strcmp(options.mode, "run");
    if (!runs && strcmp(options.mode, "storm") && strcmp(options.mode, "idle")) fail(2, "--mode is run, storm or idle", NULL);
    if (!options.servers) fail(2, "--server HOST:PORT is needed", NULL);
    if (options.rooms < 1 || options.clients < 2 * options.rooms) fail(2, "each room needs two clients", NULL);
    if (runs && (options.in_flight > 0) == (options.rate > 0)) fail(2, "either --inflight or --rate is needed", NULL);
    if (options.size < 16 || options.size > 400) fail(2, "--size is 16 to 400 bytes", NULL);
    if (options.connecting < 1) fail(2, "--connecting is 1 or more", NULL);
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1UL); /* else the kernel wakes the open loop 50 us late */
    make_rooms();
    clients_init(options.clients, (Manner){options.nick, options.tags, options.size}, refill);
    Mark unconnected = mark();
    connect_all();
    if (!strcmp(options.mode, "idle"))
        idle(&unconnected);
    else if (!strcmp(options.mode, "storm"))
        storm();
    else
        run();
    return 0;
}
