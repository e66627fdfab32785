// SPDX-License-Identifier: GPL-2.0-only
/*
 * tessera-test.c - the T1 as a PCIe function of a whole machine
 *
 * The device core has unit tests of its own; here is what only QEMU around it shows:
 * config space, BARs, MSI-X, DMA, the virtual clock, FLR, migration. The machine runs
 * no firmware: the test sets up config space, and time moves when it says so.
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qobject/qdict.h"
#include "../../hw/misc/tessera/t1_hw.h"

#define ADDR		4u		/* slot on the root bus */
#define BAR0		0xfe000000ull
#define BAR2		0xd0000000ull
#define BAR4		0xfe100000ull
#define VRAM_BYTES	(16u << 20)

/* guest memory, all of it the test's own */
#define MSI_BASE	0x100000ull	/* a word for each vector */
#define ASQ		0x110000ull
#define ACQ		0x111000ull
#define EVQ		0x112000ull
#define RESULT		0x113000ull
#define RING		0x120000ull
#define CB		0x121000ull
#define DATA		0x130000ull

#define VA_RAM		0x0ull		/* va of guest physical address 0 */
#define VA_VRAM		0x40000000ull

#define PM_CAP		0x60
#define EXP_CAP		0x80

struct dev {
	QTestState *qts;
	uint32_t asq_tail, acq_head, acq_phase, evq_head, evq_phase, tail;
};

static void expect(int line, const char *what, uint64_t is, uint64_t due)
{
	if (is != due)
		g_error("line %d: %s is 0x%" PRIx64 ", should be 0x%" PRIx64, line, what, is, due);
}

#define EXPECT(is, due)	expect(__LINE__, #is, is, due)

static uint32_t cfg_read(struct dev *d, unsigned int off)
{
	qtest_outl(d->qts, 0xcf8, 0x80000000 | ADDR << 11 | (off & 0xfc));
	return qtest_inl(d->qts, 0xcfc);
}

static void cfg_write(struct dev *d, unsigned int off, uint32_t val)
{
	qtest_outl(d->qts, 0xcf8, 0x80000000 | ADDR << 11 | (off & 0xfc));
	qtest_outl(d->qts, 0xcfc, val);
}

static uint32_t rd(struct dev *d, uint64_t off)
{
	return qtest_readl(d->qts, BAR0 + off);
}

static void wr(struct dev *d, uint64_t off, uint32_t val)
{
	qtest_writel(d->qts, BAR0 + off, val);
}

static uint64_t busy(struct dev *d, unsigned int e)
{
	uint64_t lo = rd(d, T1_ENGINE_BASE(e) + T1_ENG_BUSY_NS_LO);

	return lo | (uint64_t)rd(d, T1_ENGINE_BASE(e) + T1_ENG_BUSY_NS_HI) << 32;
}

static void setup_config(struct dev *d)
{
	unsigned int i;

	cfg_write(d, 0x10, BAR0);
	cfg_write(d, 0x18, BAR2);
	cfg_write(d, 0x1c, BAR2 >> 32);
	cfg_write(d, 0x20, BAR4);
	cfg_write(d, 0x04, 0x0006);	/* memory, bus master */
	cfg_write(d, 0x40, cfg_read(d, 0x40) | 0x80000000u);	/* MSI-X enable */
	for (i = 0; i < T1_MAX_VECTORS; i++) {
		qtest_writel(d->qts, BAR4 + 16 * i, MSI_BASE + 4 * i);
		qtest_writel(d->qts, BAR4 + 16 * i + 4, 0);
		qtest_writel(d->qts, BAR4 + 16 * i + 8, 0x1000 + i);
		qtest_writel(d->qts, BAR4 + 16 * i + 12, 0);
	}
}

static bool irq_seen(struct dev *d, unsigned int vector)
{
	bool seen = qtest_readl(d->qts, MSI_BASE + 4 * vector) == 0x1000 + vector;

	qtest_writel(d->qts, MSI_BASE + 4 * vector, 0);
	return seen;
}

