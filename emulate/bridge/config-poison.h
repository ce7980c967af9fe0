/* QEMU forbids target-specific names here; this file is not built by QEMU and has none to forbid. */
