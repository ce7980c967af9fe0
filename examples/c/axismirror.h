/* What lies in shared memory, for programs in C: version 2 of the header, and the block of axismirror behind it.
 *
 * docs/src/wire.md says what the fields mean, core/src/header/layout.rs and core/src/extension.rs are where they come from. All is little-endian, and
 * so must the machine be that this is compiled for.
 */
#ifndef AXISMIRROR_H
#define AXISMIRROR_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "streams are little-endian"
#endif

/* The header, packed: no field of it is aligned. Versions 1 and 2. */
enum {
    AXM_MAGIC_AT = 0,              /* u32, 0x455A4D53 */
    AXM_STRUCT_VERSION_AT = 4,     /* u32 */
    AXM_BVALID_AT = 8,             /* u8, 1 = the rest holds */
    AXM_DTYPE_AT = 9,              /* char, numpy's dtype.char */
    AXM_SRATE_AT = 10,             /* f64, Hz; 0 = irregular */
    AXM_NDIM_AT = 18,              /* u32 */
    AXM_SHAPE_AT = 22,             /* u32 x 64; [0] = frames in the ring */
    AXM_BUFFER_GENERATION_AT = 278 /* u32 */
};
#define AXM_MAGIC 0x455A4D53u

/* The block of axismirror, in the same segment. Its fields are aligned. */
enum {
    AXM_BLOCK_AT = 2048,
    AXM_BLOCK_LEN = 1712,
    AXM_BLOCK_MAGIC_AT = AXM_BLOCK_AT + 0, /* u64, "AXMIRROR" */
    AXM_BLOCK_SIZE_AT = AXM_BLOCK_AT + 12, /* u32, at least AXM_BLOCK_LEN */
    AXM_SEQUENCE_AT = AXM_BLOCK_AT + 16,   /* u32, odd while the description changes */
    AXM_SLOTS_AT = AXM_BLOCK_AT + 64,      /* two of 64 bytes: that of a generation is its number modulo 2 */
    AXM_SLOT_LEN = 64,
    AXM_RESERVED_IN_SLOT = 8,  /* u64, frames ever started in the generation */
    AXM_COMMITTED_IN_SLOT = 16 /* u64, frames ever published in it */
};

/* Single loads of aligned fields. The writer stores while we load: everything goes through atomics. */
static inline uint32_t axm_u32(const unsigned char *segment, size_t at)
{
    return atomic_load_explicit((const _Atomic uint32_t *)(const void *)(segment + at), memory_order_relaxed);
}

static inline uint64_t axm_u64(const unsigned char *segment, size_t at)
{
    return atomic_load_explicit((const _Atomic uint64_t *)(const void *)(segment + at), memory_order_relaxed);
}

/* Copies what another process may be writing. The copy may be torn: what proves that it is not is the caller's. */
static inline void axm_copy(void *to, const unsigned char *from, size_t len)
{
    unsigned char *out = to;
    for (size_t i = 0; i < len; i++)
        out[i] = atomic_load_explicit((const _Atomic unsigned char *)(from + i), memory_order_relaxed);
}

/* What the frames of a generation are. */
struct axm_description {
    uint32_t generation;
    char dtype;
    double srate;
    uint32_t n_frames;     /* in the ring */
    uint32_t frame_values; /* values in a frame */
};

/* Bytes of a value, 0 for a type that is none. */
static inline size_t axm_value_size(char dtype)
{
    switch (dtype) {
    case '?': case 'b': case 'B': return 1;
    case 'h': case 'H': case 'e': return 2;
    case 'i': case 'I': case 'f': return 4;
    case 'l': case 'L': case 'q': case 'Q': case 'd': case 'F': return 8;
    case 'D': return 16;
    default: return 0;
    }
}

/* The two counters of a generation. */
static inline uint64_t axm_committed(const unsigned char *header, uint32_t generation)
{
    return axm_u64(header, AXM_SLOTS_AT + (generation % 2) * AXM_SLOT_LEN + AXM_COMMITTED_IN_SLOT);
}