static void enable(struct dev *d)
{
	qtest_memset(d->qts, ASQ, 0, 0x4000);
	wr(d, T1_REG_ASQ_BASE_LO, ASQ);
	wr(d, T1_REG_ASQ_SIZE, 16);
	wr(d, T1_REG_ACQ_BASE_LO, ACQ);
	wr(d, T1_REG_ACQ_SIZE, 16);
	wr(d, T1_REG_EVQ_BASE_LO, EVQ);
	wr(d, T1_REG_EVQ_SIZE, 16);
	wr(d, T1_REG_CTRL, T1_CTRL_ENABLE);
	EXPECT(rd(d, T1_REG_STATUS), T1_STATUS_READY);
	d->asq_tail = 0;
	d->acq_head = 0;
	d->evq_head = 0;
	d->acq_phase = 1;
	d->evq_phase = 1;
	d->tail = 0;
}

/* QTEST_QEMU_ARGS says where the firmware is, for a QEMU that isn't run where it was built. */
static QTestState *machine(const char *props, const char *args)
{
	const char *more = getenv("QTEST_QEMU_ARGS");

	return qtest_initf("-M q35 -m 64M -nodefaults -device tessera,addr=%x,vram=16M%s %s %s",
			   ADDR, props, args, more ? more : "");
}

static void start(struct dev *d, const char *props)
{
	memset(d, 0, sizeof(*d));
	d->qts = machine(props, "");
	setup_config(d);
}

static unsigned int admin(struct dev *d, struct t1_admin_cmd cmd)
{
	struct t1_admin_cpl cpl;

	cmd.cid = 0x55aa;
	qtest_memwrite(d->qts, ASQ + d->asq_tail * sizeof(cmd), &cmd, sizeof(cmd));
	d->asq_tail = (d->asq_tail + 1) % 16;
	wr(d, T1_REG_ASQ_TAIL, d->asq_tail);
	qtest_memread(d->qts, ACQ + d->acq_head * sizeof(cpl), &cpl, sizeof(cpl));
	EXPECT(cpl.phase, d->acq_phase);
	EXPECT(cpl.cid, 0x55aa);
	g_assert_true(irq_seen(d, 0));
	d->acq_head = (d->acq_head + 1) % 16;
	d->acq_phase ^= !d->acq_head;
	wr(d, T1_REG_ACQ_HEAD, d->acq_head);
	return cpl.status;
}

static bool event(struct dev *d, struct t1_event *ev)
{
	qtest_memread(d->qts, EVQ + d->evq_head * sizeof(*ev), ev, sizeof(*ev));
	if (ev->phase != d->evq_phase)
		return false;
	d->evq_head = (d->evq_head + 1) % 16;
	d->evq_phase ^= !d->evq_head;
	wr(d, T1_REG_EVQ_HEAD, d->evq_head);
	return true;
}

static struct t1_event expect_event(struct dev *d, unsigned int type)
{
	struct t1_event ev;

	g_assert_true(event(d, &ev));
	EXPECT(ev.type, type);
	return ev;
}

static void map(struct dev *d, uint32_t ctx, uint64_t va, uint64_t addr, uint32_t npages,
		uint32_t flags)
{
	struct t1_admin_cmd cmd = {
		.opcode = T1_ADMIN_MAP, .ctx = ctx,
		.flags = flags | T1_MAP_READ | T1_MAP_WRITE | T1_MAP_CONTIG,
		.map = { .va = va, .npages = npages, .list = addr },
	};

	EXPECT(admin(d, cmd), T1_ST_OK);
}

static void setup_queue(struct dev *d, unsigned int engine)
{
	struct t1_admin_cmd create = { .opcode = T1_ADMIN_CTX_CREATE };
	struct t1_admin_cmd queue = {
		.opcode = T1_ADMIN_QUEUE_CREATE,
		.queue = { .slot = 0, .engine = engine, .ring_va = RING, .cb_va = CB,
			   .ring_log2 = 6, .vector = 7 },
	};

	EXPECT(admin(d, create), T1_ST_OK);
	map(d, 0, VA_RAM, 0, 32, T1_MAP_HUGE);
	map(d, 0, VA_VRAM, 0, VRAM_BYTES >> 21, T1_MAP_HUGE | T1_MAP_VRAM);
	qtest_memset(d->qts, RING, 0, 0x2000);
	EXPECT(admin(d, queue), T1_ST_OK);
}

static void put(struct dev *d, struct t1_cmd cmd)
{
	qtest_memwrite(d->qts, RING + (d->tail++ % 64) * sizeof(cmd), &cmd, sizeof(cmd));
}

static void kick(struct dev *d)
{
	wr(d, T1_DB_OFF(0), d->tail);
}

