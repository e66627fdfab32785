// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fdinfo.c - /proc/self/fdinfo: engine time is the device's own, memory adds up
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "drv.h"

FIXTURE(fdinfo)
{
	struct t_env e;
};

FIXTURE_SETUP(fdinfo)
{
	ASSERT_EQ(0, t_setup(&self->e, 0, T1_ENGINE_COMPUTE));
}

FIXTURE_TEARDOWN(fdinfo)
{
	t_teardown(&self->e);
}

/* The text behind a key, or NULL */
static const char *value(int fd, const char *key)
{
	static char buf[4096];
	char path[64], *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (t_read_file(path, buf, sizeof(buf)))
		return NULL;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			return line + strlen(key) + 2;
	}
	return NULL;
}

static uint64_t number(int fd, const char *key, const char *unit)
{
	const char *text = value(fd, key);
	char *end;
	uint64_t n;

	if (!text)
		return ~0ull;
	n = strtoull(text, &end, 10);
	return strcmp(end, unit) ? ~0ull : n;
}

TEST_F(fdinfo, identity)
{
	const char *text = value(self->e.fd, "drm-driver");
	char path[4096];
	int other;

	ASSERT_NE(NULL, text);
	EXPECT_STREQ("tessera_drm", text);
	ASSERT_EQ(0, t_sysfs(self->e.fd, path, sizeof(path)));
	text = value(self->e.fd, "drm-pdev");
	ASSERT_NE(NULL, text);
	EXPECT_STREQ(strrchr(path, '/') + 1, text);
	other = t_open();
	EXPECT_NE(number(self->e.fd, "drm-client-id", ""), number(other, "drm-client-id", ""));
	close(other);
}

TEST_F(fdinfo, engine_time)
{
	struct drm_tessera_queue_query q1, q2;
	struct t_env *e = &self->e;
	uint32_t copy, first = e->queue;
	uint64_t before;

	EXPECT_EQ(0, number(e->fd, "drm-engine-compute", " ns"));
	EXPECT_EQ(0, number(e->fd, "drm-engine-copy", " ns"));
	ASSERT_EQ(0, t_run(e, &FILL(T_DATA(e), 1 << 20, 1), 1));
	ASSERT_EQ(0, t_query(e->fd, first, &q1));
	EXPECT_EQ(q1.busy_ns, number(e->fd, "drm-engine-compute", " ns"));
	/* 1 MiB at the modelled bandwidth takes so long at least */
	{
		uint64_t mb_per_s;

		ASSERT_EQ(0, t_param(e->fd, DRM_TESSERA_PARAM_DMA_MB_PER_S, &mb_per_s));
		EXPECT_LE((1ull << 20) * 1000 / mb_per_s * 9 / 10, q1.busy_ns);
	}

	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COPY, &copy));
	e->queue = copy;
	ASSERT_EQ(0, t_run(e, &FILL(T_DATA(e), 1 << 20, 1), 1));
	ASSERT_EQ(0, t_query(e->fd, copy, &q2));
	EXPECT_EQ(q1.busy_ns, number(e->fd, "drm-engine-compute", " ns"));
	EXPECT_EQ(q2.busy_ns, number(e->fd, "drm-engine-copy", " ns"));

	/* Time of a queue that is gone stays in the sum; the next one adds to it */
	ASSERT_EQ(0, t_queue_destroy(e->fd, first));
	before = number(e->fd, "drm-engine-compute", " ns");
	EXPECT_EQ(q1.busy_ns, before);
	ASSERT_EQ(0, t_queue_create(e->fd, e->ctx, T1_ENGINE_COMPUTE, &e->queue));
	ASSERT_EQ(0, t_run(e, &FILL(T_DATA(e), 1 << 20, 1), 1));
	EXPECT_EQ(2 * before, number(e->fd, "drm-engine-compute", " ns"));
	ASSERT_EQ(0, t_ctx_destroy(e->fd, e->ctx));
	EXPECT_EQ(2 * before, number(e->fd, "drm-engine-compute", " ns"));
	EXPECT_EQ(q2.busy_ns, number(e->fd, "drm-engine-copy", " ns"));
}

/* While a job runs its time grows, and never by more than the time that passed */
TEST_F(fdinfo, grows_while_running)
{
	struct t_env *e = &self->e;
	uint64_t busy, last = 0, most;
	int64_t since, before, now;
	int grown = 0;
	uint32_t out;

	if (!t_has_cap(e->fd, T1_CAP_HANG))
		SKIP(return, "needs a device with hang=on");
	ASSERT_EQ(0, t_syncobj(e->fd, &out));
	memcpy(e->bo.cpu, &HANG(T_SECOND, 0), 64);
	since = t_now_ns();
	ASSERT_EQ(0, t_exec(e->fd, e->queue, e->va, 1, 0, out));
	while (t_wait(e->fd, out, 0)) {
		t_sleep_ms(50);
		before = t_now_ns();
		busy = number(e->fd, "drm-engine-compute", " ns");
		now = t_now_ns();
		/* The device's timers may be a little late, and its clock is not the CPU's */
		most = now - since + (now - since) / 50 + 2000000;
		EXPECT_GE(most, busy - last);
		EXPECT_LE(last, busy);
		grown += busy > last && busy < T_SECOND;
		last = busy;
		since = before;
	}
	EXPECT_LE(3, grown);
	EXPECT_EQ(1, t_fence_status(e->fd, out));
	EXPECT_LE(T_SECOND, number(e->fd, "drm-engine-compute", " ns"));
}

TEST_F(fdinfo, memory)
{
	static const char * const kinds[] = { "total", "resident", "memory" };
	int fd = self->e.fd, i, buf;
	struct t_bo bo[2];
	char key[64];

	ASSERT_EQ(0, t_bo_create(fd, 3 << 20, DRM_TESSERA_BO_VRAM, &bo[0]));
	ASSERT_EQ(0, t_bo_create(fd, 1 << 20, 0, &bo[1]));
	for (i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "drm-%s-vram", kinds[i]);
		EXPECT_EQ(3 << 10, number(fd, key, " KiB"));
		snprintf(key, sizeof(key), "drm-%s-system", kinds[i]);
		EXPECT_EQ((T_ARENA >> 10) + (1 << 10), number(fd, key, " KiB"));
	}
	EXPECT_EQ(0, number(fd, "drm-shared-vram", " KiB"));
	ASSERT_EQ(0, drmPrimeHandleToFD(fd, bo[0].handle, DRM_CLOEXEC, &buf));
	EXPECT_EQ(3 << 10, number(fd, "drm-shared-vram", " KiB"));
	close(buf);
	t_bo_destroy(fd, &bo[0]);
	t_bo_destroy(fd, &bo[1]);
	EXPECT_EQ(0, number(fd, "drm-total-vram", " KiB"));
	EXPECT_EQ(T_ARENA >> 10, number(fd, "drm-total-system", " KiB"));
}

TEST_HARNESS_MAIN
