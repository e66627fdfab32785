// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_irq.c - interrupts: an eventfd for each vector, taking them away, the event index
 *
 * Also: smoke-6.1
 */
#include "fixture.h"

#define NVEC	5

FIXTURE(irq)
{
	struct vdev v;
	struct t1 t;
	int fd[NVEC];
};

FIXTURE_SETUP(irq)
{
	unsigned int i;

	fresh();
	ASSERT_EQ(0, vdev_create(&self->v, "V4"));
	for (i = 0; i < NVEC; i++) {
		self->fd[i] = eventfd(0, EFD_NONBLOCK);
		ASSERT_LE(0, self->fd[i]);
	}
	ASSERT_EQ(0, vdev_irq_set(&self->v, 0, NVEC, self->fd));
	ASSERT_EQ(0, t1_start(&self->t, &self->v));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 0));
	while (signalled(self->fd[0], 20))
		;
}

FIXTURE_TEARDOWN(irq)
{
	EXPECT_EQ(0, vdev_destroy(&self->v));
}

TEST_F(irq, info)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };
	unsigned int i;

	for (i = VFIO_PCI_INTX_IRQ_INDEX; i <= VFIO_PCI_MSIX_IRQ_INDEX; i++) {
		info.index = i;
		info.count = 99;
		if (ioctl(self->v.device, VFIO_DEVICE_GET_IRQ_INFO, &info))
			info.count = 0;
		EXPECT_EQ(i == VFIO_PCI_MSIX_IRQ_INDEX ? self->t.num_vectors : 0, info.count);
		if (i == VFIO_PCI_MSIX_IRQ_INDEX)
			EXPECT_NE(0, info.flags & VFIO_IRQ_INFO_EVENTFD);
	}
	info.index = 1000;
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
}

/* Vector 0 is for admin completions and events. */
TEST_F(irq, control_vector)
{
	struct t1_event ev;
	struct t1_queue q;

	EXPECT_FALSE(signalled(self->fd[0], 20));
	ASSERT_EQ(0, t1_ctx_create(&self->t, 1));
	EXPECT_TRUE(signalled(self->fd[0], T1_TIMEOUT_MS));
	ASSERT_EQ(0, t1_queue_create(&self->t, &q, 0, 0, T1_ENGINE_COMPUTE, 4, 1));
	while (signalled(self->fd[0], 50))
		;
	t1_push(&q, &FILL(0x1000, 4, 0));
	t1_kick(&q);
	EXPECT_TRUE(signalled(self->fd[0], T1_TIMEOUT_MS));
	EXPECT_EQ(0, t1_event(&self->t, &ev, T1_TIMEOUT_MS));
	EXPECT_FALSE(signalled(self->fd[1], 20));
}

/* Each queue's fences raise that queue's vector, and no other. */
TEST_F(irq, each_vector)
{
	struct t1_queue q[NVEC];
	unsigned int i, k;
	uint64_t seq;

	for (i = 1; i < NVEC; i++)
		ASSERT_EQ(0, t1_queue_create(&self->t, &q[i], 0, i, i & 1, 4, NVEC - i));
	while (signalled(self->fd[0], 50))
		;
	for (i = 1; i < NVEC; i++) {
		seq = t1_fence(&q[i], T1_FENCE_IRQ);
		t1_kick(&q[i]);
		ASSERT_EQ(0, t1_wait(&q[i], seq));
		EXPECT_TRUE(signalled(self->fd[NVEC - i], T1_TIMEOUT_MS));
		for (k = 0; k < NVEC; k++)
			EXPECT_FALSE(signalled(self->fd[k], 10));
	}
}

/* Queues may share a vector, also the control vector. */
TEST_F(irq, shared_vector)
{
	struct t1_queue q[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, t1_queue_create(&self->t, &q[i], 0, i, i, 4, 0));
	while (signalled(self->fd[0], 50))
		;
	for (i = 0; i < 2; i++) {
		t1_fence(&q[i], T1_FENCE_IRQ);
		t1_kick(&q[i]);
		ASSERT_EQ(0, t1_wait(&q[i], 1));
		EXPECT_TRUE(signalled(self->fd[0], T1_TIMEOUT_MS));
	}
}