static struct t1_cmd fence(uint64_t va, uint64_t value, unsigned int flags)
{
	return (struct t1_cmd){ .opcode = T1_OP_FENCE, .flags = flags,
				     .sync = { .va = va, .value = value } };
}

static struct t1_cmd hang(uint64_t ns, unsigned int flags)
{
	return (struct t1_cmd){ .opcode = T1_OP_HANG, .flags = flags,
				     .hang = { .ns = ns } };
}

static void test_config(void)
{
	struct dev d;

	start(&d, "");
	EXPECT(cfg_read(&d, 0), T1_PCI_DEVICE_ID << 16 | T1_PCI_VENDOR_ID);
	EXPECT(cfg_read(&d, 8), T1_PCI_CLASS << 8 | T1_PCI_REVISION);
	/* sizes */
	cfg_write(&d, 0x04, 0);
	cfg_write(&d, 0x10, ~0u);
	EXPECT(cfg_read(&d, 0x10), ~(T1_BAR_REGS_SIZE - 1));
	cfg_write(&d, 0x18, ~0u);
	EXPECT(cfg_read(&d, 0x18), ~(VRAM_BYTES - 1) | 0xc);
	/* capabilities: MSI-X of 65 vectors, power management, PCIe with FLR */
	EXPECT(cfg_read(&d, 0x40) & 0x07ff00ff, 64 << 16 | 0x11);
	EXPECT(cfg_read(&d, PM_CAP) & 0xff, 0x01);
	EXPECT(cfg_read(&d, EXP_CAP) & 0xff, 0x10);
	EXPECT(cfg_read(&d, EXP_CAP + 4) & (1 << 28), 1 << 28);
	setup_config(&d);
	EXPECT(rd(&d, T1_REG_MAGIC), T1_MAGIC);
	EXPECT(rd(&d, T1_REG_VERSION), T1_HW_VERSION);
	EXPECT(rd(&d, T1_REG_CAPS) & T1_CAP_HANG, 0);
	EXPECT(rd(&d, T1_REG_VRAM_SIZE_LO), VRAM_BYTES);
	/* other sizes of access read as zero, of write are dropped */
	EXPECT(qtest_readw(d.qts, BAR0), 0);
	EXPECT(qtest_readb(d.qts, BAR0 + 1), 0);
	EXPECT(qtest_readq(d.qts, BAR0), 0);
	qtest_writeq(d.qts, BAR0 + T1_REG_ASQ_BASE_LO, ~0ull);
	EXPECT(rd(&d, T1_REG_ASQ_BASE_LO), 0);
	/* VRAM is memory */
	qtest_writeq(d.qts, BAR2 + VRAM_BYTES - 8, 0x1122334455667788ull);
	EXPECT(qtest_readq(d.qts, BAR2 + VRAM_BYTES - 8), 0x1122334455667788ull);
	/* in D3hot the function does not answer, and forgets nothing */
	wr(&d, T1_REG_ASQ_SIZE, 16);
	cfg_write(&d, PM_CAP + 4, 3);
	g_assert_true(rd(&d, T1_REG_MAGIC) != T1_MAGIC);
	cfg_write(&d, PM_CAP + 4, 0);
	EXPECT(rd(&d, T1_REG_ASQ_SIZE), 16);
	qtest_quit(d.qts);
}

static void test_identify(void)
{
	struct t1_admin_cmd cmd = { .opcode = T1_ADMIN_IDENTIFY, .addr = RESULT };
	struct t1_identify id;
	struct dev d;

	start(&d, ",switch-us=3,tile-us=20,clock-mhz=1000,vram-gbps=100,dma-gbps=16,hang=on");
	enable(&d);
	EXPECT(admin(&d, cmd), T1_ST_OK);
	qtest_memread(d.qts, RESULT, &id, sizeof(id));
	EXPECT(id.magic, T1_MAGIC);
	EXPECT(id.caps, rd(&d, T1_REG_CAPS));
	EXPECT(id.caps & T1_CAP_HANG, T1_CAP_HANG);
	EXPECT(id.vram_bytes, VRAM_BYTES);
	EXPECT(id.switch_ns, 3000);
	EXPECT(id.tile_ns, 20000);
	EXPECT(id.clock_mhz, 1000);
	EXPECT(id.vram_mb_per_s, 100000);
	EXPECT(id.dma_mb_per_s, 16000);
	g_assert_true(!g_strcmp0(id.model, "Tessera T1"));
	cmd.addr = 1ull << 40;
	EXPECT(admin(&d, cmd), T1_ST_BAD_ADDRESS);
	qtest_quit(d.qts);
}

