/*
 * What the parts of the plugin share. Test only; GPL-2.0-or-later like all of it, see ssi-bridge.c.
 */
#ifndef PARTS_H
#define PARTS_H

#include "qom/object.h"
#include "hw/qdev-core.h"

extern const TypeInfo gpio_edges_info;

/* The device at a QOM path. */
DeviceState *device_at(const char *path, Error **errp);

#endif
