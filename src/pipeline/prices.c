/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pipeline/prices.h"

#include <errno.h>
#include <stdlib.h>

#include "store/price_rows.h"
#include "util/file.h"
#include "util/log.h"

enum { PRICE_FILE_MAX = 8 << 20, OVERRIDES_MAX = 8 << 20 };

/* What the store holds, taken out of it in one transaction. */
struct stored {
	int64_t version;
	struct buf text; /* {"model":{...},...} */
};

static int read_stored(struct store_conn *c, void *arg, struct gw_err *e)
{
	struct stored *o = arg;

	return price_rows_version(c, &o->version, e) || price_rows_json(c, &o->text, e) ? -1 : 0;
}

static int add_file(struct price_book *b, const char *path, struct gw_err *e)
{
	struct secret text = { 0 };
	struct stat st;
	int r;

	if (file_read(path, PRICE_FILE_MAX, &text, &st) < 0)
		return gw_fail(e, GWE_CONFIG, errno, "PRICING_CONFIG_PATH: cannot read %s: %s",
			       path, strerror(errno));
	r = price_book_add_csv(b, secret_reveal(&text), path, e);
	secret_clear(&text);
	return r;
}

static void add_multiplier(struct price_set *s, const struct conf *c)
{
	const char *warn = NULL;

	s->multiplier = multiplier_parse(str_c(c->pricing_multiplier), &warn);
	if (warn)
		log_warn("PRICING_MULTIPLIER: %s", warn);
	snprintf(s->multiplier_text, sizeof s->multiplier_text, "%llu/%llu",
		 (unsigned long long)s->multiplier.num, (unsigned long long)s->multiplier.den);
}

/* @st: NULL for a check without a store. */
static int build(struct price_set **out, struct store *st, const struct conf *c, struct gw_err *e)
{
	struct price_set *s = calloc(1, sizeof *s);
	struct stored stored = { .version = 0 };
	int r = -1;

	if (!s)
		abort();
	atomic_init(&s->refs, 1);
	buf_init(&stored.text, OVERRIDES_MAX);
	s->book = price_book_builtin(e);
	if (!s->book ||
	    (c->pricing_config_path[0] && add_file(s->book, c->pricing_config_path, e) < 0) ||
	    (c->pricing_overrides[0] &&
	     price_book_override_json(s->book, str_c(c->pricing_overrides), &s->configured, e) < 0))
		goto out;
	if (st && (store_read(st, read_stored, &stored, e) < 0 ||
		   price_book_override_json(s->book, buf_str(&stored.text), NULL, e) < 0))
		goto out;
	s->overrides = stored.version;
	add_multiplier(s, c);
	r = 0;
out:
	buf_clear(&stored.text);
	if (r < 0)
		prices_put(s);
	else
		*out = s;
	return r;
}

struct price_set *prices_take(struct prices *p)
{
	struct price_set *s;

	pthread_mutex_lock(&p->lock);
	s = p->set;
	atomic_fetch_add(&s->refs, 1);
	pthread_mutex_unlock(&p->lock);
	return s;
}

void prices_put(struct price_set *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	price_book_unref(s->book);
	free(s);
}

/* With p->loading held. */
static int load(struct prices *p, const struct conf *c, struct gw_err *e)
{
	struct price_set *fresh, *old;

	if (build(&fresh, p->store, c, e) < 0)
		return -1;
	pthread_mutex_lock(&p->lock);
	old = p->set;
	p->set = fresh;
	pthread_mutex_unlock(&p->lock);
	prices_put(old);
	return 0;
}

int prices_load(struct prices *p, const struct conf *c, struct gw_err *e)
{
	int r;

	pthread_mutex_lock(&p->loading);
	r = load(p, c, e);
	pthread_mutex_unlock(&p->loading);
	return r;
}

int prices_refresh(struct prices *p, const struct conf *c, const struct price_set *seen,
		   struct gw_err *e)
{
	struct price_set *now;
	int r = 0;

	pthread_mutex_lock(&p->loading);
	now = prices_take(p);
	if (now == seen) {
		r = load(p, c, e);
		if (!r)
			log_info("price overrides of version %lld are in force",
				 (long long)p->set->overrides);
	}
	pthread_mutex_unlock(&p->loading);
	prices_put(now);
	return r;
}

int prices_current_tx(struct store_conn *c, const struct price_set *s, bool *current,
		      struct gw_err *e)
{
	int64_t version = 0;

	if (price_rows_version(c, &version, e))
		return -1;
	*current = version == s->overrides;
	return 0;
}

int prices_init(struct prices *p, struct store *st, const struct conf *c, struct gw_err *e)
{
	memset(p, 0, sizeof *p);
	p->store = st;
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->loading, NULL);
	return prices_load(p, c, e);
}

void prices_clear(struct prices *p)
{
	prices_put(p->set);
	p->set = NULL;
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->loading);
}

int prices_check(const struct conf *c, struct gw_err *e)
{
	struct price_set *s;

	if (build(&s, NULL, c, e) < 0)
		return -1;
	prices_put(s);
	return 0;
}