static void test_gemm(void)
{
	const float a[4] = { 1, 2, 3, 4 }, b[4] = { 5, 6, 7, 8 };
	const uint64_t t0 = 1000000;
	struct t1_cmd gemm = {
		.opcode = T1_OP_GEMM,
		.gemm = { .a = VA_VRAM, .b = VA_VRAM + 0x1000, .c = DATA, .m = 2, .n = 2,
			  .k = 2, .lda = 2, .ldb = 2, .ldc = 2 },
	};
	struct t1_cmd time = { .opcode = T1_OP_TIMESTAMP, .sync = { .va = DATA + 32 } };
	struct dev d;
	uint64_t end;
	float c[4];

	start(&d, "");
	qtest_clock_set(d.qts, t0);
	enable(&d);
	setup_queue(&d, T1_ENGINE_COMPUTE);
	qtest_memwrite(d.qts, BAR2, a, sizeof(a));
	qtest_memwrite(d.qts, BAR2 + 0x1000, b, sizeof(b));
	put(&d, gemm);
	put(&d, time);
	put(&d, fence(DATA + 64, 42, T1_FENCE_IRQ));
	kick(&d);
	qtest_clock_step(d.qts, 100);
	EXPECT(qtest_readl(d.qts, DATA), 0);
	EXPECT(busy(&d, 0), 100);
	qtest_clock_step(d.qts, 100000);
	qtest_memread(d.qts, DATA, c, sizeof(c));
	g_assert_true(c[0] == 19 && c[1] == 22 && c[2] == 43 && c[3] == 50);
	EXPECT(qtest_readq(d.qts, DATA + 64), 42);
	g_assert_true(irq_seen(&d, 7));
	EXPECT(qtest_readl(d.qts, CB), 3);
	end = qtest_readq(d.qts, DATA + 32);
	/* the clock stood still from the doorbell on, so this is the model's time alone */
	g_assert_true(end > t0 + 400);
	EXPECT(busy(&d, 0), end - t0 + 200);
	EXPECT(qtest_readq(d.qts, CB + 8), busy(&d, 0));
	qtest_quit(d.qts);
}

static void test_runlist(void)
{
	struct t1_event ev;
	struct dev d;
	uint64_t t;

	start(&d, ",hang=on");
	enable(&d);
	wr(&d, T1_REG_SCHED_CTRL, T1_SCHED_EXPLICIT);
	setup_queue(&d, T1_ENGINE_COMPUTE);
	put(&d, hang(0, 0));
	kick(&d);
	EXPECT(expect_event(&d, T1_EV_CTX_PENDING).ctx, 0);
	g_assert_true(irq_seen(&d, 0));
	t = qtest_clock_step(d.qts, 1000);
	wr(&d, T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_LO, 1);
	wr(&d, T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_SUBMIT, 5 | T1_RL_PREEMPT_STRICT);
	qtest_clock_step(d.qts, 5000);
	EXPECT(expect_event(&d, T1_EV_RUNLIST_SWITCHED).time_ns, t + 5000);
	qtest_clock_step(d.qts, 33333);
	wr(&d, T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_LO, 0);
	wr(&d, T1_ENGINE_BASE(0) + T1_ENG_RUNLIST_SUBMIT, 6 | T1_RL_PREEMPT_STRICT);
	qtest_clock_step(d.qts, 100000);
	ev = expect_event(&d, T1_EV_RUNLIST_SWITCHED);
	EXPECT(ev.token, 6);
	EXPECT(ev.busy_ns, 40000);
	EXPECT(ev.time_ns, t + 5000 + 40000 + 5000);
	qtest_quit(d.qts);
}

