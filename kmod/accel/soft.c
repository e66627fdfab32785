// SPDX-License-Identifier: GPL-2.0-only
/*
 * soft.c - an engine in software; see soft.h
 *
 * What happens and what is reported of it are one step under the event lock, so events come in the
 * order of the counters in them. The dispatcher's lock is taken inside of that one, and submits
 * from there: e->lock is never held while an event is handed on.
 */
#include <linux/bitops.h>
#include <linux/ktime.h>
#include "accel/accel.h"
#include "accel/soft.h"

static struct tessera_soft *to_tessera_soft(struct tessera_hw *hw)
{
	return container_of(hw, struct tessera_soft, hw);
}

static struct tessera_soft_engine *tessera_soft_engine(struct tessera_hw *hw, u32 engine)
{
	return &to_tessera_soft(hw)->engine[engine];
}

/**
 * tessera_soft_time_ns() - the device time of hardware that has no clock
 * @hw: the accelerator
 *
 * Context: any.
 * Return: nanoseconds of the host's monotonic clock.
 */
u64 tessera_soft_time_ns(struct tessera_hw *hw)
{
	return ktime_get_ns();
}

static void tessera_soft_count(struct tessera_soft_engine *e, struct tessera_hw_counters *c)
{
	lockdep_assert_held(&e->lock);
	c->time_ns = ktime_get_ns();
	c->busy_ns = e->busy_ns + (e->running ? c->time_ns - e->since : 0);
	c->switch_ns = e->switch_ns;
	c->switches = e->switches;
}

/* An event of now. */
static struct tessera_hw_event tessera_soft_event(struct tessera_soft_engine *e,
						  enum tessera_hw_event_type type, u32 ctx)
{
	struct tessera_hw_counters c;

	tessera_soft_count(e, &c);
	return (struct tessera_hw_event){
		.type = type,
		.engine = e->index,
		.ctx = ctx,
		.token = e->token,
		.time_ns = c.time_ns,
		.busy_ns = c.busy_ns,
		.switch_ns = c.switch_ns,
	};
}

static void tessera_soft_tell(struct tessera_soft_engine *e, const struct tessera_hw_event *ev)
{
	struct tessera_hw *hw = &e->soft->hw;

	lockdep_assert_held(&e->soft->events);
	hw->client->event(hw->accel, ev);
}

/* The next context of @contexts after the one that ran last. */
static u32 tessera_soft_pick(const struct tessera_soft_engine *e, u64 contexts)
{
	u64 after;

	if (!contexts)
		return TESSERA_HW_NO_CONTEXT;
	after = e->last < 63 ? contexts & ~GENMASK_ULL(e->last, 0) : 0;
	return __ffs64(after ?: contexts);
}

/* ---------------------------------------------------------- the worker -- */

/* What is to be done next: which context to load or run, and whether for a switch. */
static bool tessera_soft_look(struct tessera_soft_engine *e, u32 *ctx, bool *switching, u32 *token)
{
	bool up;

	spin_lock_irq(&e->lock);
	up = !e->down;
	*switching = e->switching;
	*token = e->next_token;
	*ctx = tessera_soft_pick(e, e->pending & (e->switching ? e->next : e->in_force));
	spin_unlock_irq(&e->lock);
	return up;
}

static bool tessera_soft_load(struct tessera_soft_engine *e, u32 ctx)
{
	u64 start;
	int ret;

	lockdep_assert_held(&e->step);
	if (!e->soft->ops->load || ctx == TESSERA_HW_NO_CONTEXT || e->loaded == ctx)
		return true;
	start = ktime_get_ns();
	ret = e->soft->ops->load(&e->soft->hw, e->index, e->loaded, ctx);
	e->loaded = ret ? TESSERA_HW_NO_CONTEXT : ctx;
	spin_lock_irq(&e->lock);
	e->switch_ns += ktime_get_ns() - start;
	spin_unlock_irq(&e->lock);
	return !ret;
}

/* The runlist of @token is in force, unless another came meanwhile: then its turn is next. */
static void tessera_soft_switched(struct tessera_soft_engine *e, u32 token)
{
	struct tessera_hw_event ev;
	bool tell;

	spin_lock_irq(&e->soft->events);
	spin_lock(&e->lock);
	tell = !e->down && e->switching && e->next_token == token;
	if (tell) {
		e->in_force = e->next;
		e->token = token;
		e->switching = false;
		e->idle_told = false;
		e->switches++;
		ev = tessera_soft_event(e, TESSERA_HW_SWITCHED, TESSERA_HW_NO_CONTEXT);
	}
	spin_unlock(&e->lock);
	if (tell)
		tessera_soft_tell(e, &ev);
	spin_unlock_irq(&e->soft->events);
}

