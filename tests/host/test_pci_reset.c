// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pci_reset.c - the PCI core resets the accelerator under vGPUs that work: because the
 * operator says so, and to recover from an error of the bus
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

/* Reset by the mediator itself, and by others */
#define OWN	"stopped answering and is reset"
#define OTHERS	"is reset by the PCI core"

/*
 * From the end of the reset to the guest's being told, and at work again. It takes some 50 ms; a
 * guest that isn't told waits for 20 s
 */
#define SOON_NS	5000000000ull

/* What is written to /dev/aer_inject */
struct aer_error {
	uint8_t bus, dev, fn;
	uint32_t uncorrectable, correctable, header_log[4];
	uint32_t domain;
};

#define AER_DATA_LINK		0x00000010	/* fatal */
#define AER_COMPLETION_TIMEOUT	0x00004000	/* not fatal */

struct side {
	struct vdev v;
	struct t1 t;
	struct t1_queue q;
	struct vdev_mem mem;
	int lost;	/* VFIO's error interrupt */
};

FIXTURE(pci_reset)
{
	struct side s[2];
};

FIXTURE_VARIANT(pci_reset)
{
	uint32_t uncorrectable;	/* 0: no error, but the operator's word */
};

FIXTURE_VARIANT_ADD(pci_reset, by_operator)
{
};

FIXTURE_VARIANT_ADD(pci_reset, by_error)
{
	.uncorrectable = AER_COMPLETION_TIMEOUT,
};

static int bring_up(struct side *s)
{
	int ret = t1_start(&s->t, &s->v);

	if (!ret)
		ret = t1_queue_simple(&s->t, &s->q, 0, T1_ENGINE_COPY);
	if (!ret && !s->mem.cpu)
		ret = vdev_mem_alloc(&s->v, 1 << 20, 4096, &s->mem);
	return ret ? ret : t1_map_mem(&s->t, 0, VA, &s->mem);
}

static int side_make(struct side *s, const char *type)
{
	int ret = vdev_create(&s->v, type);

	s->lost = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!ret)
		ret = vdev_irq_set_index(&s->v, VFIO_PCI_ERR_IRQ_INDEX, s->lost);
	if (!ret)
		ret = bring_up(s);
	return ret ? ret : t1_run(&s->q, &FILL(VA, 4096, 1));
}

FIXTURE_SETUP(pci_reset)
{
	ASSERT_NE(NULL, mdev_parent());
	fresh();
	ASSERT_EQ(0, side_make(&self->s[0], "V4"));
	ASSERT_EQ(0, side_make(&self->s[1], "V8"));
}

FIXTURE_TEARDOWN(pci_reset)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(self->s); i++) {
		EXPECT_EQ(0, vdev_destroy(&self->s[i].v));
		close(self->s[i].lost);
	}
}

FIXTURE(pci_lost)
{
	struct side s;
};

FIXTURE_SETUP(pci_lost)
{
	ASSERT_NE(NULL, mdev_parent());
	fresh();
	ASSERT_EQ(0, side_make(&self->s, "V4"));
}

FIXTURE_TEARDOWN(pci_lost)
{
	EXPECT_EQ(0, vdev_destroy(&self->s.v));
	close(self->s.lost);
}

static void load(struct side *s)
{
	unsigned int n;

	for (n = 0; n < 100; n++)
		t1_push(&s->q, &FILL(VA, 1 << 20, n));
	t1_kick(&s->q);
}

/* Each guest has been told, as after a reset by the mediator, and works again. */
static void told_and_well(struct __test_metadata *_metadata, struct side *s, uint64_t since)
{
	struct t1_event ev;

	ASSERT_EQ(0, t1_event(&s->t, &ev, T1_TIMEOUT_MS));
	EXPECT_EQ(T1_EV_FAULT, ev.type);
	EXPECT_EQ(T1_FAULT_ENGINE_RESET, ev.fault);
	EXPECT_EQ(0, ev.ctx);
	while (!(vdev_reg(&s->v, T1_REG_STATUS) & T1_STATUS_FATAL) && now_ns() < since + SOON_NS)
		sleep_us(1000);
	EXPECT_EQ(T1_STATUS_FATAL, vdev_reg(&s->v, T1_REG_STATUS));
	EXPECT_EQ(0, mdev_stat(s->v.uuid, "pinned_pages"));
	ASSERT_EQ(0, t1_ctrl_reset(&s->t));
	ASSERT_EQ(0, bring_up(s));
	ASSERT_EQ(0, t1_run(&s->q, &FILL(VA, 4096, 0x77)));
	EXPECT_EQ(0x77, *(uint32_t *)s->mem.cpu);
	TH_LOG("works again after %llu ms", (unsigned long long)(now_ns() - since) / 1000000);
	EXPECT_GT(since + SOON_NS, now_ns());
	/* Nobody was to blame, and nothing was lost for good */
	EXPECT_FALSE(signalled(s->lost, 0));
}