/* The event index: no interrupt for fences before it, one for the fence at it. */
TEST_F(irq, event_index)
{
	struct t1_queue q;
	uint64_t seq;
	unsigned int i;

	ASSERT_EQ(0, t1_queue_create(&self->t, &q, 0, 0, T1_ENGINE_COMPUTE, 4, 1));
	/* over several turns of the ring */
	for (i = 0; i < 20; i++) {
		q.cb->event = q.tail + 2;
		t1_fence(&q, T1_FENCE_IRQ);
		seq = t1_fence(&q, T1_FENCE_IRQ);
		t1_kick(&q);
		ASSERT_EQ(0, t1_wait(&q, seq));
		ASSERT_FALSE(signalled(self->fd[1], 5));
		seq = t1_fence(&q, T1_FENCE_IRQ);
		t1_kick(&q);
		ASSERT_EQ(0, t1_wait(&q, seq));
		ASSERT_TRUE(signalled(self->fd[1], T1_TIMEOUT_MS));
	}
	/* a fence that asks for none */
	q.cb->event = q.tail;
	seq = t1_fence(&q, 0);
	t1_kick(&q);
	ASSERT_EQ(0, t1_wait(&q, seq));
	EXPECT_FALSE(signalled(self->fd[1], 20));
}

/* Taking a vector's eventfd away stops its signals; giving it back starts them. */
TEST_F(irq, mask_by_client)
{
	struct t1_queue q;
	uint64_t seq;
	int none = -1;

	ASSERT_EQ(0, t1_queue_create(&self->t, &q, 0, 0, T1_ENGINE_COMPUTE, 4, 2));
	ASSERT_EQ(0, vdev_irq_set(&self->v, 2, 1, &none));
	q.cb->event = q.tail;
	seq = t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	ASSERT_EQ(0, t1_wait(&q, seq));
	EXPECT_FALSE(signalled(self->fd[2], 20));

	ASSERT_EQ(0, vdev_irq_set(&self->v, 2, 1, &self->fd[2]));
	q.cb->event = q.tail;
	seq = t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	ASSERT_EQ(0, t1_wait(&q, seq));
	EXPECT_TRUE(signalled(self->fd[2], T1_TIMEOUT_MS));

	ASSERT_EQ(0, vdev_irq_disable(&self->v));
	q.cb->event = q.tail;
	seq = t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	ASSERT_EQ(0, t1_wait(&q, seq));
	EXPECT_FALSE(signalled(self->fd[2], 20));
}

/* A queue whose memory is VRAM: it goes on without bus mastering. */
static int queue_in_vram(struct t1 *t, struct t1_queue *q)
{
	uint8_t *vram = (uint8_t *)vdev_direct(t->v, BAR2, 0, 8192);
	struct t1_admin_cmd c = {
		.opcode = T1_ADMIN_QUEUE_CREATE,
		.queue = { .engine = T1_ENGINE_COMPUTE, .ring_log2 = 4, .vector = 1,
			   .ring_va = VA, .cb_va = VA + 4096 },
	};
	int ret = t1_map(t, 0, VA, 0, 2, RWV);

	*q = (struct t1_queue){
		.t = t,
		.log2 = 4,
		.ring = (void *)vram,
		.cb = (void *)(vram + 4096),
		.fence = (void *)(vram + 4096 + 64),
		.fence_va = VA + 4096 + 64,
		.doorbell = vdev_direct(t->v, BAR0, T1_DB_OFF(0), 4),
	};
	return ret ? ret : t1_admin(t, &c);
}

