// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_ctrl.c - the control page: each register, reserved offsets, access sizes, enable and reset
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

FIXTURE(ctrl)
{
	struct vdev v;
	struct t1 t;
};

FIXTURE_SETUP(ctrl)
{
	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	ASSERT_EQ(0, t1_prepare(&self->t, &self->v));
}

FIXTURE_TEARDOWN(ctrl)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

TEST_F(ctrl, identity)
{
	struct vdev *v = &self->v;

	EXPECT_EQ(T1_MAGIC, vdev_reg(v, T1_REG_MAGIC));
	EXPECT_EQ(T1_HW_VERSION, vdev_reg(v, T1_REG_VERSION));
	/* the scheduling registers are the host's */
	EXPECT_EQ(0, vdev_reg(v, T1_REG_CAPS) & T1_CAP_SCHED);
	EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
	EXPECT_EQ(0, vdev_reg(v, T1_REG_CTRL));
}

TEST_F(ctrl, read_only)
{
	static const uint32_t regs[] = {
		T1_REG_MAGIC, T1_REG_VERSION, T1_REG_CAPS, T1_REG_STATUS,
		T1_REG_NUM_SLOTS, T1_REG_NUM_CONTEXTS, T1_REG_NUM_VECTORS,
		T1_REG_VRAM_SIZE_LO, T1_REG_VRAM_SIZE_HI,
	};
	unsigned int i;
	uint32_t was;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		was = vdev_reg(&self->v, regs[i]);
		vdev_reg_write(&self->v, regs[i], ~was);
		EXPECT_EQ(was, vdev_reg(&self->v, regs[i]));
	}
}

TEST_F(ctrl, read_write)
{
	static const uint32_t bases[] = {
		T1_REG_ASQ_BASE_LO, T1_REG_ACQ_BASE_LO, T1_REG_EVQ_BASE_LO,
	};
	struct vdev *v = &self->v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		EXPECT_EQ(0, vdev_reg64(v, bases[i]));
		EXPECT_EQ(0, vdev_reg(v, bases[i] + 8));
		vdev_reg_write64(v, bases[i], 0x123456789000ull + i * 0x1000);
		vdev_reg_write(v, bases[i] + 8, 16 << i);
	}
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		EXPECT_EQ(0x123456789000ull + i * 0x1000, vdev_reg64(v, bases[i]));
		EXPECT_EQ(16 << i, vdev_reg(v, bases[i] + 8));
		/* the last of each group is for writing only */
		EXPECT_EQ(0, vdev_reg(v, bases[i] + 12));
	}
}

TEST_F(ctrl, rings_locked_while_enabled)
{
	struct vdev *v = &self->v;

	t1_program_rings(&self->t);
	ASSERT_EQ(0, t1_enable(&self->t));
	vdev_reg_write64(v, T1_REG_ASQ_BASE_LO, 0xdead000);
	vdev_reg_write(v, T1_REG_ASQ_SIZE, 2);
	EXPECT_EQ(self->t.asq_bus, vdev_reg64(v, T1_REG_ASQ_BASE_LO));
	EXPECT_EQ(self->t.asq_entries, vdev_reg(v, T1_REG_ASQ_SIZE));
	EXPECT_EQ(0, t1_ctx_create(&self->t, 0));
}

/* Every dword that the header does not name reads zero and drops writes. */
TEST_F(ctrl, reserved)
{
	struct vdev *v = &self->v;
	uint32_t off, value;

	for (off = 0; off < 4096; off += 4) {
		if (off <= T1_REG_TIME_HI)
			continue;
		if (off >= T1_REG_ASQ_BASE_LO && off <= T1_REG_EVQ_HEAD)
			continue;
		vdev_reg_write(v, off, 0xffffffff);
		value = vdev_reg(v, off);
		EXPECT_EQ(0, value) {
			TH_LOG("offset %#x reads %#x", off, value);
		}
	}
	EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
	EXPECT_EQ(0, t1_start(&self->t, v));
}

