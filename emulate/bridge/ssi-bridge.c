/*
 * QEMU device "ssi-bridge": a chip on an emulated SPI bus whose model runs in another process.
 *
 * Test only, never distributed: it is built against QEMU's own headers and loaded into QEMU, and therefore falls under
 * QEMU's licence, GPL-2.0-or-later. Nothing of it becomes part of the product.
 *
 * Everything that happens on the wires becomes one request over a Unix socket, which the peer answers before the guest goes on:
 *
 *   request, 10 bytes:  kind u8 | byte u8 | time i64      'A' chip-select falls, 'D' it rises, 'T' eight clocks with this byte on
 *                                                         MOSI, 'P' the time has come that the peer asked for, 'S' the start
 *   reply, 11 bytes:    miso u8 | edges u8 | level u8 | next i64
 *
 * Integers are little-endian, times are nanoseconds of the guest's clock (QEMU_CLOCK_VIRTUAL). `edges` is how often DRDY fell
 * since the last reply, `level` what it is now, `next` when the peer wants to be asked again (-1: not by itself). With -icount the
 * guest's clock stands while the peer answers, so that a run does not depend on the host's speed.
 *
 * The wires are found by QOM path: a GPIO output of the machine as chip-select (Linux: cs-gpios), a GPIO input for DRDY. A line
 * of -1 is not wired. A Raspberry Pi's GPIO inputs are the device of gpio-edges.c. There `native-cs=N` also takes the chip-select that a
 * program chooses in the SPI0 CS register: QEMU's controller drives none. `gic-irq=N` wires SPI0's interrupt where QEMU's raspi4b
 * forgets to.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu/qemu-plugin.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "chardev/char-fe.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/ssi/bcm2835_spi.h"
#include "hw/ssi/ssi.h"
#include "hw/sysbus.h"
#include "parts.h"

#define TYPE_SSI_BRIDGE "ssi-bridge"
OBJECT_DECLARE_SIMPLE_TYPE(SSIBridge, SSI_BRIDGE)

enum { REQUEST_BYTES = 10, REPLY_BYTES = 11 };
enum { EXIT_PEER_GONE = 70 };

struct SSIBridge {
    SSIPeripheral parent_obj;
    /* properties */
    CharBackend peer;
    char *cs_controller, *drdy_controller, *gic;
    int32_t cs_line, drdy_line, native_cs, gic_irq;
    /* wires */
    qemu_irq drdy;
    bool gpio_selects, register_selects, selected, started;
    QEMUTimer *timer;
    MemoryRegion register_tap, *registers;
};

static void peer_gone(void)
{
    error_report("ssi-bridge: the peer is gone");
    exit(EXIT_PEER_GONE);
}

