/* Clock, histogram and what the kernel knows of a process. Knows nothing of IRC. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <sys/types.h>

/* Log-linear buckets over nanoseconds: 128 to each power of two, so a percentile is right within 0.8 %. */
enum { SUB_BITS = 7, SUB = 1 << SUB_BITS, BUCKETS = (64 - SUB_BITS + 1) * SUB };

typedef struct {
    uint64_t bucket[BUCKETS];
    uint64_t count, max_ns;
} Histogram;

typedef struct {
    double user_s, system_s; /* with the children it has waited for */
    long rss_kb;
} Usage;

uint64_t now_ns(void);
double percentile_us(const Histogram *h, double share);
Usage usage_of(pid_t pid); /* of /proc/PID; zeros when there is no such process */
double own_cpu_s(void);
double machine_cpu_s(void); /* of everything that runs, stolen time included; of /proc/stat */

static inline void histogram_add(Histogram *h, uint64_t ns) {
    int shift = 64 - SUB_BITS - 1 - __builtin_clzll(ns | SUB);
    h->bucket[((uint64_t)shift << SUB_BITS) + (ns >> shift)]++;
    h->count++;
    if (ns > h->max_ns) h->max_ns = ns;
}

#endif
