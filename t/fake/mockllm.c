/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mockllm - a provider that needs no key, network or model: for a first look at the gateway, and
 * for tests, which can order every kind of answer and misbehaviour from it.
 *
 * HTTP/1.1 on the loopback address, one thread per connection.
 */
#include "config.h"

#include "mock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"

enum { HEAD_MAX = 64 * 1024, STACK_SIZE = 256 * 1024, WORD_DELAY_MS = 25, HOLD_LOOK_MS = 5 };

static struct {
	unsigned port;
	const char *port_file, *fixtures, *key;
	const char *answers[64];
	unsigned n_answers, delay_ms;
	bool verbose;
} options = { .delay_ms = WORD_DELAY_MS };

/* ---- reading a request ---- */

struct connection {
	int fd;
	char in[16 * 1024];
	size_t from, to;
};

static bool fill(struct connection *c)
{
	ssize_t n;

	do
		n = recv(c->fd, c->in, sizeof c->in, 0);
	while (n < 0 && errno == EINTR);
	c->from = 0;
	c->to = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool read_line(struct connection *c, struct buf *to, struct str *line)
{
	size_t start = to->len;

	for (;;) {
		char *end = memchr(c->in + c->from, '\n', c->to - c->from);
		size_t n = end ? (size_t)(end - (c->in + c->from)) + 1 : c->to - c->from;

		if (!buf_add(to, c->in + c->from, n))
			return false;
		c->from += n;
		if (end) {
			*line = str_trim(str_sub(buf_str(to), start, to->len));
			return true;
		}
		if (!fill(c))
			return false;
	}
}

static bool read_bytes(struct connection *c, struct buf *to, size_t n)
{
	while (n) {
		size_t have = c->to - c->from < n ? c->to - c->from : n;

		if (have && !buf_add(to, c->in + c->from, have))
			return false;
		c->from += have;
		n -= have;
		if (n && !fill(c))
			return false;
	}
	return true;
}

static bool read_chunks(struct connection *c, struct mock_request *rq)
{
	struct buf frame;
	struct str line;
	unsigned long n;
	bool ok;

	buf_init(&frame, HEAD_MAX);
	do {
		buf_reset(&frame);
		ok = read_line(c, &frame, &line);
		n = ok ? strtoul(buf_c(&frame), NULL, 16) : 0;
		ok = ok && n < MOCK_BODY_MAX && read_bytes(c, &rq->body, n) &&
		     (!n || read_line(c, &frame, &line));
	} while (ok && n);
	while (ok && (ok = read_line(c, &frame, &line)) && line.len)
		;
	buf_clear(&frame);
	return ok;
}

struct str mock_header(const struct mock_request *rq, const char *name)
{
	struct str rest = buf_str(&rq->head);
	ptrdiff_t end;

	while ((end = str_find(rest, '\n')) >= 0) {
		struct str line = str_sub(rest, 0, (size_t)end);
		ptrdiff_t colon = str_find(line, ':');

		rest = str_sub(rest, (size_t)end + 1, rest.len);
		if (colon > 0 && str_caseeq_c(str_sub(line, 0, (size_t)colon), name))
			return str_trim(str_sub(line, (size_t)colon + 1, line.len));
	}
	return STR_NULL;
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* "POST /path?query HTTP/1.1": fill in the parts, which point into the head. */
static bool read_target(struct mock_request *rq)
{
	struct str line = buf_str(&rq->head), target;
	ptrdiff_t blank = str_find(line, ' '), mark;

	if (blank <= 0 || !str_copy(rq->method, sizeof rq->method, str_sub(line, 0, (size_t)blank)))
		return false;
	target = str_sub(line, (size_t)blank + 1, line.len);
	blank = str_find(target, ' ');
	if (blank <= 0)
		return false;
	target = str_sub(target, 0, (size_t)blank);
	mark = str_find(target, '?');
	rq->path = str_sub(target, 0, mark < 0 ? target.len : (size_t)mark);
	rq->query = mark < 0 ? STR_NULL : str_sub(target, (size_t)mark + 1, target.len);
	return true;
}

static bool read_request(struct connection *c, struct mock_request *rq)
{
	struct str line;
	uint64_t length;

	do {
		if (!read_line(c, &rq->head, &line))
			return false;
	} while (line.len);
	if (!read_target(rq))
		return false;
	if (str_caseeq_c(mock_header(rq, "expect"), "100-continue") &&
	    !send_all(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		return false;
	if (str_caseeq_c(mock_header(rq, "transfer-encoding"), "chunked"))
		return read_chunks(c, rq);
	if (!str_u64(mock_header(rq, "content-length"), &length))
		length = 0;
	return length <= MOCK_BODY_MAX && read_bytes(c, &rq->body, (size_t)length);
}

/* ---- playing an answer ---- */

/* Wait so long, or with -1 for ever; false when the client hangs up. */
static bool pause_ms(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
	int64_t until = clock_mono_ms() + ms;
	int n;

	if (ms == 0)
		return true;
	do {
		n = poll(&p, 1, ms);
		if (ms > 0)
			ms = (int)(until > clock_mono_ms() ? until - clock_mono_ms() : 0);
	} while (n < 0 && errno == EINTR);
	return n == 0;
}

/* Until a test releases it; false when the client hangs up. */
static bool held(int fd, const struct mock_plan *p)
{
	while (!script_released(p))
		if (!pause_ms(fd, HOLD_LOOK_MS))
			return false;
	return true;
}

static uint32_t crc32(struct str s)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= (unsigned char)s.p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void add_le(struct buf *b, uint32_t v, unsigned bytes)
{
	for (; bytes; bytes--, v >>= 8)
		buf_add_byte(b, (char)(v & 0xff));
}

/* gzip without compressing: stored blocks. */
static void zip(struct mock_answer *a)
{
	struct str rest = buf_str(&a->body);
	struct buf out;

	buf_init(&out, MOCK_BODY_MAX);
	buf_add(&out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	do {
		struct str block = str_sub(rest, 0, 65535);

		rest = str_sub(rest, block.len, rest.len);
		buf_add_byte(&out, rest.len == 0);
		add_le(&out, (uint32_t)block.len, 2);
		add_le(&out, ~(uint32_t)block.len, 2);
		buf_add_str(&out, block);
	} while (rest.len);
	add_le(&out, crc32(buf_str(&a->body)), 4);
	add_le(&out, (uint32_t)a->body.len, 4);
	buf_clear(&a->body);
	a->body = out;
	a->n_cut = 0;
	buf_add_c(&a->headers, "Content-Encoding: gzip\r\n");
}

struct player {
	int fd;
	const struct mock_plan *plan;
	struct mock_answer *answer;
	enum mock_framing framing;
	size_t sent, limit;  /* body bytes */
	size_t piece, n_cut; /* of the sizes; of the answer's own cuts */
	bool keep;	     /* the connection can serve another request */
};

static bool play_head(struct player *y, bool keep_wanted)
{
	const struct mock_plan *p = y->plan;
	struct mock_answer *a = y->answer;
	struct buf b;
	bool ok;

	buf_init(&b, MOCK_BODY_MAX + (1 << 22));
	for (unsigned i = 0; i < p->early; i++)
		buf_addf(&b, "HTTP/1.1 103 Early Hints\r\nLink: </mock/%u>\r\n\r\n", i);
	if (p->http10)
		memcpy(a->status_line.p, "HTTP/1.0", 8);
	buf_add_str(&b, buf_str(&a->status_line));
	buf_add_c(&b, "\r\n");
	buf_add_str(&b, buf_str(&a->headers));
	buf_add_str(&b, buf_str(&p->headers));
	if (y->framing == FRAMING_CHUNKED)
		buf_add_c(&b, "Transfer-Encoding: chunked\r\n");
	else if (y->framing == FRAMING_LENGTH)
		buf_addf(&b, "Content-Length: %zu\r\n",
			 /* An early close must show: announce more than there is. */
			 a->body.len + (p->end != END_CLEAN && y->limit == a->body.len ? 1024 : 0));
	y->keep = keep_wanted && !p->http10 && y->framing != FRAMING_CLOSE && p->end == END_CLEAN;
	if (!y->keep)
		buf_add_c(&b, "Connection: close\r\n");
	buf_add_c(&b, "\r\n");
	if (y->framing == FRAMING_LENGTH && !p->n_sizes && !p->delay_ms && !p->hold) {
		/* in one write */
		buf_add_str(&b, str_sub(buf_str(&a->body), 0, y->limit));
		y->sent = y->limit;
	}
	ok = !b.failed && send_all(y->fd, b.p, b.len);
	buf_clear(&b);
	return ok;
}

/* Bytes of the next write. */
static size_t next_size(struct player *y)
{
	size_t left = y->limit - y->sent, n = left;

	if (y->plan->n_sizes) {
		n = y->plan->sizes[y->piece++ % y->plan->n_sizes];
	} else {
		while (y->n_cut < y->answer->n_cut && y->answer->cut[y->n_cut] <= y->sent)
			y->n_cut++;
		if (y->n_cut < y->answer->n_cut)
			n = y->answer->cut[y->n_cut] - y->sent;
	}
	if (y->plan->hold > y->sent && n > y->plan->hold - y->sent)
		n = y->plan->hold - y->sent;
	return n < left ? n : left;
}

static bool play_piece(struct player *y)
{
	size_t n = next_size(y);
	struct buf b;
	bool ok;

	buf_init(&b, MOCK_BODY_MAX + 64);
	if (y->framing == FRAMING_CHUNKED)
		buf_addf(&b, "%zx\r\n", n);
	buf_add(&b, y->answer->body.p + y->sent, n);
	if (y->framing == FRAMING_CHUNKED)
		buf_add_c(&b, "\r\n");
	ok = send_all(y->fd, b.p, b.len);
	buf_clear(&b);
	y->sent += ok ? n : 0;
	return ok;
}

static bool play_end(struct player *y)
{
	const struct linger now = { 1, 0 };

	switch (y->plan->end) {
	case END_CLEAN:
		return y->framing != FRAMING_CHUNKED || send_all(y->fd, "0\r\n\r\n", 5);
	case END_ABRUPT:
		return true;
	case END_RESET:
		setsockopt(y->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		return true;
	case END_STALL:
	case END_NEVER:
		return pause_ms(y->fd, -1);
	}
	return false;
}

/* False when the client hung up. */
static bool play(struct player *y, bool keep_wanted)
{
	const struct mock_plan *p = y->plan;

	if (!pause_ms(y->fd, (int)p->head_delay_ms) ||
	    (p->hold_set && !p->hold && !held(y->fd, p)))
		return false;
	if (p->end == END_NEVER)
		return play_end(y);
	if (!play_head(y, keep_wanted))
		return false;
	for (bool first = true; y->sent < y->limit; first = false) {
		if (p->hold && y->sent == p->hold && !held(y->fd, p))
			return false;
		if ((!first && !pause_ms(y->fd, (int)p->delay_ms)) || !play_piece(y))
			return false;
	}
	return play_end(y);
}

static enum mock_framing framing_of(const struct mock_plan *p, const struct mock_answer *a)
{
	if (p->framing != FRAMING_AUTO)
		return p->framing;
	if (a->stream)
		return p->http10 ? FRAMING_CLOSE : FRAMING_CHUNKED;
	return FRAMING_LENGTH;
}

/* Answer one request; false closes the connection. */
static bool answer(int fd, struct mock_request *rq)
{
	struct mock_plan plan = { .status = 0 };
	struct mock_answer a;
	struct player y = { .fd = fd, .plan = &plan, .answer = &a };
	struct mock_outcome o = { .status = 0 };
	bool admin = str_starts(rq->path, "/mock/");
	int64_t begun = clock_mono_ms();

	answer_init(&a);
	if (admin) {
		script_admin(rq, &a);
	} else {
		script_note(rq);
		if (!script_take(rq, &plan, &a))
			llm_answer(rq, &plan, options.key, &a);
		if (!plan.delay_set && !plan.n_sizes)
			plan.delay_ms = a.stream ? options.delay_ms : 0;
		if (plan.gzip)
			zip(&a);
	}
	y.framing = framing_of(&plan, &a);
	y.limit = plan.after_set && plan.after < a.body.len ? plan.after : a.body.len;
	o.client_closed = !play(&y, !str_caseeq_c(mock_header(rq, "connection"), "close"));
	o.sent = y.sent;
	o.status = a.status_line.len > 12 ? (int)strtol(a.status_line.p + 9, NULL, 10) : 0;
	o.after_ms = clock_mono_ms() - begun;
	if (!admin) {
		if (options.verbose)
			fprintf(stderr, "%u %s %.*s %d %zu bytes %lld ms%s\n", rq->number,
				rq->method, STR_ARG(rq->path), o.status, y.sent,
				(long long)o.after_ms, o.client_closed ? ", client closed" : "");
		script_done(rq, &o);
	}
	plan_clear(&plan);
	answer_clear(&a);
	return y.keep && !o.client_closed;
}

/* ---- connections ---- */

static void *serve(void *arg)
{
	struct connection c = { .fd = (int)(intptr_t)arg };
	bool go_on = true;

	while (go_on) {
		struct mock_request rq = { .number = 0 };

		buf_init(&rq.head, HEAD_MAX);
		buf_init(&rq.body, MOCK_BODY_MAX);
		go_on = read_request(&c, &rq) && answer(c.fd, &rq);
		buf_clear(&rq.head);
		buf_clear(&rq.body);
	}
	close(c.fd);
	return NULL;
}

static void *accept_loop(void *arg)
{
	int listener = (int)(intptr_t)arg, fd, on = 1;
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			pause_ms(-1, 10);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (pthread_create(&t, &attr, serve, (void *)(intptr_t)fd))
			close(fd);
	}
	return NULL;
}

/* ---- start ---- */

static int open_listener(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)options.port) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof sa) || listen(fd, 4096) ||
	    getsockname(fd, (struct sockaddr *)&sa, &n)) {
		fprintf(stderr, "llm-gateway-mock: port %u: %s\n", options.port, strerror(errno));
		return -1;
	}
	options.port = ntohs(sa.sin_port);
	return fd;
}

/* Whole or not at all: whoever waits for the file may read it at once. */
static bool write_port_file(void)
{
	char tmp[1024];
	FILE *f;

	if (!options.port_file)
		return true;
	snprintf(tmp, sizeof tmp, "%s.new", options.port_file);
	f = fopen(tmp, "w");
	if (!f || fprintf(f, "%u\n", options.port) < 0 || fclose(f) ||
	    rename(tmp, options.port_file)) {
		fprintf(stderr, "llm-gateway-mock: %s: %s\n", options.port_file, strerror(errno));
		return false;
	}
	return true;
}

static void help(void)
{
	printf(
	    "Usage: llm-gateway-mock [OPTION]...\n"
	    "\n"
	    "A mock LLM provider on 127.0.0.1. It speaks as OpenAI (chat completions, responses, "
	    "embeddings,\n"
	    "models), OpenRouter, LiteLLM, Anthropic (messages, count_tokens) and Gemini "
	    "(generateContent,\n"
	    "both stream forms, countTokens), recognised by the path; put /openai, /openrouter, "
	    "/litellm,\n"
	    "/claude or /gemini in front of it where that is not clear. Any key is accepted, none "
	    "is not.\n"
	    "A token is a word: usage follows from the request. Streams bring a word at a time.\n"
	    "\n"
	    "  --port N         listen there (default: any free port)\n"
	    "  --port-file F    write the port to F once connections are accepted\n"
	    "  --key K          accept only this key\n"
	    "  --delay MS       between two words of a stream (default %d)\n"
	    "  --fixtures DIR   recorded answers for file=\n"
	    "  --answer QUERY   order an answer at the start (repeat); QUERY as for /mock/next "
	    "below\n"
	    "  --verbose        a line for each request on standard error\n"
	    "  --help, --version\n"
	    "\n"
	    "%s",
	    WORD_DELAY_MS, script_help);
}

static unsigned number_or_exit(const char *name, const char *z, unsigned max)
{
	uint64_t n;

	if (str_u64(str_c(z), &n) && n <= max)
		return (unsigned)n;
	fprintf(stderr, "llm-gateway-mock: --%s %s: a number up to %u is needed\n", name, z, max);
	exit(2);
}

static void parse(int argc, char **argv)
{
	enum { PORT = 256, PORT_FILE, KEY, DELAY, FIXTURES, ANSWER, VERBOSE, HELP, VERSION };
	static const struct option known[] = { { "port", required_argument, NULL, PORT },
					       { "port-file", required_argument, NULL, PORT_FILE },
					       { "key", required_argument, NULL, KEY },
					       { "delay", required_argument, NULL, DELAY },
					       { "fixtures", required_argument, NULL, FIXTURES },
					       { "answer", required_argument, NULL, ANSWER },
					       { "verbose", no_argument, NULL, VERBOSE },
					       { "help", no_argument, NULL, HELP },
					       { "version", no_argument, NULL, VERSION },
					       { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case PORT:
			options.port = number_or_exit("port", optarg, 65535);
			break;
		case PORT_FILE:
			options.port_file = optarg;
			break;
		case KEY:
			options.key = optarg;
			break;
		case DELAY:
			options.delay_ms = number_or_exit("delay", optarg, 60000);
			break;
		case FIXTURES:
			options.fixtures = optarg;
			break;
		case ANSWER:
			if (options.n_answers < sizeof options.answers / sizeof options.answers[0])
				options.answers[options.n_answers++] = optarg;
			break;
		case VERBOSE:
			options.verbose = true;
			break;
		case HELP:
			help();
			exit(0);
		case VERSION:
			puts("llm-gateway-mock " PACKAGE_VERSION);
			exit(0);
		default:
			fputs("Try `llm-gateway-mock --help`.\n", stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "llm-gateway-mock: unexpected argument %s\n", argv[optind]);
		exit(2);
	}
}

static void order_answers(void)
{
	char why[1200];

	for (unsigned i = 0; i < options.n_answers; i++) {
		if (!script_order(str_c(options.answers[i]), STR_NULL, why, sizeof why)) {
			fprintf(stderr, "llm-gateway-mock: --answer %s: %s\n", options.answers[i],
				why);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;
	sigset_t set;
	pthread_t t;
	int listener, sig;

	parse(argc, argv);
	script_init(options.fixtures);
	order_answers();
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	listener = open_listener();
	if (listener < 0)
		return 1;
	if (pthread_create(&t, NULL, accept_loop, (void *)(intptr_t)listener)) {
		fputs("llm-gateway-mock: cannot start a thread\n", stderr);
		return 1;
	}
	if (!write_port_file())
		return 1;
	printf("mock provider on http://127.0.0.1:%u\n", options.port);
	fflush(stdout);
	sigwait(&set, &sig);
	_exit(0); /* threads may be in the middle of anything; nothing here outlives them */
}
