# SPDX-License-Identifier: GPL-2.0-only
# The commands a person types. Kbuild, next to this file, is the kernel's part.
#
#   make demo         set up, then three virtual machines under three schedulers: out/demo/report.html
#   make check        set up, then all tests
#   make check-debug  the tests on a kernel with KASAN, lockdep, kmemleak, then on one with KCSAN
#                     (built once, 10 min each)
#   make bench        figures in exact virtual time
#   make fuzz         fuzz what guests reach: SECONDS= each (600), SEED=, TARGET= (all): out/fuzz
#   make hostile      attacks on a victim's neighbours: SECONDS= (600), SEED=, FIRST= operation (0)
#   make recovery     owners killed, resets, hangs: KILLS= (1000), UNBINDS= (50), FLRS= (100),
#                     HANGS= (10000), SEED=
#   make isolation    what is promised of isolation, measured: out/bench/isolation.json
#   make lint         static checks alone
#   make lab          set up alone, and build everything in the Debian 13 tree
#   make modules      the modules, for the running kernel (KVER=) or a build tree (KDIR=)
#   make install      modules, library and the tessera command (PREFIX=, DESTDIR=)
#   make clean        what builds and runs left in this clone; the set-up's cache stays
#   tools/tessera compare   scheduling policies side by side on several workloads: out/compare/compare.html

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
DESTDIR ?=
# Of make recovery
KILLS ?= 1000
UNBINDS ?= 50
FLRS ?= 100
HANGS ?= 10000
# Of make fuzz and make hostile. bash has a variable of this name
SECONDS ?= 600
unexport SECONDS

all: modules

help:
	@sed -n 's/^#   //p' Makefile

lab:
	@tests/lab/setup.sh 6.12 6.1
	@tests/lab/build.sh 6.12 6.1 user

demo:
	@tests/demo/run.sh

check: lab
	@tests/run.sh --when check

check-debug: lab
	@tests/lab/setup.sh debug race kunit
	@tests/lab/build.sh debug race
	@tests/run.sh --when debug; rc=$$?; tests/run.sh --when race && exit $$rc

bench: lab
	@DETERMINISTIC=1 tests/run.sh --when bench; rc=$$?; \
		sed -n 's/^\(\(not \)\{0,1\}ok\) [0-9]*/\1/p; s/^# //p' out/tests/bench/ktap; exit $$rc

fuzz:
	@tests/lab/setup.sh --tree
	@tests/lab/build.sh tests/fuzz
	@tests/fuzz/run.sh long "$(SECONDS)" "$(SEED)" "$(TARGET)"

# Of TESSERA_KERNEL=debug or race
define own-kernel
case "$(TESSERA_KERNEL)" in debug | race) tests/lab/setup.sh "$(TESSERA_KERNEL)" && \
	tests/lab/build.sh "$(TESSERA_KERNEL)" ;; esac
endef

# With DETERMINISTIC=1 in the exact clock, where a run is the same again; TESSERA_KERNEL=debug or race
hostile: lab
	@$(own-kernel)
	@tests/in-host/run.sh $(if $(filter 1,$(DETERMINISTIC)),hostile,hostile-smp) \
		"$(SECONDS)" "$(SEED)" "$(FIRST)"

# Likewise
recovery: lab
	@$(own-kernel)
	@tests/in-host/run.sh $(if $(filter 1,$(DETERMINISTIC)),recovery,recovery-smp) \
		"$(KILLS)" "$(SEED)" "$(UNBINDS)" "$(FLRS)" "$(HANGS)"
isolation: lab
	@tests/run.sh vfio lifecycle guests shares hostile recovery recovery-smp; \
		tests/lab/in-tree.sh --bind "$(CURDIR)/out:/out" \
			/repo/tests/isolation/isolation.py /out/tests /out/bench/isolation.json

lint:
	@tests/lab/setup.sh --tree
	@tests/run.sh lint

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install

INSTALL_DIRS = $(patsubst %/Makefile,%,$(wildcard guest-driver/libtessera/Makefile tools/Makefile))

install: modules_install
	@for d in $(INSTALL_DIRS); do \
		$(MAKE) -C $$d PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) install || exit 1; \
	done

clean:
	rm -rf out sched/sim/build sched/bench/build sched/test/build
	find . -path ./.git -prune -o \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name modules.order -o -name Module.symvers \) -type f -print | xargs -r rm -f

.PHONY: all help lab demo check check-debug bench fuzz hostile recovery isolation lint modules \
	modules_install install clean
