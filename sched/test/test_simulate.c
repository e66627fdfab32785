// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_simulate.c - the simulator's command line: what it writes where, and what it refuses
 */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "tessera_sched.h"

static char dir[32], output[65536];

/* Run it, beside this program, with these arguments of a shell; its exit status. */
static int run_with(const char *args)
{
	char self[4000], command[6000], *name;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t got;
	FILE *f;
	int status;

	self[n > 0 ? n : 0] = 0;
	name = strrchr(self, '/');
	if (!name)
		abort();
	*name = 0;
	snprintf(command, sizeof(command), "cd %s && %s/simulate %s 2>&1", dir, self, args);
	f = popen(command, "r");
	if (!f)
		abort();
	got = fread(output, 1, sizeof(output) - 1, f);
	output[got] = 0;
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) == EOF || fclose(f))
		abort();
}

static void check_file(const char *name, const char *begin)
{
	char path[128], text[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	CHECK_MSG(f, "no %s", name);
	if (!f)
		return;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	CHECK_MSG(!strncmp(text, begin, strlen(begin)), "%s: %s", name, text);
}

static bool exists(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !stat(path, &st);
}

static void runs(void)
{
	write_file("a.workload", "policy equal_share\nmeasure_ms 20\nwarmup_ms 1\nvgpu\n");
	write_file("t.csv", "1,x,1000\n");
	CHECK_EQ(run_with("a.workload"), 0);
	CHECK(strstr(output, "{\"workload\": \"a\", \"source\": \"simulator\", "
			     "\"policy\": \"equal_share\"") == output);
	CHECK_EQ(strcspn(output, "\n") + 1, strlen(output));

	/* The command line is after the file, wherever it stands; a trace is after both. */
	CHECK_EQ(run_with("--set 'policy deadline' --slices s.csv a.workload "
			  "--set 'vgpu name=x,load=trace,weight=7' --jobs j.csv --trace t.csv"), 0);
	CHECK(strstr(output, "\"policy\": \"deadline\""));
	CHECK(strstr(output, "{\"name\": \"x\", \"type\": \"V16\""));
	CHECK(strstr(output, "\"weight\": 7"));
	check_file("s.csv", "begin_ns,end_ns,accelerator,engine,state,vgpu,busy_ns\n1000,");
	check_file("j.csv", "arrival_ns,done_ns,accelerator,engine,vgpu,length_ns,lost\n1000,");
}

/* What tools learn: a line each, the name and the properties, the default first. */
static void lists_policies(void)
{
	const struct tessera_sched_policy *const *p;
	char line[128], *at = output;

	CHECK_EQ(run_with("--list-policies"), 0);
	for (p = tessera_sched_policies; *p; p++) {
		snprintf(line, sizeof(line), "%s%s%s%s%s\n", (*p)->name,
			 (*p)->work_conserving ? " work_conserving" : "",
			 (*p)->proportional ? " proportional" : "",
			 (*p)->slice_requests ? " slice_requests" : "",
			 (*p)->lends ? " lends" : "");
		CHECK_MSG(!strncmp(at, line, strlen(line)), "%s: %s", line, at);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	CHECK(!*at && p != tessera_sched_policies);
	CHECK(!strncmp(output, "best_effort work_conserving proportional\n", 41));
	CHECK(strstr(output, "\nfixed_share proportional lends\n"));
	CHECK(strstr(output, "\ndeadline work_conserving proportional slice_requests\n"));
}

static void refused(const char *args, const char *words)
{
	int status = run_with(args);

	CHECK_MSG(status == 2 && !strcmp(output, words), "%s: %d, %s", args, status, output);
}

/* One line, status 2, and no file. */
static void refuses(void)
{
	write_file("bad.workload", "vgpu\nvgpu load=pig\n");
	refused("--jobs no.csv bad.workload", "simulate: bad.workload:2: unknown load 'pig'\n");
	refused("--set 'polic x' --jobs no.csv",
		"simulate: --set 'polic x': unknown keyword 'polic'\n");
	refused("--set vgpu --trace /dev/null --jobs no.csv",
		"simulate: /dev/null: no batch in it\n");
	refused("--jobs no.csv", "simulate: no vGPU\n");
	CHECK(!exists("no.csv"));
	refused("--set vgpu --jobs none/j.csv",
		"simulate: none/j.csv: No such file or directory\n");
}

static void misuse(void)
{
	static const char *const args[] = {
		"--set", "--policy fair", "a.workload a.workload", "--jobs", "-h"
	};
	size_t i;

	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		CHECK_EQ(run_with(args[i]), 2);
		CHECK_MSG(!strncmp(output, "usage: simulate ", 16), "%s: %s", args[i], output);
	}
}

/* A full disk is not passed over. */
static void no_room(void)
{
	CHECK_EQ(run_with("a.workload --jobs /dev/full"), 1);
	CHECK(strstr(output, "simulate: /dev/full: No space left on device\n"));
	CHECK_EQ(run_with("a.workload > /dev/full"), 1);
}

static const struct ktap_test tests[] = {
	{ "runs", runs },
	{ "lists_policies", lists_policies },
	{ "refuses", refuses },
	{ "misuse", misuse },
	{ "no_room", no_room },
};

int main(int argc, char **argv)
{
	static const char *const files[] = {
		"a.workload", "bad.workload", "t.csv", "s.csv", "j.csv"
	};
	char path[128];
	size_t i;
	int ret;

	strcpy(dir, "/tmp/test_simulate_XXXXXX");
	if (!mkdtemp(dir))
		abort();
	ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
	return ret;
}
