#include "measure.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The middle of a bucket: the inverse of histogram_add. */
static double bucket_us(uint64_t index) {
    uint64_t shift = index < 2 * SUB ? 0 : (index >> SUB_BITS) - 1;
    uint64_t low = (index - (shift << SUB_BITS)) << shift;
    return ((double)low + (double)((1ull << shift) - 1) / 2) / 1e3;
}

double percentile_us(const Histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * (double)h->count), seen = 0;
    for (uint64_t i = 0; i < BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen > wanted) return bucket_us(i);
    }
    return (double)h->max_ns / 1e3;
}

Usage usage_of(pid_t pid) {
    Usage usage = {0};
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) return usage;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    char *fields = strrchr(text, ')'); /* the name before it may hold anything */
    unsigned long user, system;
    long child_user, child_system, pages;
    if (!fields || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %*d %*d %*u %*u %ld",
                          &user, &system, &child_user, &child_system, &pages) != 5)
        return usage;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    usage.user_s = (double)(user + (unsigned long)child_user) * tick_s;
    usage.system_s = (double)(system + (unsigned long)child_system) * tick_s;
    usage.rss_kb = pages * (sysconf(_SC_PAGESIZE) / 1024);
    return usage;
}

double own_cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double machine_cpu_s(void) {
    unsigned long user = 0, nice = 0, system = 0, irq = 0, soft_irq = 0, steal = 0;
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return 0;
    if (fscanf(file, "cpu %lu %lu %lu %*u %*u %lu %lu %lu", &user, &nice, &system, &irq, &soft_irq, &steal) != 6) user = 0;
    fclose(file);
    return (double)(user + nice + system + irq + soft_irq + steal) / (double)sysconf(_SC_CLK_TCK);
}