static void test_faults(void)
{
	static const struct {
		uint64_t va;
		unsigned int fault;
	} bad[] = {
		{ 0x70000000, T1_FAULT_UNMAPPED },
		{ 0x50000000, T1_FAULT_BUS_ERROR },	/* no memory there */
		{ 0x51000000, T1_FAULT_BUS_ERROR },	/* its own registers */
		{ DATA + 1, T1_FAULT_MISALIGNED },
	};
	struct t1_admin_cmd query = {
		.opcode = T1_ADMIN_FAULT_QUERY, .flags = T1_FAULT_QUERY_CLEAR,
		.addr = RESULT,
	};
	struct t1_admin_cmd reset = { .opcode = T1_ADMIN_QUEUE_RESET };
	struct t1_fault fault;
	struct t1_event ev;
	struct dev d;
	unsigned int i;

	start(&d, "");
	enable(&d);
	setup_queue(&d, T1_ENGINE_COPY);
	map(&d, 0, 0x50000000, 1ull << 40, 1, 0);
	map(&d, 0, 0x51000000, BAR0, 1, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put(&d, fence(bad[i].va, T1_CTRL_RESET, 0));
		kick(&d);
		qtest_clock_step(d.qts, 10000);
		ev = expect_event(&d, T1_EV_FAULT);
		EXPECT(ev.fault, bad[i].fault);
		g_assert_true(irq_seen(&d, 0));
		EXPECT(admin(&d, query), T1_ST_OK);
		qtest_memread(d.qts, RESULT, &fault, sizeof(fault));
		EXPECT(fault.fault, bad[i].fault);
		EXPECT(fault.opcode, T1_OP_FENCE);
		EXPECT(admin(&d, reset), T1_ST_OK);
		d.tail = 0;
	}
	put(&d, fence(DATA, 1, T1_FENCE_IRQ));
	kick(&d);
	qtest_clock_step(d.qts, 10000);
	g_assert_true(irq_seen(&d, 7));
	/* without bus mastering nothing can be reached: the device says so and stops */
	cfg_write(&d, 0x04, 0x0002);
	wr(&d, T1_REG_ASQ_TAIL, (d.asq_tail + 1) % 16);
	EXPECT(rd(&d, T1_REG_STATUS), T1_STATUS_FATAL);
	cfg_write(&d, 0x04, 0x0006);
	wr(&d, T1_REG_CTRL, T1_CTRL_RESET);
	enable(&d);
	qtest_quit(d.qts);
}

static void test_flr(void)
{
	struct dev d;

	start(&d, ",hang=on");
	enable(&d);
	setup_queue(&d, T1_ENGINE_COMPUTE);
	put(&d, hang(0, T1_HANG_NO_PREEMPT));
	kick(&d);
	qtest_clock_step(d.qts, 12345);
	EXPECT(busy(&d, 0), 12345);
	qtest_writel(d.qts, BAR2, 0xfeedface);
	cfg_write(&d, EXP_CAP + 8, cfg_read(&d, EXP_CAP + 8) | 0x8000);
	/* config space is as after power-on, and so is the device; VRAM is not touched */
	EXPECT(cfg_read(&d, 0x04) & 7, 0);
	EXPECT(cfg_read(&d, 0x40) & 0x80000000u, 0);
	setup_config(&d);
	EXPECT(rd(&d, T1_REG_STATUS), 0);
	EXPECT(rd(&d, T1_REG_CTRL), 0);
	EXPECT(rd(&d, T1_REG_ASQ_SIZE), 0);
	EXPECT(busy(&d, 0), 0);
	EXPECT(qtest_readl(d.qts, BAR2), 0xfeedface);
	enable(&d);
	setup_queue(&d, T1_ENGINE_COMPUTE);
	put(&d, fence(DATA, 9, T1_FENCE_IRQ));
	kick(&d);
	qtest_clock_step(d.qts, 200);
	EXPECT(qtest_readq(d.qts, DATA), 9);
	g_assert_true(irq_seen(&d, 7));
	/* as does a reset of the machine */
	qtest_system_reset(d.qts);
	setup_config(&d);
	EXPECT(rd(&d, T1_REG_STATUS), 0);
	qtest_quit(d.qts);
}

static void wait_migration(QTestState *qts)
{
	bool done = false;
	QDict *rsp;
	const char *status;
	int i;

	for (i = 0; i < 3000 && !done; i++) {
		rsp = qtest_qmp_assert_success_ref(qts, "{ 'execute': 'query-migrate' }");
		status = qdict_get_try_str(rsp, "status");
		g_assert_true(g_strcmp0(status, "failed"));
		done = !g_strcmp0(status, "completed");
		qobject_unref(rsp);
		if (!done)
			g_usleep(10000);
	}
	g_assert_true(done);
}