/* Other than aligned 32-bit access reads zero or is dropped. */
TEST_F(ctrl, sizes)
{
	struct vdev *v = &self->v;
	uint8_t buf[8];
	unsigned int off, len, i;

	for (off = 0; off < 0x20; off++) {
		for (len = 1; len <= 3; len++) {
			memset(buf, 0xff, sizeof(buf));
			ASSERT_EQ(len, vdev_read(v, BAR0, off, buf, len));
			for (i = 0; i < len; i++)
				ASSERT_EQ(0, buf[i]) {
					TH_LOG("offset %#x length %u", off, len);
				}
		}
	}
	memset(buf, 0xff, sizeof(buf));
	ASSERT_EQ(4, vdev_read(v, BAR0, T1_REG_MAGIC + 2, buf, 4));
	EXPECT_EQ(0, *(uint32_t *)buf);

	vdev_reg_write(v, T1_REG_ASQ_SIZE, 64);
	memset(buf, 0xff, sizeof(buf));
	ASSERT_EQ(1, vdev_write(v, BAR0, T1_REG_ASQ_SIZE, buf, 1));
	ASSERT_EQ(2, vdev_write(v, BAR0, T1_REG_ASQ_SIZE, buf, 2));
	ASSERT_EQ(4, vdev_write(v, BAR0, T1_REG_ASQ_SIZE + 2, buf, 4));
	EXPECT_EQ(64, vdev_reg(v, T1_REG_ASQ_SIZE));
	EXPECT_EQ(0, vdev_reg(v, T1_REG_CTRL));
}

TEST_F(ctrl, time_moves)
{
	uint64_t a, b;

	a = vdev_reg64(&self->v, T1_REG_TIME_LO);
	sleep_us(2000);
	b = vdev_reg64(&self->v, T1_REG_TIME_LO);
	EXPECT_GT(b, a);
	/* the high word belongs to the low one read last, not to this moment */
	vdev_reg(&self->v, T1_REG_TIME_LO);
	a = vdev_reg(&self->v, T1_REG_TIME_HI);
	EXPECT_EQ(a, vdev_reg(&self->v, T1_REG_TIME_HI));
}

TEST_F(ctrl, enable_ready_disable)
{
	struct vdev *v = &self->v;

	t1_program_rings(&self->t);
	EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
	ASSERT_EQ(0, t1_enable(&self->t));
	EXPECT_EQ(T1_STATUS_READY, vdev_reg(v, T1_REG_STATUS));
	EXPECT_EQ(T1_CTRL_ENABLE, vdev_reg(v, T1_REG_CTRL));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 1));

	t1_disable(&self->t);
	EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
	EXPECT_EQ(0, vdev_reg(v, T1_REG_CTRL));
	/* the rings' registers are kept, the contexts are not */
	EXPECT_EQ(self->t.asq_bus, vdev_reg64(v, T1_REG_ASQ_BASE_LO));
	t1_program_rings(&self->t);
	ASSERT_EQ(0, t1_enable(&self->t));
	EXPECT_EQ(T1_ST_NOT_FOUND, t1_ctx_destroy(&self->t, 1));
}

TEST_F(ctrl, reset_register)
{
	struct vdev *v = &self->v;

	t1_program_rings(&self->t);
	ASSERT_EQ(0, t1_enable(&self->t));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	ASSERT_EQ(0, t1_ctrl_reset(&self->t));
	EXPECT_EQ(0, vdev_reg(v, T1_REG_CTRL));
	EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
	EXPECT_EQ(0, vdev_reg64(v, T1_REG_ASQ_BASE_LO));
	EXPECT_EQ(0, vdev_reg(v, T1_REG_ASQ_SIZE));
	EXPECT_EQ(0, vdev_reg64(v, T1_REG_EVQ_BASE_LO));
	ASSERT_EQ(0, t1_start(&self->t, v));
	EXPECT_EQ(0, t1_ctx_create(&self->t, 0));
}

