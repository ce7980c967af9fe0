/* What QEMU's headers want to know of the host and of QEMU's build; test only, see ssi-bridge.c. */
#define CONFIG_POSIX 1
#define CONFIG_LINUX 1
#define CONFIG_MODULES 1
#define CONFIG_TCG 1
#define CONFIG_IOVEC 1
#define CONFIG_INT128 1
#define CONFIG_MADVISE 1
#define HAVE_STRCHRNUL 1
#if defined(__x86_64__)
#define HOST_X86_64 1
#elif defined(__aarch64__)
#define HOST_AARCH64 1
#endif
