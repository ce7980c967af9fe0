/* Reads a stream of axismirror: maps header and ring read-only, and prints frames that are proven to be whole.
 *
 *     cc -std=c11 -O2 -Wall -Wextra -o read_frames read_frames.c
 *     ./read_frames lab 10
 *
 * Begins with the newest frame. Ends after so many (default 1) or at Ctrl-C, and says how many it missed. Follows the stream through changes and
 * restarts of the service.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "axismirror.h"
#include "segment_name.h"

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* Maps a whole segment read-only; NULL when there is none, or one that is shorter than `least`. */
static const unsigned char *map(const char *long_name, uint64_t least, size_t *len)
{
    char path[64] = "/dev/shm/";
    axm_segment_name(long_name, path + strlen(path));
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0)
        return NULL;
    struct stat stat;
    void *memory = MAP_FAILED;
    if (fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && (uint64_t)stat.st_size >= least && stat.st_size > 0)
        memory = mmap(NULL, *len = (size_t)stat.st_size, PROT_READ, MAP_SHARED, file, 0);
    close(file); /* the mapping stays */
    return memory == MAP_FAILED ? NULL : memory;
}

static void print_value(char dtype, const unsigned char *at)
{
    int16_t h;
    int32_t i;
    int64_t l;
    float f;
    double d;
    switch (dtype) {
    case 'h': memcpy(&h, at, 2), printf(" %d", h); break;
    case 'i': memcpy(&i, at, 4), printf(" %" PRId32, i); break;
    case 'l': case 'q': memcpy(&l, at, 8), printf(" %" PRId64, l); break;
    case 'f': memcpy(&f, at, 4), printf(" %.9g", (double)f); break;
    case 'd': memcpy(&d, at, 8), printf(" %.17g", d); break;
    default: printf(" ?");
    }
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "axismirror";
    unsigned long long wanted = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, printed = 0, missed = 0;
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || wanted == 0) {
        fprintf(stderr, "usage: %s [NAME [FRAMES]]\n", argv[0]);
        return 2;
    }

    size_t header_len = 0, ring_len = 0;
    const unsigned char *header = map(name, AXM_BLOCK_AT + AXM_BLOCK_LEN, &header_len);
    if (header == NULL || !axm_is_ours(header, header_len)) {
        fprintf(stderr, "error: there is no stream \"%s\" of axismirror with struct_version 2 that can be read\n", name);
        return 1;
    }

    const unsigned char *ring = NULL;
    unsigned char *values = NULL;
    struct axm_description d = {0}, now;
    uint64_t next = 0;
    while (!stopped && printed < wanted) {
        if (!axm_describe(header, &now)) {
            pause_briefly(); /* nothing is published now: a change, or the service is not there */
            continue;
        }
        if (ring == NULL || now.generation != d.generation) { /* another ring, maybe of other frames */
            char long_name[1100];
            if (ring != NULL)
                munmap((void *)ring, ring_len);
            d = now;
            snprintf(long_name, sizeof long_name, "%s/buffer%" PRIu32, name, d.generation);
            ring = map(long_name, axm_ring_len(&d), &ring_len);
            unsigned char *more = realloc(values, d.frame_values * axm_value_size(d.dtype));
            if (more == NULL)
                return 1;
            values = more;
            uint64_t committed = axm_committed(header, d.generation);
            next = committed > 0 ? committed - 1 : 0;
            if (ring == NULL)
                pause_briefly(); /* it has gone over to the next already */
            else
                fprintf(stderr, "generation %" PRIu32 ": %g Hz, %" PRIu32 " values of type %c a frame, ring of %" PRIu32 " frames\n",
                        d.generation, d.srate, d.frame_values, d.dtype, d.n_frames);
            continue;
        }
        double time;
        enum axm_reading reading = axm_read_frame(header, ring, &d, next, values, &time);
        uint64_t reserved = axm_reserved(header, d.generation);
        /* Counters and frames were those of this generation only if it is still the one that is described. */
        if (!axm_describe(header, &now) || now.generation != d.generation)
            continue;
        if (reading == AXM_NOT_YET) {
            pause_briefly();
        } else if (reading == AXM_OVERWRITTEN) { /* we were too slow: on with the oldest frame that is whole */
            missed += reserved - d.n_frames - next;
            next = reserved - d.n_frames;
        } else {
            printf("%" PRIu64 " %.6f", next, time);
            for (uint32_t v = 0; v < d.frame_values; v++)
                print_value(d.dtype, values + v * axm_value_size(d.dtype));
            putchar('\n');
            if (fflush(stdout) != 0)
                stopped = 1; /* nobody reads what we print */
            next++, printed++;
        }
    }
    fprintf(stderr, "%llu frames, %llu missed\n", printed, missed);
    free(values);
    return 0;
}
