/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that a test has ordered, and records of what was asked. */
#include "config.h"

#include "mock.h"

#include <errno.h>
#include <pthread.h>

#include "util/clock.h"
#include "util/file.h"

enum { FILE_MAX = 64 << 20, RECORDS = 64 };

/* clang-format off */
const char script_help[] =
	"Scripting, all below /mock/ and without headers. Answers that were ordered are used up first\n"
	"come, first served; without any the mock answers as a provider would.\n"
	"\n"
	"POST /mock/next?KEY=VALUE&...   order an answer; the request's body, if any, is its body\n"
	"  file=NAME        replay NAME.http of the --fixtures directory: status, headers and body as "
	"they\n"
	"                   are, `#! end: abrupt` included\n"
	"  status=N         this status; without a body an error in the provider's own form\n"
	"  header=TEXT      one more header, `Name: value`; may be repeated\n"
	"  sizes=A,B,...    write the body in pieces of A, B, ... bytes, over and over\n"
	"  delay=MS         between two pieces          head_delay=MS  before the head\n"
	"  hold=N           keep back what follows body byte N (0: the head, too) until "
	"/mock/release\n"
	"  early=N          N heads of status 103 in front\n"
	"  end=HOW          clean; abrupt (close early); reset (the same with a TCP reset); stall "
	"(silence\n"
	"                   until the client closes); never (not even a head)\n"
	"  after=N          body bytes before that end (default: all)\n"
	"  framing=HOW      length, chunked or close    http10=1       answer as HTTP/1.0\n"
	"  gzip=1           with Content-Encoding: gzip\n"
	"  input=N output=N tokens of a made answer     huge=N         one word of N more bytes in it\n"
	"  path=PREFIX      only for requests of this path\n"
	"  match=TEXT       only for requests whose body holds TEXT\n"
	"  times=N          for the next N requests (default 1; 0: until reset)\n"
	"POST /mock/release              what was ordered with hold= before now goes on\n"
	"POST /mock/reset                forget orders and records\n"
	"GET  /mock/count                number of requests so far (those below /mock/ do not count)\n"
	"GET  /mock/requests             what is known of the last 64, as JSON\n"
	"GET  /mock/head?n=N             head of request N (from 1; default the last) as it came\n"
	"GET  /mock/body?n=N             its body, to the byte\n"
	"GET  /mock/wait?requests=N&finished=M&timeout=MS\n"
	"                                wait until so many requests came and so many were finished "
	"with\n"
	"                                (answered, or given up by the client); 504 after MS (10000)\n";
/* clang-format on */

struct order {
	struct order *next;
	struct mock_plan plan;
	struct mock_answer answer;
	bool has_answer; /* else llm_answer makes one */
	char path[128], match[128];
	unsigned left; /* requests; 0: any number */
};

