/* SPDX-License-Identifier: Apache-2.0 */
/* Spent nonces: one use, whoever asks, for as long as a clock accepts the header. */
#include "config.h"

#include "auth/did_auth.h"

#include <pthread.h>
#include <unistd.h>

#include "store/store.h"
#include "util/conf.h"
#include "tap.h"

static char dir[] = "/tmp/u-nonce.XXXXXX", path[64];

struct use {
	struct did_auth auth;
	int64_t now;
};

static int burn(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct use *u = arg;

	return nonce_burn_tx(c, &u->auth, u->now, 300, e);
}

/* 0 accepted, 1 replayed, -1 anything else. @verified: when the header was looked at. */
static int spend_late(struct store *st, const char *did, const char *nonce, int64_t timestamp,
		      int64_t verified, int64_t now)
{
	struct use u = { .now = now };
	struct gw_err e = { .code = GWE_OK };

	snprintf(u.auth.did, sizeof u.auth.did, "%s", did);
	snprintf(u.auth.nonce, sizeof u.auth.nonce, "%s", nonce);
	u.auth.timestamp_s = timestamp;
	u.auth.verified_s = verified;
	if (!store_write(st, "burn", burn, &u, &e))
		return 0;
	return e.code == GWE_UNAUTHORIZED && !strncmp(e.pub, "NONCE_REPLAYED: ", 16) ? 1 : -1;
}

static int spend(struct store *st, const char *did, const char *nonce, int64_t timestamp,
		 int64_t now)
{
	return spend_late(st, did, nonce, timestamp, now, now);
}

struct expiry {
	int64_t now, limit, n;
};

static int expire(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct expiry *x = arg;

	return nonce_expire_tx(c, x->now, x->limit, &x->n, e);
}

static int count(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct expiry *x = arg;

	return nonce_count(c, &x->n, e);
}

static int64_t counted(struct store *st)
{
	struct expiry x = { .n = -1 };
	struct gw_err e;

	return store_read(st, count, &x, &e) < 0 ? -1 : x.n;
}

/* The table grows by what is new, is counted, and shrinks again. */
static void size(struct store *st)
{
	struct expiry x = { .now = 100000, .limit = 1000 };
	struct gw_err e;
	char nonce[16];
	unsigned bad = 0;

	OK(!store_write(st, "expire", expire, &x, &e) && counted(st) == 0, "none is left");
	for (int i = 0; i < 7; i++) {
		snprintf(nonce, sizeof nonce, "%d", i % 5);
		bad += spend(st, "did:s", nonce, 100000, 100000) != i / 5;
	}
	OK(bad == 0 && counted(st) == 5, "five");
	x.limit = 4;
	x.now = 100301;
	OK(!store_write(st, "expire", expire, &x, &e) && x.n == 4 && counted(st) == 1,
	   "they go in parts, and it is told how many");
	OK(!store_write(st, "expire", expire, &x, &e) && x.n == 1 && counted(st) == 0,
	   "to the last");
}

static void once(struct store *st)
{
	char longest[NONCE_TEXT];

	OK(spend(st, "did:a", "n", 1000, 1000) == 0, "first use");
	OK(spend(st, "did:a", "n", 1000, 1000) == 1, "the same again");
	OK(spend(st, "did:b", "n", 1000, 1000) == 0, "the same of another DID");
	OK(spend(st, "did:b", "m", 1000, 1000) == 0, "another of the same DID");
	OK(spend(st, "did:bm", "", 1000, 1000) == 0, "DID and nonce do not run together");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	OK(spend(st, "did:a", longest, 1000, 1000) == 0, "256 bytes");
	OK(spend(st, "did:a", longest, 1000, 1000) == 1, "all of which are remembered");
	longest[sizeof longest - 2] = 'y';
	OK(spend(st, "did:a", longest, 1000, 1000) == 0, "of which the last counts");
}

/* A header of now: accepted until now + 300. One dated 300 s ahead: until now + 600. */
static void lifetime(struct store *st)
{
	struct expiry x = { .limit = 1000 };
	struct gw_err e;

	OK(spend(st, "did:t", "now", 5000, 5000) == 0 &&
		   spend(st, "did:t", "old", 4700, 5000) == 0 &&
		   spend(st, "did:t", "early", 5300, 5000) == 0,
	   "three headers");
	x.now = 5300;
	OK(!store_write(st, "expire", expire, &x, &e) &&
		   spend(st, "did:t", "now", 5000, 5300) == 1 &&
		   spend(st, "did:t", "old", 4700, 5300) == 1,
	   "remembered for 300 s after they came, to the second");
	x.now = 5600;
	OK(!store_write(st, "expire", expire, &x, &e) &&
		   spend(st, "did:t", "early", 5300, 5600) == 1,
	   "and as long as the timestamp is accepted");
	OK(spend(st, "did:t", "early", 5901, 5601) == 0, "free again afterwards");
	OK(spend(st, "did:t", "now", 5601, 5601) == 0, "whether it was cleared away or not");
}

/* The same header twice, the second time in its last second and with a body that takes its time. */
static void slowly(struct store *st)
{
	struct conf c = { .body_timeout_ms = 60000, .busy_wait_ms = 60000, .node_timeout_ms = 10000 };
	struct expiry x = { .limit = 1000 };
	struct gw_err e;

	OK(nonce_hold_s(&c) >= 130, "as long as body, sub-channel and node may take, and more");
	c.body_timeout_ms = 3600000;
	OK(nonce_hold_s(&c) >= 3670, "whatever the settings are");
	OK(spend(st, "did:s", "n", 7000, 7000) == 0, "used once");
	x.now = 7430 - nonce_hold_s(&c);
	OK(!store_write(st, "expire", expire, &x, &e) &&
		   spend_late(st, "did:s", "n", 7000, 7300, 7430) == 1,
	   "a header that was accepted in its last second is no new one when its body is there");
	OK(spend_late(st, "did:s", "other", 7000, 7300, 7430) == 0, "unless it was new");
}

/* ---- threads ---- */

enum { THREADS = 8 };
struct thief {
	struct store *st;
	int rc;
};

static void *use_once(void *arg)
{
	struct thief *t = arg;

	t->rc = spend(t->st, "did:c", "crowd", 1000, 1000);
	return NULL;
}

/* Half of them through another connection, as another process would. */
static void together(struct store *a, struct store *b)
{
	struct thief t[THREADS];
	pthread_t id[THREADS];
	int good = 0, replayed = 0;

	for (int i = 0; i < THREADS; i++) {
		t[i] = (struct thief){ i % 2 ? a : b, -1 };
		if (pthread_create(&id[i], NULL, use_once, &t[i]))
			abort();
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(id[i], NULL);
		good += t[i].rc == 0;
		replayed += t[i].rc == 1;
	}
	OK(good == 1 && replayed == THREADS - 1,
	   "of eight at once, over two connections, one is served");
}

int main(void)
{
	struct store_options o = { .path = path, .role = STORE_GATEWAY };
	struct store *a, *b;
	struct gw_err e;
	bool made;
	char name[80];

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/gateway.db", dir);
	if (store_migrate(path, SCHEMA_GATEWAY, false, &made, &e) || store_open(&a, &o, &e) ||
	    store_open(&b, &o, &e))
		return 1;
	once(a);
	lifetime(a);
	slowly(a);
	size(a);
	together(a, b);
	store_close(a);
	store_close(b);
	unlink(path);
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "%s%s", path, i ? "-wal" : "-shm");
		unlink(name);
	}
	rmdir(dir);
	return TAP_END;
}