static void test_migration(void)
{
	g_autofree char *dir = g_dir_make_tmp("tessera-test.XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "state", NULL);
	g_autofree char *uri = g_strdup_printf("file:%s", path);
	struct t1_admin_cmd create = { .opcode = T1_ADMIN_CTX_CREATE, .ctx = 5 };
	struct t1_cmd wait = {
		.opcode = T1_OP_SEM_WAIT, .sync = { .va = DATA + 8, .value = 1 },
	};
	struct t1_cmd copy = {
		.opcode = T1_OP_COPY,
		.copy = { .dst = DATA + 16, .src = VA_VRAM + 0x5000, .bytes = 4 },
	};
	struct dev d, to;
	uint64_t t;

	start(&d, ",hang=on");
	enable(&d);
	setup_queue(&d, T1_ENGINE_COMPUTE);
	qtest_writel(d.qts, BAR2 + 0x5000, 0x12345678);
	put(&d, hang(100000 - 200, 0));
	put(&d, fence(DATA, 77, T1_FENCE_IRQ));
	put(&d, wait);
	put(&d, copy);
	kick(&d);
	t = qtest_clock_step(d.qts, 40000);
	qtest_qmp_assert_success(d.qts, "{ 'execute': 'migrate', 'arguments': { 'uri': %s } }",
				 uri);
	wait_migration(d.qts);
	EXPECT(qtest_readq(d.qts, DATA), 0);

	/* the command under way ends when it would have, on another machine */
	to = d;
	to.qts = machine(",hang=on", "-incoming defer");
	qtest_clock_set(to.qts, t);
	qtest_qmp_assert_success(to.qts,
				 "{ 'execute': 'migrate-incoming', 'arguments': { 'uri': %s } }",
				 uri);
	wait_migration(to.qts);
	qtest_qmp_eventwait(to.qts, "RESUME");
	EXPECT(busy(&to, 0), 40000);
	qtest_clock_step(to.qts, 60000 + 200 - 1);
	EXPECT(qtest_readq(to.qts, DATA), 0);
	qtest_clock_step(to.qts, 1);
	EXPECT(qtest_readq(to.qts, DATA), 77);
	g_assert_true(irq_seen(&to, 7));
	qtest_clock_step(to.qts, 1000000);
	EXPECT(qtest_readl(to.qts, DATA + 16), 0);
	qtest_writeq(to.qts, DATA + 8, 1);
	qtest_clock_step(to.qts, 30000);
	EXPECT(qtest_readl(to.qts, DATA + 16), 0x12345678);
	/* and the admin queue goes on where it was */
	EXPECT(admin(&to, create), T1_ST_OK);
	qtest_quit(to.qts);
	qtest_quit(d.qts);
	unlink(path);
	rmdir(dir);
}

/* A saved machine whose device differs is refused, not taken over. */
static void test_migration_refused(void)
{
	g_autofree char *dir = g_dir_make_tmp("tessera-test.XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "state", NULL);
	g_autofree char *uri = g_strdup_printf("file:%s", path);
	const char *status = NULL;
	struct dev d, to;
	QDict *rsp;
	int i;

	start(&d, ",hang=on");
	enable(&d);
	setup_queue(&d, T1_ENGINE_COMPUTE);
	qtest_qmp_assert_success(d.qts, "{ 'execute': 'migrate', 'arguments': { 'uri': %s } }",
				 uri);
	wait_migration(d.qts);
	to.qts = machine(",hang=off", "-incoming defer");
	qtest_qmp_assert_success(to.qts,
				 "{ 'execute': 'migrate-incoming', 'arguments': "
				 "{ 'uri': %s, 'exit-on-error': false } }", uri);
	for (i = 0; i < 3000; i++) {
		rsp = qtest_qmp_assert_success_ref(to.qts, "{ 'execute': 'query-migrate' }");
		status = g_intern_string(qdict_get_try_str(rsp, "status"));
		qobject_unref(rsp);
		if (!g_strcmp0(status, "failed") || !g_strcmp0(status, "completed"))
			break;
		g_usleep(10000);
	}
	g_assert_true(!g_strcmp0(status, "failed"));
	qtest_quit(to.qts);
	qtest_quit(d.qts);
	unlink(path);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("tessera/config", test_config);
	qtest_add_func("tessera/identify", test_identify);
	qtest_add_func("tessera/gemm", test_gemm);
	qtest_add_func("tessera/runlist", test_runlist);
	qtest_add_func("tessera/faults", test_faults);
	qtest_add_func("tessera/flr", test_flr);
	qtest_add_func("tessera/migration", test_migration);
	qtest_add_func("tessera/migration-refused", test_migration_refused);
	return g_test_run();
}