/* Return: false if there is work after all. */
static bool tessera_soft_idle(struct tessera_soft_engine *e)
{
	struct tessera_hw_event ev;
	bool idle, tell;

	spin_lock_irq(&e->soft->events);
	spin_lock(&e->lock);
	idle = e->down || (!e->switching && !(e->pending & e->in_force));
	tell = idle && !e->down && e->in_force && !e->idle_told;
	if (tell) {
		e->idle_told = true;
		ev = tessera_soft_event(e, TESSERA_HW_IDLE, TESSERA_HW_NO_CONTEXT);
	}
	spin_unlock(&e->lock);
	if (tell)
		tessera_soft_tell(e, &ev);
	spin_unlock_irq(&e->soft->events);
	return idle;
}

static void tessera_soft_run(struct tessera_soft_engine *e, u32 ctx)
{
	struct tessera_soft_op op;
	bool run;

	lockdep_assert_held(&e->step);
	spin_lock_irq(&e->lock);
	run = !e->down && !e->switching && e->pending & e->in_force & BIT_ULL(ctx);
	if (run) {
		op = e->op[ctx];
		e->pending &= ~BIT_ULL(ctx);
		e->last = ctx;
		e->running = true;
		e->since = ktime_get_ns();
	}
	spin_unlock_irq(&e->lock);
	if (!run)
		return;
	op.run(op.priv);
	spin_lock_irq(&e->lock);
	e->busy_ns += ktime_get_ns() - e->since;
	e->running = false;
	spin_unlock_irq(&e->lock);
}

static void tessera_soft_work(struct work_struct *work)
{
	struct tessera_soft_engine *e = container_of(work, struct tessera_soft_engine, work);
	bool switching, loaded;
	u32 ctx, token;

	for (;;) {
		mutex_lock(&e->step);
		if (!tessera_soft_look(e, &ctx, &switching, &token))
			break;
		loaded = tessera_soft_load(e, ctx);
		if (switching)
			tessera_soft_switched(e, token);
		else if (ctx == TESSERA_HW_NO_CONTEXT && tessera_soft_idle(e))
			break;
		else if (ctx != TESSERA_HW_NO_CONTEXT && loaded)
			tessera_soft_run(e, ctx);
		else if (!loaded)
			break;	/* the device is lost, and its reset has been asked for */
		mutex_unlock(&e->step);
	}
	mutex_unlock(&e->step);
}

/* ---------------------------------------------------------- from above -- */

/**
 * tessera_soft_ring() - have an operation of a context done
 * @hw: the accelerator
 * @engine: the engine
 * @ctx: the context, which has none pending there
 * @run: the operation; see struct tessera_soft_op
 * @priv: for @run
 *
 * Context: process, without the dispatcher's lock or the event lock.
 */
void tessera_soft_ring(struct tessera_hw *hw, u32 engine, u32 ctx, void (*run)(void *priv),
		       void *priv)
{
	struct tessera_soft_engine *e = tessera_soft_engine(hw, engine);
	struct tessera_hw_event ev;
	unsigned long flags;
	bool tell;

	spin_lock_irqsave(&e->soft->events, flags);
	spin_lock(&e->lock);
	if (!e->down) {
		e->op[ctx] = (struct tessera_soft_op){ .run = run, .priv = priv };
		e->pending |= BIT_ULL(ctx);
	}
	tell = !e->down && (e->idle_told || !(e->in_force & BIT_ULL(ctx)));
	if (tell) {
		if (e->in_force & BIT_ULL(ctx))
			e->idle_told = false;
		ev = tessera_soft_event(e, TESSERA_HW_PENDING, ctx);
	}
	spin_unlock(&e->lock);
	if (tell)
		tessera_soft_tell(e, &ev);
	spin_unlock_irqrestore(&e->soft->events, flags);
	queue_work(e->wq, &e->work);
}

/**
 * tessera_soft_ctx_ready() - check that a new context can have operations done
 * @hw: the accelerator
 * @epoch: in which the context's vGPU was enabled
 *
 * Waits for the end of a reset: what is rung in the midst of one is forgotten. One that begins
 * later ends the epoch, of which the vGPU's worker finds out.
 *
 * Context: may sleep; neither accel->lock nor bar_sem is held.
 * Return: 0, or -EIO if the epoch is past or the hardware out of service.
 */
int tessera_soft_ctx_ready(struct tessera_hw *hw, u32 epoch)
{
	struct tessera_soft_engine *e = tessera_soft_engine(hw, 0);
	bool down;

	tessera_accel_wait_reset(hw->accel);
	spin_lock_irq(&e->lock);
	down = e->down;
	spin_unlock_irq(&e->lock);
	return down || epoch != READ_ONCE(hw->epoch) ? -EIO : 0;
}

