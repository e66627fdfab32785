// SPDX-License-Identifier: GPL-2.0-only
/*
 * save.c - a vGPU's state as bytes
 *
 * debugfs/tessera/BDF/state_UUID	all that the guest can observe, as the model's walk saves it
 *
 * What is walked is a copy, taken at one moment. What was saved is then loaded into it again: a
 * state that a vGPU can be in, and that would be refused, is a bug, and says so in the log.
 */
#include <linux/debugfs.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "vgpu/config.h"
#include "vgpu/save.h"
#include "vgpu/stream.h"
#include "vgpu/vgpu.h"

#define SAVE_POLL_US	500u
#define SAVE_WAIT_US	(200u * USEC_PER_MSEC)	/* many commands, but not many long ones */

/**
 * struct tessera_save - a state being saved
 * @limits: the vGPU
 * @copy: its state
 * @runs: its mappings
 * @num_runs: how many there are
 * @loaded: how many came back
 * @config: configuration space at power-on
 * @writable: the bits of it that a guest can change
 */
struct tessera_save {
	struct tessera_state_limits limits;
	struct tessera_vgpu_state *copy;
	struct tessera_mapping *runs;
	u32 num_runs;
	u32 loaded;
	u8 config[TESSERA_CONFIG_SIZE];
	u8 writable[TESSERA_CONFIG_SIZE];
};

/* What a file that is open shows. */
struct tessera_saved {
	size_t len;
	u8 bytes[];
};

static void tessera_save_get(void *priv, u32 i, struct tessera_mapping *m)
{
	struct tessera_save *save = priv;

	*m = save->runs[i];
}

static bool tessera_save_put(void *priv, const struct tessera_mapping *m)
{
	struct tessera_save *save = priv;
	const struct tessera_mapping *was;

	if (save->loaded == save->num_runs)
		return false;
	was = &save->runs[save->loaded++];
	return m->ctx == was->ctx && m->va == was->va && m->iova == was->iova &&
	       m->pages == was->pages && m->prot == was->prot && m->huge == was->huge;
}

static void tessera_save_free(struct tessera_save *save)
{
	kvfree(save->runs);
	kvfree(save->copy);
	kvfree(save);
}

static struct tessera_save *tessera_save_alloc(const struct tessera_vgpu *vgpu)
{
	struct tessera_save *save = kvzalloc(sizeof(*save), GFP_KERNEL);

	if (!save)
		return NULL;
	save->copy = kvzalloc(tessera_vgpu_model(vgpu)->state_bytes, GFP_KERNEL);
	if (!save->copy) {
		tessera_save_free(save);
		return NULL;
	}
	tessera_config_fill(vgpu, save->config);
	tessera_config_fill_writable(vgpu, save->writable);
	save->limits = (struct tessera_state_limits){
		.num_ctx = vgpu->part.num_ctx,
		.num_slots = vgpu->part.num_slots,
		.num_vectors = vgpu->num_vectors,
		.num_engines = vgpu->accel->hw->num_engines,
		.vram_bytes = vgpu->part.vram_bytes,
		.config = save->config,
		.config_writable = save->writable,
	};
	return save;
}

/* The lock's holder may be waiting for guest memory: who reads files does not wait with it. */
static int tessera_save_copy(struct tessera_vgpu *vgpu, struct tessera_save *save)
{
	bool locked;

	if (read_poll_timeout(mutex_trylock, locked, locked, SAVE_POLL_US, SAVE_WAIT_US, false,
			      &vgpu->lock))
		return -EBUSY;
	save->runs = tessera_dma_get_runs(vgpu, &save->num_runs);
	mutex_lock(&vgpu->config_lock);
	mutex_lock(&vgpu->irq.mutex);
	tessera_vgpu_model(vgpu)->copy_state(vgpu, save->copy);
	mutex_unlock(&vgpu->irq.mutex);
	mutex_unlock(&vgpu->config_lock);
	mutex_unlock(&vgpu->lock);
	return save->runs ? 0 : -ENOMEM;
}

static const char *tessera_save_walk(const struct tessera_vgpu *vgpu, struct tessera_save *save,
				     struct tessera_stream *s)
{
	struct tessera_mappings mappings = {
		.num = save->num_runs,
		.get = tessera_save_get,
		.put = tessera_save_put,
		.priv = save,
	};

	tessera_vgpu_model(vgpu)->walk_state(save->copy, &save->limits, &mappings, s);
	return s->why;
}

static struct tessera_saved *tessera_save_run(const struct tessera_vgpu *vgpu,
					      struct tessera_save *save)
{
	struct tessera_stream count = {}, out = {}, in = { .loading = true };
	struct tessera_saved *saved;
	const char *why;

	tessera_save_walk(vgpu, save, &count);
	saved = kvzalloc(struct_size(saved, bytes, count.pos), GFP_KERNEL);
	if (!saved)
		return ERR_PTR(-ENOMEM);
	saved->len = count.pos;
	out.buf = saved->bytes;
	out.len = saved->len;
	in.buf = saved->bytes;
	in.len = saved->len;
	why = tessera_save_walk(vgpu, save, &out) ?: tessera_save_walk(vgpu, save, &in);
	if (!why)
		return saved;
	dev_err(vgpu->vdev.dev, "The state of the vGPU would not be accepted: %s.\n", why);
	kvfree(saved);
	return ERR_PTR(-EIO);
}

static int tessera_save_open(struct inode *inode, struct file *file)
{
	struct tessera_vgpu *vgpu = inode->i_private;
	struct tessera_save *save = tessera_save_alloc(vgpu);
	struct tessera_saved *saved;
	int ret;

	if (!save)
		return -ENOMEM;
	ret = tessera_save_copy(vgpu, save);
	saved = ret ? ERR_PTR(ret) : tessera_save_run(vgpu, save);
	tessera_save_free(save);
	file->private_data = saved;
	return PTR_ERR_OR_ZERO(saved);
}

static ssize_t tessera_save_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	const struct tessera_saved *saved = file->private_data;

	return simple_read_from_buffer(buf, count, pos, saved->bytes, saved->len);
}

static int tessera_save_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return 0;
}

static const struct file_operations tessera_save_fops = {
	.owner = THIS_MODULE,
	.open = tessera_save_open,
	.read = tessera_save_read,
	.llseek = default_llseek,
	.release = tessera_save_release,
};

/**
 * tessera_save_add() - show a vGPU's state in debugfs, if its model has a walk for it
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_save_add(struct tessera_vgpu *vgpu)
{
	char name[sizeof("state_") + TESSERA_NAME_LEN];

	if (!tessera_vgpu_model(vgpu)->walk_state)
		return;
	snprintf(name, sizeof(name), "state_%s", vgpu->name);
	vgpu->state_file = debugfs_create_file(name, 0400, vgpu->accel->debugfs, vgpu,
					       &tessera_save_fops);
}

/**
 * tessera_save_remove() - undo tessera_save_add(); waits for readers
 * @vgpu: the vGPU
 *
 * Context: may sleep.
 */
void tessera_save_remove(struct tessera_vgpu *vgpu)
{
	debugfs_remove(vgpu->state_file);
	vgpu->state_file = NULL;
}