static inline uint64_t axm_reserved(const unsigned char *header, uint32_t generation)
{
    return axm_u64(header, AXM_SLOTS_AT + (generation % 2) * AXM_SLOT_LEN + AXM_RESERVED_IN_SLOT);
}

/* Whether a header segment of `len` bytes is one of version 2 with the block of axismirror. */
static inline int axm_is_ours(const unsigned char *header, size_t len)
{
    uint32_t magic, version;
    if (len < AXM_BLOCK_AT + AXM_BLOCK_LEN)
        return 0;
    uint64_t block = axm_u64(header, AXM_BLOCK_MAGIC_AT);
    atomic_thread_fence(memory_order_acquire); /* the magic, then what it vouches for */
    axm_copy(&magic, header + AXM_MAGIC_AT, 4);
    axm_copy(&version, header + AXM_STRUCT_VERSION_AT, 4);
    return memcmp(&block, "AXMIRROR", 8) == 0 && axm_u32(header, AXM_BLOCK_SIZE_AT) >= AXM_BLOCK_LEN && magic == AXM_MAGIC && version == 2;
}

/* Reads what belongs together; 0 when nothing is published, when it changes at this moment, or when the fields are no description. */
static inline int axm_describe(const unsigned char *header, struct axm_description *d)
{
    unsigned char bvalid;
    uint32_t ndim, shape[64];
    uint32_t sequence = axm_u32(header, AXM_SEQUENCE_AT);
    atomic_thread_fence(memory_order_acquire); /* the sequence, then the fields */
    axm_copy(&bvalid, header + AXM_BVALID_AT, 1);
    axm_copy(&d->dtype, header + AXM_DTYPE_AT, 1);
    axm_copy(&d->srate, header + AXM_SRATE_AT, 8);
    axm_copy(&ndim, header + AXM_NDIM_AT, 4);
    axm_copy(shape, header + AXM_SHAPE_AT, sizeof shape);
    axm_copy(&d->generation, header + AXM_BUFFER_GENERATION_AT, 4);
    atomic_thread_fence(memory_order_acquire); /* the fields, then the sequence again */
    if (sequence % 2 != 0 || axm_u32(header, AXM_SEQUENCE_AT) != sequence || bvalid != 1 || ndim < 1 || ndim > 64)
        return 0;
    uint64_t values = 1;
    for (uint32_t i = 1; i < ndim; i++) {
        values *= shape[i];
        if (values == 0 || values > UINT32_MAX)
            return 0;
    }
    d->n_frames = shape[0];
    d->frame_values = (uint32_t)values;
    return d->n_frames > 0 && axm_value_size(d->dtype) > 0;
}

/* Bytes of a data segment of version 2: a time for each frame, then the frames. The last factor is below 2^36: nothing overflows. */
static inline uint64_t axm_ring_len(const struct axm_description *d)
{
    return (uint64_t)d->n_frames * 8 + (uint64_t)d->n_frames * d->frame_values * axm_value_size(d->dtype);
}

enum axm_reading { AXM_FRAME, AXM_NOT_YET, AXM_OVERWRITTEN };

/* Copies frame number `number` of the generation, and proves that the writer did not touch it meanwhile. */
static inline enum axm_reading axm_read_frame(const unsigned char *header, const unsigned char *ring, const struct axm_description *d,
                                              uint64_t number, void *values, double *time)
{
    size_t bytes = d->frame_values * axm_value_size(d->dtype);
    uint64_t index = number % d->n_frames;
    if (number >= axm_committed(header, d->generation))
        return AXM_NOT_YET;
    atomic_thread_fence(memory_order_acquire); /* committed, then the frame */
    axm_copy(time, ring + 8 * index, 8);
    axm_copy(values, ring + (uint64_t)8 * d->n_frames + index * bytes, bytes);
    atomic_thread_fence(memory_order_acquire); /* the frame, then reserved */
    return axm_reserved(header, d->generation) > number + d->n_frames ? AXM_OVERWRITTEN : AXM_FRAME;
}

#endif