/**
 * tessera_soft_ctx_destroy() - drop what contexts have on the engines
 * @hw: the accelerator
 * @epoch: unused: what is there is dropped, of whatever epoch
 * @contexts: a bit each
 *
 * Waits for the end of an operation that runs: nothing of theirs runs or is held afterwards.
 *
 * Context: may sleep; no lock that an operation takes is held.
 * Return: 0.
 */
int tessera_soft_ctx_destroy(struct tessera_hw *hw, u32 epoch, u64 contexts)
{
	u32 i;

	for (i = 0; i < hw->num_engines; i++) {
		struct tessera_soft_engine *e = tessera_soft_engine(hw, i);

		spin_lock_irq(&e->lock);
		e->pending &= ~contexts;
		spin_unlock_irq(&e->lock);
		mutex_lock(&e->step);
		if (e->loaded != TESSERA_HW_NO_CONTEXT && contexts & BIT_ULL(e->loaded))
			e->loaded = TESSERA_HW_NO_CONTEXT;
		mutex_unlock(&e->step);
	}
	return 0;
}

/**
 * tessera_soft_runlist_submit() - make contexts the runlist, when what runs has ended
 * @hw: the accelerator
 * @engine: the engine
 * @contexts: a bit each
 * @token: what to report it with
 * @strict: unused: nothing can be stopped
 *
 * Context: any; the dispatcher's lock is held.
 */
void tessera_soft_runlist_submit(struct tessera_hw *hw, u32 engine, u64 contexts, u32 token,
				 bool strict)
{
	struct tessera_soft_engine *e = tessera_soft_engine(hw, engine);
	unsigned long flags;

	spin_lock_irqsave(&e->lock, flags);
	e->next = contexts;
	e->next_token = token;
	e->switching = true;
	spin_unlock_irqrestore(&e->lock, flags);
	queue_work(e->wq, &e->work);
}

/**
 * tessera_soft_engine_switching() - tell whether a submitted runlist is not in force yet
 * @hw: the accelerator
 * @engine: the engine
 *
 * Context: any.
 * Return: true until it is.
 */
bool tessera_soft_engine_switching(struct tessera_hw *hw, u32 engine)
{
	return READ_ONCE(tessera_soft_engine(hw, engine)->switching);
}

/**
 * tessera_soft_engine_counters() - read the counters of an engine
 * @hw: the accelerator
 * @engine: the engine
 * @all: unused: all are read
 * @c: where to
 *
 * Context: any.
 */
void tessera_soft_engine_counters(struct tessera_hw *hw, u32 engine, bool all,
				  struct tessera_hw_counters *c)
{
	struct tessera_soft_engine *e = tessera_soft_engine(hw, engine);
	unsigned long flags;

	spin_lock_irqsave(&e->lock, flags);
	tessera_soft_count(e, c);
	spin_unlock_irqrestore(&e->lock, flags);
}

/**
 * tessera_soft_drain_events() - wait for events that are being handed on; none is kept back
 * @hw: the accelerator
 *
 * Context: any, but not from within an event.
 */
void tessera_soft_drain_events(struct tessera_hw *hw)
{
	struct tessera_soft *soft = to_tessera_soft(hw);
	unsigned long flags;

	spin_lock_irqsave(&soft->events, flags);
	spin_unlock_irqrestore(&soft->events, flags);
}

/* ------------------------------------------------------- down, and up -- */

/**
 * tessera_soft_lost() - report an operation that does not end
 * @hw: the accelerator
 * @what: the operation
 *
 * Context: an operation, or a load.
 * Return: -EIO.
 */
int tessera_soft_lost(struct tessera_hw *hw, const char *what)
{
	dev_err_ratelimited(&hw->pdev->dev, "A %s of the accelerator does not end.\n", what);
	if (!test_and_set_bit(0, &to_tessera_soft(hw)->dead))
		hw->client->dead(hw->accel);
	return -EIO;
}

/**
 * tessera_soft_quiesce() - stop all engines
 * @hw: the accelerator
 *
 * Waits for the end of operations that run. No event comes afterwards, and nobody is told of one
 * that does not end.
 *
 * Context: may sleep.
 */
void tessera_soft_quiesce(struct tessera_hw *hw)
{
	struct tessera_soft *soft = to_tessera_soft(hw);
	u32 i;

	/* A reset is under way, or not wanted. */
	set_bit(0, &soft->dead);
	for (i = 0; i < hw->num_engines; i++) {
		struct tessera_soft_engine *e = &soft->engine[i];

		spin_lock_irq(&soft->events);
		spin_lock(&e->lock);
		e->down = true;
		spin_unlock(&e->lock);
		spin_unlock_irq(&soft->events);
		flush_work(&e->work);
	}
}

