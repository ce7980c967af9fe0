/* From a stream's name to its segments': `sm_` and the first 20 characters of the URL-safe base64 of the name's SHA-256 (FIPS 180-4). */
#ifndef AXISMIRROR_SEGMENT_NAME_H
#define AXISMIRROR_SEGMENT_NAME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AXM_SEGMENT_NAME_LEN 23

static inline void axm_sha256_block(uint32_t h[8], const unsigned char *block)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
        0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
        0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
        0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
        0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
        0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t w[64], v[8];
#define AXM_ROTATE(x, n) ((x) >> (n) | (x) << (32 - (n)))
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (AXM_ROTATE(a, 7) ^ AXM_ROTATE(a, 18) ^ a >> 3) + w[i - 7] + (AXM_ROTATE(b, 17) ^ AXM_ROTATE(b, 19) ^ b >> 10);
    }
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = v[7] + (AXM_ROTATE(v[4], 6) ^ AXM_ROTATE(v[4], 11) ^ AXM_ROTATE(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
        uint32_t t2 = (AXM_ROTATE(v[0], 2) ^ AXM_ROTATE(v[0], 13) ^ AXM_ROTATE(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
#undef AXM_ROTATE
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

/* Writes the segment's name with its end; `long_name` is `lab`, `lab/buffer0`, ... */
static inline void axm_segment_name(const char *long_name, char out[AXM_SEGMENT_NAME_LEN + 1])
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t len = strlen(long_name), done = 0;
    for (; len - done >= 64; done += 64)
        axm_sha256_block(h, (const unsigned char *)long_name + done);
    unsigned char last[128] = {0};
    size_t rest = len - done, end = rest < 56 ? 64 : 128;
    memcpy(last, long_name + done, rest);
    last[rest] = 0x80;
    for (int i = 0; i < 8; i++)
        last[end - 1 - i] = (unsigned char)((uint64_t)len * 8 >> 8 * i);
    axm_sha256_block(h, last);
    if (end == 128)
        axm_sha256_block(h, last + 64);

    memcpy(out, "sm_", 3);
    for (int i = 0; i < 20; i++) { /* characters of six bits each, from the front */
        unsigned value = 0;
        for (int bit = 6 * i; bit < 6 * i + 6; bit++)
            value = value << 1 | (h[bit / 32] >> (31 - bit % 32) & 1);
        out[3 + i] = base64[value];
    }
    out[AXM_SEGMENT_NAME_LEN] = 0;
}

#endif