struct record {
	unsigned number;
	char method[16];
	struct buf path, head, body;
	bool finished;
	struct mock_outcome outcome;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static pthread_cond_t changed;
static const char *fixtures;
static struct order *orders;
static struct record records[RECORDS]; /* number n is at n % RECORDS */
static unsigned count, finished;
static unsigned releases;   /* so far */
static unsigned generation; /* of records: a request from before a reset is not counted */

void script_init(const char *dir)
{
	pthread_condattr_t attr;

	fixtures = dir;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
}

/* ---- small things ---- */

void plan_clear(struct mock_plan *p)
{
	buf_clear(&p->headers);
}

void answer_init(struct mock_answer *a)
{
	*a = (struct mock_answer){ .stream = false };
	buf_init(&a->status_line, 1024);
	buf_init(&a->headers, 1 << 20);
	buf_init(&a->body, MOCK_BODY_MAX);
}

void answer_clear(struct mock_answer *a)
{
	buf_clear(&a->status_line);
	buf_clear(&a->headers);
	buf_clear(&a->body);
	free(a->cut);
	a->cut = NULL;
	a->n_cut = a->cap_cut = 0;
}

void answer_status(struct mock_answer *a, int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = { { 200, "OK" },
			{ 400, "Bad Request" },
			{ 401, "Unauthorized" },
			{ 402, "Payment Required" },
			{ 403, "Forbidden" },
			{ 404, "Not Found" },
			{ 429, "Too Many Requests" },
			{ 500, "Internal Server Error" },
			{ 503, "Service Unavailable" },
			{ 504, "Gateway Timeout" } };
	const char *reason = "Scripted";

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			reason = reasons[i].reason;
	buf_reset(&a->status_line);
	buf_addf(&a->status_line, "HTTP/1.1 %d %s", status, reason);
}

void answer_cut(struct mock_answer *a)
{
	if (a->n_cut == a->cap_cut) {
		a->cap_cut = a->cap_cut ? 2 * a->cap_cut : 64;
		a->cut = realloc(a->cut, a->cap_cut * sizeof *a->cut);
		if (!a->cut)
			abort();
	}
	a->cut[a->n_cut++] = a->body.len;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool unescape(struct str s, char *dst, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] == '+' ? ' ' : s.p[i];

		if (c == '%' && i + 2 < s.len && hex_digit(s.p[i + 1]) >= 0 &&
		    hex_digit(s.p[i + 2]) >= 0) {
			c = (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
			i += 2;
		}
		if (n + 1 >= size)
			return false;
		dst[n++] = c;
	}
	dst[n] = '\0';
	return true;
}

/* The next `key=value` of @query; false at its end. */
static bool next_pair(struct str *query, struct str *key, struct str *value)
{
	while (query->len) {
		ptrdiff_t amp = str_find(*query, '&'), eq;
		struct str pair = str_sub(*query, 0, amp < 0 ? query->len : (size_t)amp);

		*query = str_sub(*query, pair.len + 1, query->len);
		eq = str_find(pair, '=');
		*key = str_sub(pair, 0, eq < 0 ? pair.len : (size_t)eq);
		*value = eq < 0 ? STR_NULL : str_sub(pair, (size_t)eq + 1, pair.len);
		if (pair.len)
			return true;
	}
	return false;
}

bool mock_query(struct str query, const char *key, char *dst, size_t size)
{
	struct str k, v;

	while (next_pair(&query, &k, &v))
		if (str_eq_c(k, key))
			return unescape(v, dst, size);
	return false;
}

static uint64_t query_number(struct str query, const char *key, uint64_t otherwise)
{
	char text[32];
	uint64_t n;

	return mock_query(query, key, text, sizeof text) && str_u64(str_c(text), &n) ? n
										     : otherwise;
}

/* ---- orders ---- */

static bool set_sizes(struct mock_plan *p, const char *z)
{
	struct str rest = str_c(z);
	uint64_t n;

	for (p->n_sizes = 0; rest.len && p->n_sizes < MOCK_SIZES; p->n_sizes++) {
		ptrdiff_t comma = str_find(rest, ',');
		struct str one = str_sub(rest, 0, comma < 0 ? rest.len : (size_t)comma);

		if (!str_u64(one, &n) || n == 0)
			return false;
		p->sizes[p->n_sizes] = (size_t)n;
		rest = str_sub(rest, one.len + 1, rest.len);
	}
	return p->n_sizes && !rest.len;
}

static bool set_word(const char *z, const char *const *choices, unsigned *out)
{
	for (unsigned i = 0; choices[i]; i++) {
		if (!strcmp(choices[i], z)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool set_key(struct order *o, const char *key, const char *z)
{
	static const char *const ends[] = { "clean", "abrupt", "reset", "stall", "never", NULL };
	static const char *const framings[] = { "auto", "length", "chunked", "close", NULL };
	struct mock_plan *p = &o->plan;
	uint64_t n = 0;
	unsigned choice;
	bool number = str_u64(str_c(z), &n) && n <= UINT32_MAX;

	if (!strcmp(key, "header"))
		return buf_addf(&p->headers, "%s\r\n", z);
	if (!strcmp(key, "sizes"))
		return set_sizes(p, z);
	if (!strcmp(key, "path"))
		return str_copy(o->path, sizeof o->path, str_c(z));
	if (!strcmp(key, "match"))
		return str_copy(o->match, sizeof o->match, str_c(z));
	if (!strcmp(key, "end")) {
		if (!set_word(z, ends, &choice))
			return false;
		p->end = (enum mock_end)choice;
		return true;
	}
	if (!strcmp(key, "framing")) {
		if (!set_word(z, framings, &choice))
			return false;
		p->framing = (enum mock_framing)choice;
		return true;
	}
	if (!number)
		return false;
	if (!strcmp(key, "status") && n >= 200 && n <= 999)
		p->status = (int)n;
	else if (!strcmp(key, "delay"))
		p->delay_ms = (unsigned)n, p->delay_set = true;
	else if (!strcmp(key, "head_delay"))
		p->head_delay_ms = (unsigned)n;
	else if (!strcmp(key, "hold"))
		p->hold = (size_t)n, p->hold_set = true;
	else if (!strcmp(key, "early"))
		p->early = (unsigned)n;
	else if (!strcmp(key, "after"))
		p->after = (size_t)n, p->after_set = true;
	else if (!strcmp(key, "http10"))
		p->http10 = n != 0;
	else if (!strcmp(key, "gzip"))
		p->gzip = n != 0;
	else if (!strcmp(key, "input"))
		p->input = n, p->input_set = true;
	else if (!strcmp(key, "output"))
		p->output = n, p->output_set = true;
	else if (!strcmp(key, "huge"))
		p->huge = (size_t)n;
	else if (!strcmp(key, "times"))
		o->left = (unsigned)n;
	else
		return false;
	return true;
}

static struct str take_line(struct str *rest)
{
	ptrdiff_t end = str_find(*rest, '\n');
	struct str line = str_sub(*rest, 0, end < 0 ? rest->len : (size_t)end);

	*rest = str_sub(*rest, line.len + 1, rest->len);
	return line;
}

/* Read a recorded exchange: `#!` lines, status line, headers, an empty line, the body. */
static bool load_file(struct order *o, const char *name, char *why, size_t size)
{
	char path[1024];
	struct secret content = { NULL, 0 };
	struct stat st;
	struct str rest, line;

	if (!fixtures) {
		snprintf(why, size, "start the mock with --fixtures DIR to use file=");
		return false;
	}
	if (name[0] == '/' || strstr(name, "..")) {
		snprintf(why, size, "file= is looked for in %s; it cannot leave it", fixtures);
		return false;
	}
	snprintf(path, sizeof path, "%s/%s%s", fixtures, name,
		 str_ends(str_c(name), ".http") ? "" : ".http");
	if (file_read(path, FILE_MAX, &content, &st)) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return false;
	}
	rest = secret_reveal(&content);
	while (str_starts(rest, "#!")) {
		line = take_line(&rest);
		if (str_starts(line, "#! end: abrupt") && o->plan.end == END_CLEAN)
			o->plan.end = END_ABRUPT;
		if (str_starts(line, "#! request:") && str_has(line, "stream"))
			o->answer.stream = true;
	}
	buf_add_str(&o->answer.status_line, take_line(&rest));
	while ((line = take_line(&rest)).len) {
		buf_addf(&o->answer.headers, "%.*s\r\n", STR_ARG(line));
		if (str_has(line, "event-stream"))
			o->answer.stream = true;
	}
	buf_add_str(&o->answer.body, rest);
	o->has_answer = true;
	secret_clear(&content);
	return true;
}

static void order_free(struct order *o)
{
	answer_clear(&o->answer);
	plan_clear(&o->plan);
	free(o);
}

static bool read_order(struct order *o, struct str query, struct str body, char *why, size_t size)
{
	char key[32], value[1024], file[512] = "";
	struct str k, v;

	while (next_pair(&query, &k, &v)) {
		if (!unescape(k, key, sizeof key) || !unescape(v, value, sizeof value)) {
			snprintf(why, size, "a key or value is too long");
			return false;
		}
		if (!strcmp(key, "file") ? !str_copy(file, sizeof file, str_c(value))
					 : !set_key(o, key, value)) {
			snprintf(why, size, "%s=%.100s makes no sense; `--help` lists the keys",
				 key, value);
			return false;
		}
	}
	if (*file)
		return load_file(o, file, why, size);
	if (body.len) {
		answer_status(&o->answer, o->plan.status ? o->plan.status : 200);
		if (!str_has(buf_str(&o->plan.headers), "ontent-"))
			buf_add_c(&o->answer.headers, "Content-Type: application/json\r\n");
		buf_add_str(&o->answer.body, body);
		o->has_answer = true;
	}
	return true;
}

bool script_order(struct str query, struct str body, char *why, size_t size)
{
	struct order *o = calloc(1, sizeof *o), **at;

	if (!o)
		abort();
	o->left = 1;
	answer_init(&o->answer);
	buf_init(&o->plan.headers, 1 << 20);
	if (!read_order(o, query, body, why, size)) {
		order_free(o);
		return false;
	}
	pthread_mutex_lock(&lock);
	o->plan.releases = releases;
	for (at = &orders; *at; at = &(*at)->next)
		;
	*at = o;
	pthread_mutex_unlock(&lock);
	return true;
}

static bool order_fits(const struct order *o, const struct mock_request *rq)
{
	return str_starts(rq->path, o->path) &&
	       (!*o->match ||
		(rq->body.len && memmem(rq->body.p, rq->body.len, o->match, strlen(o->match))));
}

bool script_take(const struct mock_request *rq, struct mock_plan *plan, struct mock_answer *a)
{
	struct order **at, *o;
	bool has_answer = false;

	pthread_mutex_lock(&lock);
	for (at = &orders; *at && !order_fits(*at, rq); at = &(*at)->next)
		;
	o = *at;
	if (o) {
		*plan = o->plan;
		buf_init(&plan->headers, 1 << 20);
		buf_add_str(&plan->headers, buf_str(&o->plan.headers));
		has_answer = o->has_answer;
		a->stream = o->answer.stream;
		buf_add_str(&a->status_line, buf_str(&o->answer.status_line));
		buf_add_str(&a->headers, buf_str(&o->answer.headers));
		buf_add_str(&a->body, buf_str(&o->answer.body));
		if (o->left && --o->left == 0) {
			*at = o->next;
			order_free(o);
		}
	}
	pthread_mutex_unlock(&lock);
	return has_answer;
}

/* ---- records ---- */

static void record_clear(struct record *r)
{
	buf_clear(&r->path);
	buf_clear(&r->head);
	buf_clear(&r->body);
	*r = (struct record){ .number = 0 };
}

void script_note(struct mock_request *rq)
{
	struct record *r;

	pthread_mutex_lock(&lock);
	rq->number = ++count;
	rq->generation = generation;
	r = &records[count % RECORDS];
	record_clear(r);
	r->number = count;
	memcpy(r->method, rq->method, sizeof r->method);
	buf_init(&r->path, 1 << 20);
	buf_init(&r->head, 1 << 20);
	buf_init(&r->body, MOCK_BODY_MAX);
	buf_add_str(&r->path, rq->path);
	buf_add_str(&r->head, buf_str(&rq->head));
	buf_add_str(&r->body, buf_str(&rq->body));
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void script_done(const struct mock_request *rq, const struct mock_outcome *o)
{
	struct record *r = &records[rq->number % RECORDS];

	pthread_mutex_lock(&lock);
	if (rq->generation == generation)
		finished++;
	if (rq->generation == generation && r->number == rq->number) {
		r->outcome = *o;
		r->finished = true;
	}
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

bool script_released(const struct mock_plan *p)
{
	bool yes;

	pthread_mutex_lock(&lock);
	yes = releases != p->releases;
	pthread_mutex_unlock(&lock);
	return yes;
}

/* ---- what a test asks ---- */

static void admin_fail(struct mock_answer *a, int status, const char *why)
{
	answer_status(a, status);
	buf_addf(&a->body, "mock: %s\n", why);
}

/* With the lock. */
static const struct record *find_record(struct str query)
{
	uint64_t n = query_number(query, "n", 0);
	const struct record *r = &records[(n ? n : count) % RECORDS];

	return r->number && (n == 0 || r->number == n) ? r : NULL;
}

static void list_requests(struct mock_answer *a)
{
	unsigned first = count > RECORDS ? count - RECORDS + 1 : 1;
	bool any = false;

	buf_add_c(&a->body, "[");
	for (unsigned n = first; n <= count; n++) {
		const struct record *r = &records[n % RECORDS];

		if (r->number != n)
			continue;
		buf_addf(&a->body, "%s{\"n\":%u,\"method\":\"%s\",\"path\":", any ? "," : "", n,
			 r->method);
		buf_add_json(&a->body, buf_str(&r->path));
		buf_addf(&a->body, ",\"body_bytes\":%zu,\"finished\":%s", r->body.len,
			 r->finished ? "true" : "false");
		if (r->finished)
			buf_addf(&a->body,
				 ",\"status\":%d,\"sent_bytes\":%llu,\"client_closed\":%s,\"after_"
				 "ms\":%lld",
				 r->outcome.status, (unsigned long long)r->outcome.sent,
				 r->outcome.client_closed ? "true" : "false",
				 (long long)r->outcome.after_ms);
		buf_add_c(&a->body, "}");
		any = true;
	}
	buf_add_c(&a->body, "]\n");
}

static void wait_for(struct str query, struct mock_answer *a)
{
	uint64_t want = query_number(query, "requests", 0),
		 want_finished = query_number(query, "finished", 0),
		 ms = query_number(query, "timeout", 10000);
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while ((count < want || finished < want_finished) && !late)
		late = pthread_cond_timedwait(&changed, &lock, &until);
	if (late)
		answer_status(a, 504);
	buf_addf(&a->body, "{\"requests\":%u,\"finished\":%u}\n", count, finished);
}

static void reset(void)
{
	while (orders) {
		struct order *o = orders;

		orders = o->next;
		order_free(o);
	}
	for (size_t i = 0; i < RECORDS; i++)
		record_clear(&records[i]);
	count = finished = 0;
	generation++;
}

void script_admin(const struct mock_request *rq, struct mock_answer *a)
{
	bool post = !strcmp(rq->method, "POST");
	char why[1200];

	answer_status(a, 200);
	buf_add_c(&a->headers, "Content-Type: text/plain\r\n");
	if (post && str_eq_c(rq->path, "/mock/next")) {
		if (!script_order(rq->query, buf_str(&rq->body), why, sizeof why))
			admin_fail(a, 400, why);
		return;
	}
	pthread_mutex_lock(&lock);
	if (post && str_eq_c(rq->path, "/mock/reset")) {
		reset();
	} else if (post && str_eq_c(rq->path, "/mock/release")) {
		releases++;
	} else if (str_eq_c(rq->path, "/mock/count")) {
		buf_addf(&a->body, "%u\n", count);
	} else if (str_eq_c(rq->path, "/mock/requests")) {
		list_requests(a);
	} else if (str_eq_c(rq->path, "/mock/wait")) {
		wait_for(rq->query, a);
	} else if (str_eq_c(rq->path, "/mock/head") || str_eq_c(rq->path, "/mock/body")) {
		const struct record *r = find_record(rq->query);

		if (r)
			buf_add_str(&a->body,
				    buf_str(str_ends(rq->path, "head") ? &r->head : &r->body));
		else
			admin_fail(a, 404, "no such request; the last 64 are kept");
	} else {
		admin_fail(a, 404, "unknown command; `llm-gateway-mock --help` lists them");
	}
	pthread_mutex_unlock(&lock);
}
