/* The floor under every chat server: what the kernel alone takes to send one batch to each member of a room.
 *
 *     gcc -O2 -o floor floor.c && ./floor MEMBERS BYTES ROUNDS
 *
 * One process sends BYTES to each of MEMBERS loopback connections, again and again; another reads them all. Prints the
 * sender's CPU microseconds a send. No parsing, no rooms, no Redis: no server that uses send() can be cheaper.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_all(int *sockets, int members, long total) {
    static char buffer[1 << 16];
    static struct epoll_event events[1024];
    int epoll = epoll_create1(0);
    for (int i = 0; i < members; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
    }
    while (total > 0) {
        int count = epoll_wait(epoll, events, 1024, 5000);
        if (count <= 0) exit(1);
        for (int i = 0; i < count; i++) total -= read(events[i].data.fd, buffer, sizeof buffer);
    }
}

static double cpu_us(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

int main(int count, char **words) {
    if (count != 4) return fprintf(stderr, "usage: floor MEMBERS BYTES ROUNDS\n"), 2;
    int members = atoi(words[1]), bytes = atoi(words[2]), rounds = atoi(words[3]);
    int *near = calloc(members, sizeof *near), *far = calloc(members, sizeof *far);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listening, (void *)&address, length) || listen(listening, 64)) return perror("listen"), 1;
    getsockname(listening, (void *)&address, &length);
    for (int i = 0; i < members; i++) {
        far[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(far[i], (void *)&address, length)) return perror("connect"), 1;
        near[i] = accept(listening, NULL, NULL);
    }
    char *batch = malloc(bytes);
    memset(batch, 'x', bytes);
    if (!fork()) {
        read_all(far, members, (long)members * bytes * rounds);
        exit(0);
    }
    double start = cpu_us();
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < members; i++)
            if (send(near[i], batch, bytes, 0) != bytes) return perror("send"), 1;
    double used = cpu_us() - start;
    int status = 0;
    wait(&status);
    printf("%.2f CPU us a send of %d bytes to one of %d\n", used / members / rounds, bytes, members);
    return status != 0;
}