/* Start engines that are down, with nothing on them and counters at 0. */
static void tessera_soft_up(struct tessera_soft *soft)
{
	u32 i;

	soft->dead = 0;
	for (i = 0; i < soft->hw.num_engines; i++) {
		struct tessera_soft_engine *e = &soft->engine[i];

		spin_lock_irq(&e->lock);
		e->in_force = 0;
		e->token = 0;
		e->switching = false;
		e->pending = 0;
		e->idle_told = false;
		e->busy_ns = 0;
		e->switch_ns = 0;
		e->switches = 0;
		e->down = false;
		spin_unlock_irq(&e->lock);
	}
}

/**
 * tessera_soft_reset() - stop the engines, wait until the hardware rests, and start them again
 * @hw: the accelerator
 *
 * There need be no register for it: an operation that does not end keeps the device, which is cut
 * off from the bus then.
 *
 * Context: may sleep.
 * Return: 0, or what the backend's @settle returned.
 */
int tessera_soft_reset(struct tessera_hw *hw)
{
	struct tessera_soft *soft = to_tessera_soft(hw);
	int ret;

	tessera_soft_quiesce(hw);
	ret = soft->ops->settle(hw);
	WRITE_ONCE(hw->epoch, hw->epoch + 1);
	if (ret) {
		pci_clear_master(hw->pdev);
		return ret;
	}
	pci_set_master(hw->pdev);
	tessera_soft_up(soft);
	return 0;
}

static irqreturn_t tessera_soft_irq(int irq, void *data)
{
	struct tessera_soft *soft = data;

	return soft->ops->irq(&soft->hw);
}

/**
 * tessera_soft_start() - wait until the hardware rests, and start interrupt and engines
 * @hw: the accelerator
 *
 * Context: may sleep.
 * Return: 0, or an errno with a line in the log.
 */
int tessera_soft_start(struct tessera_hw *hw)
{
	struct tessera_soft *soft = to_tessera_soft(hw);
	struct pci_dev *pdev = hw->pdev;
	int ret;

	ret = soft->ops->settle(hw);
	if (ret)
		return ret;
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_MSIX);
	if (ret < 0) {
		pci_err(pdev, "Cannot allocate an interrupt vector (%d).\n", ret);
		return ret;
	}
	ret = request_irq(pci_irq_vector(pdev, 0), tessera_soft_irq, 0, "tessera", soft);
	if (ret) {
		pci_err(pdev, "Cannot request the interrupt (%d).\n", ret);
		pci_free_irq_vectors(pdev);
		return ret;
	}
	pci_set_master(pdev);
	pci_save_state(pdev);
	tessera_soft_up(soft);
	return 0;
}

/**
 * tessera_soft_stop() - undo tessera_soft_start()
 * @hw: the accelerator
 *
 * Context: may sleep.
 */
void tessera_soft_stop(struct tessera_hw *hw)
{
	tessera_soft_quiesce(hw);
	pci_clear_master(hw->pdev);
	free_irq(pci_irq_vector(hw->pdev, 0), to_tessera_soft(hw));
	pci_free_irq_vectors(hw->pdev);
}

static void tessera_soft_free_queues(struct tessera_soft *soft)
{
	u32 i;

	for (i = 0; i < soft->hw.num_engines; i++) {
		if (soft->engine[i].wq)
			destroy_workqueue(soft->engine[i].wq);
	}
}

/**
 * tessera_soft_init() - prepare engines, which are down
 * @soft: the accelerator, zeroed but for what @soft->hw says of its engines
 * @ops: the backend's
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM.
 */
int tessera_soft_init(struct tessera_soft *soft, const struct tessera_soft_ops *ops)
{
	u32 i;

	soft->ops = ops;
	spin_lock_init(&soft->events);
	for (i = 0; i < soft->hw.num_engines; i++) {
		struct tessera_soft_engine *e = &soft->engine[i];

		e->soft = soft;
		e->index = i;
		e->loaded = TESSERA_HW_NO_CONTEXT;
		e->down = true;
		mutex_init(&e->step);
		spin_lock_init(&e->lock);
		INIT_WORK(&e->work, tessera_soft_work);
		e->wq = alloc_ordered_workqueue("tessera-%s", WQ_HIGHPRI, soft->hw.engine[i].name);
		if (!e->wq) {
			tessera_soft_free_queues(soft);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * tessera_soft_free() - undo tessera_soft_init(), where nothing else was allocated
 * @hw: the accelerator, whose engines are down
 *
 * Context: may sleep.
 */
void tessera_soft_free(struct tessera_hw *hw)
{
	tessera_soft_free_queues(to_tessera_soft(hw));
}