/* What is wrong with the rings: FATAL, and a reset makes it good again. */
static int fatal(struct t1 *t)
{
	int err = t1_enable(t);
	uint32_t status = vdev_reg(t->v, T1_REG_STATUS);

	if (err != -EIO || status != T1_STATUS_FATAL)
		return 1;
	if (t1_ctrl_reset(t))
		return 2;
	if (vdev_reg(t->v, T1_REG_STATUS))
		return 3;
	return 0;
}

TEST_F(ctrl, bad_sizes)
{
	static const uint32_t regs[] = {
		T1_REG_ASQ_SIZE, T1_REG_ACQ_SIZE, T1_REG_EVQ_SIZE,
	};
	static const uint32_t sizes[] = { 0, 1, 3, 100, 1025, 2048, 0x80000000, 0xffffffff };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		for (k = 0; k < ARRAY_SIZE(sizes); k++) {
			t1_program_rings(&self->t);
			vdev_reg_write(&self->v, regs[i], sizes[k]);
			EXPECT_EQ(0, fatal(&self->t)) {
				TH_LOG("register %#x size %u", regs[i], sizes[k]);
			}
		}
	}
	EXPECT_EQ(0, t1_start(&self->t, &self->v));
}

TEST_F(ctrl, bad_alignment)
{
	static const uint32_t regs[] = {
		T1_REG_ASQ_BASE_LO, T1_REG_ACQ_BASE_LO, T1_REG_EVQ_BASE_LO,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		t1_program_rings(&self->t);
		vdev_reg_write(&self->v, regs[i], vdev_reg(&self->v, regs[i]) | 64);
		/* an implementation may keep the low bits at zero instead */
		if (!(vdev_reg(&self->v, regs[i]) & 64))
			continue;
		EXPECT_EQ(0, fatal(&self->t));
	}
}

/* Rings in memory that is not there: FATAL, at the latest when the ring is used. */
TEST_F(ctrl, unreachable_rings)
{
	struct t1_admin_cmd c = { .opcode = T1_ADMIN_CTX_CREATE };
	struct t1_admin_cpl cpl;
	struct t1 *t = &self->t;
	uint32_t status;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		t1_program_rings(t);
		vdev_reg_write64(t->v, i ? T1_REG_ACQ_BASE_LO : T1_REG_ASQ_BASE_LO,
				 0x7770000000ull);
		if (t1_enable(t) == 0) {
			t1_admin_push(t, &c);
			t1_admin_ring(t);
			EXPECT_EQ(-ETIMEDOUT, t1_admin_pop(t, &cpl, 300));
		}
		status = vdev_reg(t->v, T1_REG_STATUS);
		EXPECT_EQ(T1_STATUS_FATAL, status & T1_STATUS_FATAL);
		EXPECT_EQ(0, status & T1_STATUS_READY);
		EXPECT_EQ(0, t1_ctrl_reset(t));
	}
	EXPECT_EQ(0, t1_start(t, t->v));
	EXPECT_EQ(0, t1_ctx_create(t, 0));
}

static void master(struct vdev *v, bool on)
{
	vdev_cfg_write(v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | (on ? PCI_COMMAND_MASTER : 0));
}

static int wait_status(struct vdev *v, uint32_t status)
{
	unsigned int i;

	for (i = 0; i < 5000 && vdev_reg(v, T1_REG_STATUS) != status; i++)
		sleep_us(1000);
	return vdev_reg(v, T1_REG_STATUS) == status ? 0 : -ETIMEDOUT;
}

/* Without bus mastering the rings can't be reached. */
TEST_F(ctrl, bus_master_off)
{
	struct t1_admin_cmd cmd = { .opcode = T1_ADMIN_CTX_CREATE };
	struct t1_admin_cpl cpl;
	struct vdev *v = &self->v;
	struct t1 *t = &self->t;

	ASSERT_EQ(0, t1_start(t, v));
	/* Off and on, with nothing under way: nobody notices */
	master(v, false);
	master(v, true);
	ASSERT_EQ(0, t1_ctx_create(t, 1));
	master(v, false);
	t1_admin_push(t, &cmd);
	t1_admin_ring(t);
	ASSERT_EQ(0, wait_status(v, T1_STATUS_FATAL));
	EXPECT_EQ(-ETIMEDOUT, t1_admin_pop(t, &cpl, 0));
	master(v, true);
	EXPECT_EQ(T1_STATUS_FATAL, vdev_reg(v, T1_REG_STATUS));
	ASSERT_EQ(0, t1_ctrl_reset(t));
	ASSERT_EQ(0, t1_start(t, v));
	EXPECT_EQ(0, t1_ctx_create(t, 1));
}