/* One request and its reply; drives DRDY and the timer by what the peer says, and returns the byte on MISO. */
static uint8_t ask(SSIBridge *s, uint8_t kind, uint8_t byte)
{
    uint8_t request[REQUEST_BYTES] = { kind, byte }, reply[REPLY_BYTES];
    int64_t next;

    stq_le_p(request + 2, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
    if (qemu_chr_fe_write_all(&s->peer, request, sizeof(request)) != sizeof(request) ||
        qemu_chr_fe_read_all(&s->peer, reply, sizeof(reply)) != sizeof(reply)) {
        peer_gone();
    }
    for (int i = 0; i < reply[1]; i++) {
        qemu_set_irq(s->drdy, 1); /* does nothing when it is not wired */
        qemu_set_irq(s->drdy, 0);
    }
    qemu_set_irq(s->drdy, reply[2] != 0);
    next = ldq_le_p(reply + 3);
    if (next < 0) {
        timer_del(s->timer);
    } else {
        timer_mod_ns(s->timer, next);
    }
    return reply[0];
}

static void time_has_come(void *opaque)
{
    ask(opaque, 'P', 0);
}

static void select_changed(SSIBridge *s)
{
    bool now = s->gpio_selects || s->register_selects;

    if (now != s->selected) {
        s->selected = now;
        ask(s, now ? 'A' : 'D', 0);
    }
}

static void gpio_select(void *opaque, int n, int level)
{
    SSIBridge *s = opaque;

    s->gpio_selects = !level;
    if (s->started) {
        select_changed(s);
    }
}

static uint32_t bridge_transfer(SSIPeripheral *d, uint32_t value)
{
    SSIBridge *s = SSI_BRIDGE(d);

    return s->selected ? ask(s, 'T', value) : 0; /* the bus is the OR of what its chips say */
}

/* Lies over the CS register of the BCM2835's SPI: passes everything on and watches which chip-select a program takes. */
static uint64_t tap_read(void *opaque, hwaddr at, unsigned size)
{
    SSIBridge *s = opaque;
    uint64_t value = 0;

    memory_region_dispatch_read(s->registers, at, &value, MO_32, MEMTXATTRS_UNSPECIFIED);
    return value;
}

static void tap_write(void *opaque, hwaddr at, uint64_t value, unsigned size)
{
    SSIBridge *s = opaque;

    memory_region_dispatch_write(s->registers, at, value, MO_32, MEMTXATTRS_UNSPECIFIED);
    s->register_selects = (value & BCM2835_SPI_CS_TA) && (int)(value & 3) == s->native_cs;
    select_changed(s);
}

static const MemoryRegionOps tap_ops = {
    .read = tap_read,
    .write = tap_write,
    .endianness = DEVICE_NATIVE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

DeviceState *device_at(const char *path, Error **errp)
{
    Object *found = path ? object_resolve_path_type(path, TYPE_DEVICE, NULL) : NULL;

    if (!found) {
        error_setg(errp, "no device at QOM path %s", path ? path : "(none given)");
    }
    return found ? DEVICE(found) : NULL;
}

static void bridge_realize(SSIPeripheral *d, Error **errp)
{
    SSIBridge *s = SSI_BRIDGE(d);
    DeviceState *spi = qdev_get_parent_bus(DEVICE(d))->parent, *other;

    if (!qemu_chr_fe_backend_connected(&s->peer)) {
        error_setg(errp, "ssi-bridge: chardev= is required");
        return;
    }
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, time_has_come, s);
    qdev_init_gpio_in_named(DEVICE(d), gpio_select, "select", 1);
    if (s->cs_line >= 0) {
        if (!(other = device_at(s->cs_controller, errp))) {
            return;
        }
        qdev_connect_gpio_out(other, s->cs_line, qdev_get_gpio_in_named(DEVICE(d), "select", 0));
    }
    if (s->drdy_line >= 0) {
        if (!(other = device_at(s->drdy_controller, errp))) {
            return;
        }
        s->drdy = qdev_get_gpio_in(other, s->drdy_line);
    }
    if (s->native_cs >= 0) {
        s->registers = sysbus_mmio_get_region(SYS_BUS_DEVICE(spi), 0);
        memory_region_init_io(&s->register_tap, OBJECT(d), &tap_ops, s, "ssi-bridge-cs", 4);
        memory_region_add_subregion_overlap(s->registers->container, s->registers->addr, &s->register_tap, 10);
    }
    if (s->gic_irq >= 0) {
        if (!(other = device_at(s->gic, errp))) {
            return;
        }
        sysbus_connect_irq(SYS_BUS_DEVICE(spi), 0, qdev_get_gpio_in(other, s->gic_irq));
    }
}

/* Runs when the machine starts, all devices being in place. */
static void bridge_reset(DeviceState *d)
{
    SSIBridge *s = SSI_BRIDGE(d);

    s->started = true;
    ask(s, 'S', 0);
}

static const Property bridge_properties[] = {
    DEFINE_PROP_CHR("chardev", SSIBridge, peer),
    DEFINE_PROP_STRING("cs-controller", SSIBridge, cs_controller),
    DEFINE_PROP_INT32("cs-line", SSIBridge, cs_line, -1),
    DEFINE_PROP_STRING("drdy-controller", SSIBridge, drdy_controller),
    DEFINE_PROP_INT32("drdy-line", SSIBridge, drdy_line, -1),
    DEFINE_PROP_INT32("native-cs", SSIBridge, native_cs, -1),
    DEFINE_PROP_STRING("gic", SSIBridge, gic),
    DEFINE_PROP_INT32("gic-irq", SSIBridge, gic_irq, -1),
};

static void bridge_class_init(ObjectClass *klass, void *data)
{
    SSIPeripheralClass *k = SSI_PERIPHERAL_CLASS(klass);

    k->transfer = bridge_transfer;
    k->realize = bridge_realize;
    k->cs_polarity = SSI_CS_NONE; /* every byte comes; whether we are selected is ours to know */
    device_class_set_legacy_reset(DEVICE_CLASS(klass), bridge_reset);
    device_class_set_props(DEVICE_CLASS(klass), bridge_properties);
    set_bit(DEVICE_CATEGORY_MISC, DEVICE_CLASS(klass)->categories);
}

static const TypeInfo bridge_info = {
    .name = TYPE_SSI_BRIDGE,
    .parent = TYPE_SSI_PERIPHERAL,
    .instance_size = sizeof(SSIBridge),
    .class_init = bridge_class_init,
};

/* Loaded as a TCG plugin: the one way to get a device type into a stock QEMU. */
QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    type_register_static(&bridge_info);
    type_register_static(&gpio_edges_info);
    return 0;
}
