// Built without optimisation, which leaves out memory that nobody reads.
// hog mem MIB: touches that much memory.  hog cpu SECONDS: burns and prints the share of a CPU that it got.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    if (strcmp(argv[1], "mem") == 0) {
        for (long i = atol(argv[2]); i > 0; --i) memset(malloc(1 << 20), 1, 1 << 20);
        return 0;
    }
    const double begin = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    while (now(CLOCK_MONOTONIC) - begin < atof(argv[2])) {}
    printf("%.0f\n", 100 * (now(CLOCK_PROCESS_CPUTIME_ID) - used) / (now(CLOCK_MONOTONIC) - begin));
    return 0;
}
