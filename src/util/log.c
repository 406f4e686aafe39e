/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"

/*
 * What a reload may change is atomic or, like the file, behind the lock; the program's name is set by
 * the first log_open, before threads exist.
 */
static struct {
	pthread_mutex_t lock;
	_Atomic(enum log_level) level;
	_Atomic(enum log_format) format;
	_Atomic(enum log_target) target;
	char program[64];
	bool named;
	char path[4096];
	int fd;
} lg = { .lock = PTHREAD_MUTEX_INITIALIZER,
	 .level = LOG_LVL_INFO,
	 .program = "llm-gateway",
	 .fd = STDERR_FILENO };

static const char *const names[] = { "error", "warn", "info", "debug" };

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
}

int log_open(const struct log_options *o, struct gw_err *e)
{
	int fd = STDERR_FILENO;

	if (o->target == LOG_TO_FILE) {
		fd = open_file(o->path);
		if (fd < 0)
			return gw_fail(e, GWE_CONFIG, errno, "cannot open log file %s: %s", o->path,
				       strerror(errno));
	}
	pthread_mutex_lock(&lg.lock);
	if (o->target == LOG_TO_FILE)
		snprintf(lg.path, sizeof lg.path, "%s", o->path);
	if (lg.fd != STDERR_FILENO)
		close(lg.fd);
	lg.fd = fd;
	lg.level = o->level;
	lg.format = o->format;
	lg.target = o->target;
	if (!lg.named && o->program) {
		snprintf(lg.program, sizeof lg.program, "%s", o->program);
		lg.named = true;
	}
	if (o->target == LOG_TO_SYSLOG)
		openlog(lg.program, LOG_PID, LOG_DAEMON);
	pthread_mutex_unlock(&lg.lock);
	return 0;
}

void log_reopen(void)
{
	int fd;

	pthread_mutex_lock(&lg.lock);
	fd = lg.target == LOG_TO_FILE ? open_file(lg.path) : -1;
	if (fd >= 0) {
		close(lg.fd);
		lg.fd = fd;
	}
	pthread_mutex_unlock(&lg.lock);
}

bool log_enabled(enum log_level level)
{
	return level <= lg.level;
}

void log_line(struct str line)
{
	struct iovec v[2] = { { (void *)(uintptr_t)line.p, line.len },
			      { (void *)(uintptr_t) "\n", 1 } };
	ssize_t n;

	if (lg.target == LOG_TO_SYSLOG) {
		syslog(LOG_INFO, "%.*s", STR_ARG(line));
		return;
	}
	pthread_mutex_lock(&lg.lock);
	do
		n = writev(lg.fd, v, 2);
	while (n < 0 && errno == EINTR);
	pthread_mutex_unlock(&lg.lock);
}

void log_event(enum log_level level, const char *fmt, ...)
{
	char text[2048], iso[CLOCK_ISO_SIZE];
	struct buf b;
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (lg.target == LOG_TO_SYSLOG) {
		static const int pri[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

		syslog(pri[level], "%s", text);
		return;
	}
	clock_iso(iso, clock_wall_ms());
	buf_init(&b, 16384);
	if (lg.format == LOG_FMT_JSON) {
		buf_addf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"msg\":", iso,
			 names[level], lg.program);
		buf_add_json(&b, str_c(text));
		buf_add_byte(&b, '}');
	} else {
		for (char *p = text; *p; p++)
			if ((unsigned char)*p < 0x20)
				*p = ' ';
		buf_addf(&b, "time=%s level=%s program=%s msg=", iso, names[level], lg.program);
		buf_add_json(&b, str_c(text));
	}
	log_line(buf_str(&b));
	buf_clear(&b);
}
