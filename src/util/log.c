/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/clock.h"

/* Set by log_open before threads exist; the lock guards only a reopened file. */
static struct {
	pthread_mutex_t lock;
	struct log_options o;
	char program[64];
	char path[4096];
	int fd;
} lg = { .lock = PTHREAD_MUTEX_INITIALIZER,
	 .program = "llm-gateway",
	 .o = { .program = "llm-gateway", .level = LOG_LVL_INFO },
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
		snprintf(lg.path, sizeof lg.path, "%s", o->path);
	}
	pthread_mutex_lock(&lg.lock);
	if (lg.fd != STDERR_FILENO)
		close(lg.fd);
	lg.o = *o;
	snprintf(lg.program, sizeof lg.program, "%s", o->program ? o->program : "llm-gateway");
	lg.o.program = lg.program;
	lg.o.path = lg.path;
	lg.fd = fd;
	if (o->target == LOG_TO_SYSLOG)
		openlog(lg.program, LOG_PID, LOG_DAEMON);
	pthread_mutex_unlock(&lg.lock);
	return 0;
}

void log_reopen(void)
{
	int fd;

	if (lg.o.target != LOG_TO_FILE)
		return;
	fd = open_file(lg.path);
	if (fd < 0)
		return;
	pthread_mutex_lock(&lg.lock);
	close(lg.fd);
	lg.fd = fd;
	pthread_mutex_unlock(&lg.lock);
}

bool log_enabled(enum log_level level)
{
	return level <= lg.o.level;
}

void log_line(struct str line)
{
	struct iovec v[2] = { { (void *)(uintptr_t)line.p, line.len }, { (void *)(uintptr_t) "\n", 1 } };
	ssize_t n;

	if (lg.o.target == LOG_TO_SYSLOG) {
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
	if (lg.o.target == LOG_TO_SYSLOG) {
		static const int pri[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

		syslog(pri[level], "%s", text);
		return;
	}
	clock_iso(iso, clock_wall_ms());
	buf_init(&b, 16384);
	if (lg.o.format == LOG_FMT_JSON) {
		buf_addf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"msg\":", iso, names[level],
			 lg.program);
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
