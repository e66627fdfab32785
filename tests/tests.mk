# SPDX-License-Identifier: GPL-2.0-only
# What the directories of test programs share: every test_*.c is a program, linked with $(LIB).
# Built in the Debian 13 tree, or anywhere that KSELFTEST points to the kernel's
# tools/testing/selftests and libdrm-dev is installed. Set before including: LIB, LDLIBS, DIRS
# (further directories of headers), PROGRAMS (further programs, with rules of their own).
KSELFTEST ?= /usr/src/kernel-tools/tools/testing/selftests

TESTS := $(patsubst %.c,%,$(wildcard test_*.c))

CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers \
	  -Wno-sign-compare -D_GNU_SOURCE -MMD $(DIRS:%=-I%) -isystem $(KSELFTEST) \
	  -ffp-contract=off $(shell pkg-config --cflags libdrm)

all: $(TESTS) $(PROGRAMS)

$(TESTS): %: %.o $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The objects that other directories' programs have too are libraries of their own
../vfio/libvfio.a ../guest/libdrv.a: FORCE
	$(MAKE) -C $(@D) $(@F)

clean:
	rm -f $(TESTS) $(PROGRAMS) *.o *.d *.a

-include $(wildcard *.d)

.PHONY: all clean FORCE