/* Running work writes nothing more, and its faults can't be reported. */
TEST_F_TIMEOUT(ctrl, bus_master_off_at_work, 60)
{
	const uint32_t bytes = 8 << 20;	/* 200 of them take a slow host's while */
	struct vdev *v = &self->v;
	struct t1 *t = &self->t;
	unsigned int i, bad = 0;
	struct vdev_mem mem;
	struct t1_queue q;
	uint32_t *p;

	ASSERT_EQ(0, t1_start(t, v));
	ASSERT_EQ(0, vdev_mem_alloc(v, bytes, 4096, &mem));
	ASSERT_EQ(0, t1_queue_simple(t, &q, 0, T1_ENGINE_COPY));
	ASSERT_EQ(0, t1_map_mem(t, 0, VA, &mem));
	p = mem.cpu;
	for (i = 0; i < 200; i++)
		t1_push(&q, &FILL(VA, bytes, i + 1));
	t1_kick(&q);
	while (!*(volatile uint32_t *)p)
		sleep_us(100);
	master(v, false);
	memset(p, 0x5a, bytes);
	ASSERT_EQ(0, wait_status(v, T1_STATUS_FATAL));
	for (i = 0; i < bytes / 4; i++)
		bad += p[i] != 0x5a5a5a5a;
	EXPECT_EQ(0, bad);
	EXPECT_GT(200, q.cb->head);
	master(v, true);
	ASSERT_EQ(0, t1_ctrl_reset(t));
	ASSERT_EQ(0, t1_start(t, v));
	ASSERT_EQ(0, t1_queue_simple(t, &q, 0, T1_ENGINE_COPY));
	ASSERT_EQ(0, t1_map_mem(t, 0, VA, &mem));
	ASSERT_EQ(0, t1_run(&q, &FILL(VA, 4096, 7)));
	EXPECT_EQ(7, p[0]);
}

/* Indexes past the rings' ends hurt this vGPU at most. */
TEST_F(ctrl, wild_indexes)
{
	static const uint32_t values[] = { 64, 65, 0xffff, 0x80000000, 0xffffffff };
	struct vdev *v = &self->v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		ASSERT_EQ(0, t1_start(&self->t, v));
		vdev_reg_write(v, T1_REG_ASQ_TAIL, values[i]);
		vdev_reg_write(v, T1_REG_ACQ_HEAD, values[i]);
		vdev_reg_write(v, T1_REG_EVQ_HEAD, values[i]);
		sleep_us(5000);
		ASSERT_EQ(0, t1_ctrl_reset(&self->t));
	}
	ASSERT_EQ(0, t1_start(&self->t, v));
	EXPECT_EQ(0, t1_ctx_create(&self->t, 0));
}

/* Tails and heads written while the rings are not in use start nothing. */
TEST_F(ctrl, doorbells_before_enable)
{
	struct vdev *v = &self->v;
	volatile uint32_t *db = vdev_direct(v, BAR0, T1_DB_OFF(0), 4);

	vdev_reg_write(v, T1_REG_ASQ_TAIL, 5);
	vdev_reg_write(v, T1_REG_ACQ_HEAD, 5);
	ASSERT_NE(NULL, db);
	*db = 7;
	EXPECT_EQ(0, vdev_reg(v, T1_REG_STATUS));
	EXPECT_EQ(0, t1_start(&self->t, v));
	EXPECT_EQ(0, t1_ctx_create(&self->t, 0));
}

TEST_HARNESS_MAIN
