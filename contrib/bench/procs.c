/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "procs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GROUPS = 16, PIDS = 64 };

struct group {
	char name[32];
	int pid[PIDS], n;
	double cpu0, cpu1;
	long rss0_kb, rss_peak_kb;
};

static struct group groups[GROUPS];
static int n_groups;

static int parent_of(int pid)
{
	char path[64], b[512], *p;
	int parent = -1;
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	n = fread(b, 1, sizeof b - 1, f);
	fclose(f);
	b[n] = '\0';
	p = strrchr(b, ')'); /* the program's name may hold blanks and brackets */
	if (!p || sscanf(p + 1, " %*c %d", &parent) != 1)
		return -1;
	return parent;
}

static bool has_pid(const struct group *g, int pid)
{
	for (int i = 0; i < g->n; i++)
		if (g->pid[i] == pid)
			return true;
	return false;
}

/* One generation per call; true when somebody new was found. */
static bool add_children(struct group *g)
{
	DIR *d = opendir("/proc");
	bool found = false;

	for (struct dirent *e; d && (e = readdir(d));) {
		int pid = (int)strtol(e->d_name, NULL, 10);

		if (pid > 0 && g->n < PIDS && !has_pid(g, pid) && has_pid(g, parent_of(pid))) {
			g->pid[g->n++] = pid;
			found = true;
		}
	}
	if (d)
		closedir(d);
	return found;
}

void procs_add(const char *text)
{
	const char *at = strchr(text, ':');
	struct group *g = &groups[n_groups];

	if (!at || n_groups == GROUPS) {
		fprintf(stderr, "loadgen: -p NAME:PID[,PID], at most %d times\n", GROUPS);
		exit(2);
	}
	n_groups++;
	snprintf(g->name, sizeof g->name, "%.*s", (int)(at - text), text);
	for (; at && g->n < PIDS; at = strchr(at + 1, ','))
		g->pid[g->n++] = (int)strtol(at + 1, NULL, 10);
	while (add_children(g))
		;
}

static double cpu_s(const struct group *g)
{
	double sum = 0;

	for (int i = 0; i < g->n; i++) {
		struct timespec t;
		clockid_t id;

		if (clock_getcpuclockid(g->pid[i], &id) == 0 && clock_gettime(id, &t) == 0)
			sum += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	}
	return sum;
}

static long rss_kb(const struct group *g)
{
	long sum = 0;

	for (int i = 0; i < g->n; i++) {
		long size, resident;
		char path[64];
		FILE *f;

		snprintf(path, sizeof path, "/proc/%d/statm", g->pid[i]);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%ld %ld", &size, &resident) == 2)
			sum += resident * (sysconf(_SC_PAGESIZE) / 1024);
		fclose(f);
	}
	return sum;
}

void procs_start(void)
{
	for (struct group *g = groups; g < groups + n_groups; g++) {
		g->rss0_kb = g->rss_peak_kb = rss_kb(g);
		g->cpu0 = cpu_s(g);
	}
}

void procs_sample(void)
{
	for (struct group *g = groups; g < groups + n_groups; g++) {
		long kb = rss_kb(g);

		if (kb > g->rss_peak_kb)
			g->rss_peak_kb = kb;
	}
}

void procs_stop(void)
{
	for (struct group *g = groups; g < groups + n_groups; g++)
		g->cpu1 = cpu_s(g);
	procs_sample();
}

void procs_print(uint64_t requests, uint64_t chunks)
{
	putchar('{');
	for (const struct group *g = groups; g < groups + n_groups; g++) {
		double cpu = g->cpu1 - g->cpu0;

		printf("%s\"%s\":{\"cpu_s\":%.4f,\"cpu_us_per_req\":%.2f,\"cpu_us_per_chunk\":%.3f,"
		       "\"rss_base_kb\":%ld,\"rss_peak_kb\":%ld}",
		       g == groups ? "" : ",", g->name, cpu,
		       requests ? cpu * 1e6 / (double)requests : 0,
		       chunks ? cpu * 1e6 / (double)chunks : 0, g->rss0_kb, g->rss_peak_kb);
	}
	putchar('}');
}