/* An interrupt is a write to memory: without bus mastering there is none, nor is it made up for. */
TEST_F(irq, bus_master_off)
{
	struct vdev *v = &self->v;
	struct t1_queue q;
	long long before;

	ASSERT_EQ(0, queue_in_vram(&self->t, &q));
	t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	ASSERT_TRUE(signalled(self->fd[1], T1_TIMEOUT_MS));
	before = mdev_stat(v->uuid, "interrupts");

	vdev_cfg_write(v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	q.cb->event = q.tail;
	t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	ASSERT_EQ(0, t1_wait(&q, 2));
	EXPECT_FALSE(signalled(self->fd[1], 50));
	EXPECT_EQ(before, mdev_stat(v->uuid, "interrupts"));
	vdev_cfg_write(v, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	EXPECT_FALSE(signalled(self->fd[1], 50));

	q.cb->event = q.tail;
	t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	EXPECT_TRUE(signalled(self->fd[1], T1_TIMEOUT_MS));
}

TEST_F(irq, loopback)
{
	unsigned int i;

	ASSERT_EQ(0, vdev_irq_trigger(&self->v, 1, 3));
	for (i = 0; i < NVEC; i++)
		EXPECT_EQ(i >= 1 && i <= 3, signalled(self->fd[i], 20));
}

TEST_F(irq, bad_requests)
{
	uint32_t n = self->t.num_vectors;
	struct vfio_irq_set set = { .argsz = sizeof(set), .count = 1 };
	int fds[2] = { self->fd[0], self->fd[1] }, no_eventfd = open("/dev/null", O_RDWR);

	EXPECT_EQ(-EINVAL, vdev_irq_set(&self->v, n, 1, fds));
	EXPECT_EQ(-EINVAL, vdev_irq_set(&self->v, n - 1, 2, fds));
	EXPECT_EQ(-EINVAL, vdev_irq_set(&self->v, 0xffffffff, 2, fds));
	EXPECT_EQ(-EINVAL, vdev_irq_trigger(&self->v, n, 1));
	EXPECT_GT(0, vdev_irq_set(&self->v, 1, 1, &no_eventfd));
	/* no such index, short or contradictory requests */
	set.index = 1000;
	set.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_SET_IRQS, &set));
	set.index = VFIO_PCI_MSIX_IRQ_INDEX;
	set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_SET_IRQS, &set));
	EXPECT_EQ(EINVAL, errno);
	set.flags = VFIO_IRQ_SET_DATA_NONE;
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_SET_IRQS, &set));
	set.argsz = 4;
	EXPECT_EQ(-1, ioctl(self->v.device, VFIO_DEVICE_SET_IRQS, &set));
	/* the good ones are as they were */
	ASSERT_EQ(0, t1_ctx_create(&self->t, 7));
	EXPECT_TRUE(signalled(self->fd[0], T1_TIMEOUT_MS));
}

/* Setting and dropping vectors while they fire: no signal is written to a dead eventfd. */
TEST_F_TIMEOUT(irq, churn, 60)
{
	struct t1_queue q;
	unsigned int i, k;
	uint64_t seq = 0;
	int fd;

	ASSERT_EQ(0, t1_queue_create(&self->t, &q, 0, 0, T1_ENGINE_COMPUTE, 8, 1));
	for (i = 0; i < 50; i++) {
		for (k = 0; k < 50; k++) {
			q.cb->event = q.tail;
			seq = t1_fence(&q, T1_FENCE_IRQ);
		}
		t1_kick(&q);
		for (k = 0; k < 4; k++) {
			fd = eventfd(0, EFD_NONBLOCK);
			ASSERT_EQ(0, vdev_irq_set(&self->v, 1, 1, &fd));
			close(fd);
		}
		ASSERT_EQ(0, t1_wait(&q, seq));
	}
	ASSERT_EQ(0, vdev_irq_set(&self->v, 1, 1, &self->fd[1]));
	q.cb->event = q.tail;
	t1_fence(&q, T1_FENCE_IRQ);
	t1_kick(&q);
	EXPECT_TRUE(signalled(self->fd[1], T1_TIMEOUT_MS));
}

TEST_HARNESS_MAIN
