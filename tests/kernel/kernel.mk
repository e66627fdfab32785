# SPDX-License-Identifier: GPL-2.0-only
# For Makefiles of tests that compile kmod's sources in user space. Set before including: OUT.
# KERNEL_CFLAGS has kernel.h included first, and finds, for each header of the kernel's that user
# space does not have, an empty one, which a program has to depend on: $(KERNEL_HDRS).
KERNEL_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
KERNEL_EMPTY := linux/atomic.h linux/bitmap.h linux/bitops.h linux/bits.h linux/completion.h \
	linux/device.h linux/dma-mapping.h linux/hrtimer.h linux/io-64-nonatomic-lo-hi.h \
	linux/io.h linux/kobject.h linux/list.h linux/mdev.h linux/mutex.h linux/ratelimit.h linux/rbtree.h \
	linux/rwsem.h linux/sched/signal.h linux/sizes.h linux/slab.h linux/spinlock.h \
	linux/tracepoint.h linux/unaligned.h linux/wait.h linux/workqueue.h linux/xarray.h \
	trace/define_trace.h tessera_compat.h
KERNEL_HDRS := $(KERNEL_DIR)/kernel.h $(KERNEL_EMPTY:%=$(OUT)/include/%)
KERNEL_CFLAGS := -include $(KERNEL_DIR)/kernel.h -DTESSERA_HAVE_LINUX_UNALIGNED_H \
	-I$(OUT)/include -I$(KERNEL_DIR)/../../kmod -I$(KERNEL_DIR)/../../sched \
	-I$(KERNEL_DIR)/../../uapi

$(OUT)/include/%.h:
	@mkdir -p $(@D)
	@touch $@
