/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bind.h - between the files that tie the layers together
 */
#ifndef TESSERA_BIND_H
#define TESSERA_BIND_H

#include <linux/pci.h>
#include <linux/workqueue.h>

/* bind.c */
extern struct pci_driver tessera_pci_driver;

/* reset.c */
extern const struct pci_error_handlers tessera_reset_handlers;

void tessera_reset_work(struct work_struct *work);

#endif /* TESSERA_BIND_H */
