/*
 * QEMU device "gpio-edges": the inputs of a Raspberry Pi's GPIO controller, which QEMU's own model leaves out.
 *
 * Test only, never distributed: it is built against QEMU's own headers and loaded into QEMU, and therefore falls under
 * QEMU's licence, GPL-2.0-or-later. Nothing of it becomes part of the product.
 *
 * Lies over the registers of bank 0 (BCM2835 ARM Peripherals, chapter 6) that tell of levels and events, and passes everything
 * else on. Its lines 0 to 31 are the pins; one that nobody drives keeps what QEMU's model says of it. An event raises the bank's
 * interrupt until the guest clears it: two edges before that are one to the guest, as they are on the chip.
 */
#include "qemu/osdep.h"
#include "qemu/module.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "qapi/error.h"
#include "parts.h"

#define TYPE_GPIO_EDGES "gpio-edges"
OBJECT_DECLARE_SIMPLE_TYPE(GPIOEdges, GPIO_EDGES)

/* Registers of bank 0; those of bank 1 lie 4 behind. */
enum { GPLEV0 = 0x34, GPEDS0 = 0x40, GPREN0 = 0x4C, GPFEN0 = 0x58, GPHEN0 = 0x64, GPLEN0 = 0x70, GPAREN0 = 0x7C, GPAFEN0 = 0x88 };
enum { FIRST = GPLEV0, END = GPAFEN0 + 4, PINS = 32 };

struct GPIOEdges {
    DeviceState parent_obj;
    /* properties */
    char *controller, *irq_controller, *irq_name;
    int32_t irq_line;
    /* registers */
    uint32_t wired, levels, status, rising, falling, high, low, fast_rising, fast_falling;
    qemu_irq irq;
    MemoryRegion tap, *registers;
};

static void update(GPIOEdges *s)
{
    s->status |= s->wired & ((s->levels & s->high) | (~s->levels & s->low));
    qemu_set_irq(s->irq, s->status != 0);
}

static void pin_driven(void *opaque, int pin, int level)
{
    GPIOEdges *s = opaque;
    uint32_t before = s->levels;

    s->wired |= 1u << pin;
    s->levels = deposit32(s->levels, pin, 1, level != 0);
    s->status |= (s->levels & ~before) & (s->rising | s->fast_rising);
    s->status |= (before & ~s->levels) & (s->falling | s->fast_falling);
    update(s);
}

static uint32_t *event_register(GPIOEdges *s, hwaddr at)
{
    switch (at) {
    case GPREN0: return &s->rising;
    case GPFEN0: return &s->falling;
    case GPHEN0: return &s->high;
    case GPLEN0: return &s->low;
    case GPAREN0: return &s->fast_rising;
    case GPAFEN0: return &s->fast_falling;
    default: return NULL;
    }
}

static uint64_t tap_read(void *opaque, hwaddr at, unsigned size)
{
    GPIOEdges *s = opaque;
    uint32_t *events = event_register(s, FIRST + at);
    uint64_t value = 0;

    if (events) {
        return *events;
    }
    if (FIRST + at == GPEDS0) {
        return s->status;
    }
    memory_region_dispatch_read(s->registers, FIRST + at, &value, MO_32, MEMTXATTRS_UNSPECIFIED);
    return FIRST + at == GPLEV0 ? (value & ~s->wired) | (s->levels & s->wired) : value;
}

static void tap_write(void *opaque, hwaddr at, uint64_t value, unsigned size)
{
    GPIOEdges *s = opaque;
    uint32_t *events = event_register(s, FIRST + at);

    if (events) {
        *events = value;
    } else if (FIRST + at == GPEDS0) {
        s->status &= ~value;
    } else {
        memory_region_dispatch_write(s->registers, FIRST + at, value, MO_32, MEMTXATTRS_UNSPECIFIED);
    }
    update(s);
}

static const MemoryRegionOps tap_ops = {
    .read = tap_read,
    .write = tap_write,
    .endianness = DEVICE_NATIVE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void edges_realize(DeviceState *d, Error **errp)
{
    GPIOEdges *s = GPIO_EDGES(d);
    DeviceState *gpio = device_at(s->controller, errp), *interrupts;

    if (!gpio || !(interrupts = device_at(s->irq_controller, errp))) {
        return;
    }
    s->irq = qdev_get_gpio_in_named(interrupts, s->irq_name, s->irq_line);
    s->registers = sysbus_mmio_get_region(SYS_BUS_DEVICE(gpio), 0);
    memory_region_init_io(&s->tap, OBJECT(d), &tap_ops, s, TYPE_GPIO_EDGES, END - FIRST);
    memory_region_add_subregion_overlap(s->registers->container, s->registers->addr + FIRST, &s->tap, 10);
    qdev_init_gpio_in(d, pin_driven, PINS);
}

static const Property edges_properties[] = {
    DEFINE_PROP_STRING("controller", GPIOEdges, controller),
    DEFINE_PROP_STRING("irq-controller", GPIOEdges, irq_controller),
    DEFINE_PROP_STRING("irq-name", GPIOEdges, irq_name),
    DEFINE_PROP_INT32("irq-line", GPIOEdges, irq_line, 0),
};

static void edges_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *k = DEVICE_CLASS(klass);

    k->realize = edges_realize;
    device_class_set_props(k, edges_properties);
    set_bit(DEVICE_CATEGORY_MISC, k->categories);
}

const TypeInfo gpio_edges_info = {
    .name = TYPE_GPIO_EDGES,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(GPIOEdges),
    .class_init = edges_class_init,
};