/* The root port above the accelerator */
static bool port_of(const char *bdf, struct aer_error *error)
{
	char path[128], link[256], *parent;
	unsigned int domain, bus, dev, fn;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", bdf);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	*strrchr(link, '/') = '\0';
	parent = strrchr(link, '/') + 1;
	if (sscanf(parent, "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		return false;
	error->domain = domain;
	error->bus = bus;
	error->dev = dev;
	error->fn = fn;
	return true;
}

static int by_operator(void)
{
	return sysfs_write("1", "/sys/bus/pci/devices/%s/reset", mdev_parent());
}

/*
 * An error that the port above has seen. 1: there is no way to inject one; -ENOLINK: recovery from
 * it has failed.
 */
static int by_error(uint32_t uncorrectable)
{
	struct aer_error error = { .uncorrectable = uncorrectable };
	int inject = open("/dev/aer_inject", O_WRONLY);
	uint64_t end = now_ns() + 20000000000ull;
	ssize_t n;
	char *log;

	if (inject < 0 || !port_of(mdev_parent(), &error))
		return 1;
	n = write(inject, &error, sizeof(error));
	close(inject);
	if (n < 0)
		return -errno;
	do {
		sleep_us(10000);
		log = log_since_mark();
		if (log && strstr(log, "device recovery successful"))
			return 0;
		if (log && strstr(log, "device recovery failed"))
			return -ENOLINK;
	} while (now_ns() < end);
	return -ETIMEDOUT;
}

TEST_F_TIMEOUT(pci_reset, all_go_on, 90)
{
	volatile uint32_t *vram = vdev_direct(&self->s[0].v, BAR2, 0, 4096);
	uint64_t done;
	int round, ret;
	char *log;

	for (round = 0; round < 3; round++) {
		vram[round] = 0x600d + round;
		load(&self->s[0]);
		load(&self->s[1]);
		ASSERT_EQ(0, log_mark());
		ret = variant->uncorrectable ? by_error(variant->uncorrectable) : by_operator();
		if (ret == 1)
			SKIP(return, "no way to inject an error");
		ASSERT_EQ(0, ret);
		done = now_ns();
		told_and_well(_metadata, &self->s[0], done);
		told_and_well(_metadata, &self->s[1], done);
		log = log_since_mark();
		ASSERT_NE(NULL, log);
		EXPECT_NE(NULL, strstr(log, OTHERS));
		EXPECT_EQ(NULL, strstr(log, OWN));
	}
	/* A page that was mapped is the same page */
	for (round = 0; round < 3; round++)
		EXPECT_EQ(0x600d + round, vram[round]);
}

/* An accelerator that came out of a reset of the bus without its BARs: found anew. */
static int find_again(const char *bdf)
{
	int ret = sysfs_write("1", "/sys/bus/pci/devices/%s/remove", bdf);

	if (!ret)
		ret = sysfs_write("1", "/sys/bus/pci/rescan");
	if (!ret)
		ret = sysfs_write("tessera", "/sys/bus/pci/devices/%s/driver_override", bdf);
	return ret ? ret : sysfs_write(bdf, "/sys/bus/pci/drivers_probe");
}

/*
 * An error of the link: the port resets what is below it. QEMU's does not bring its link up again,
 * so that the PCI core gives up; then the accelerator is lost, and its users hear of that.
 */
TEST_F_TIMEOUT(pci_lost, users_hear, 90)
{
	struct side *s = &self->s;
	char bdf[16], uuid[MDEV_UUID_LEN];
	uint64_t done;
	char *log;
	int ret;

	load(s);
	ASSERT_EQ(0, log_mark());
	ret = by_error(AER_DATA_LINK);
	if (ret == 1)
		SKIP(return, "no way to inject an error");
	done = now_ns();
	if (!ret) {
		told_and_well(_metadata, s, done);
		return;
	}
	ASSERT_EQ(-ENOLINK, ret);
	EXPECT_TRUE(signalled(s->lost, 20000));
	while (!(vdev_reg(&s->v, T1_REG_STATUS) & T1_STATUS_FATAL) &&
	       now_ns() < done + 4 * SOON_NS)
		sleep_us(1000);
	EXPECT_EQ(T1_STATUS_FATAL, vdev_reg(&s->v, T1_REG_STATUS));
	log = log_since_mark();
	ASSERT_NE(NULL, log);
	EXPECT_NE(NULL, strstr(log, "is out of service"));
	/* It can be given back, and the accelerator found anew */
	snprintf(bdf, sizeof(bdf), "%s", mdev_parent());
	EXPECT_EQ(0, vdev_destroy(&s->v));
	s->v.uuid[0] = '\0';
	ASSERT_EQ(0, find_again(bdf));
	ASSERT_EQ(0, mdev_create("V1", uuid));
	EXPECT_EQ(0, mdev_remove(uuid));
}

TEST_HARNESS_MAIN
