/* SPDX-License-Identifier: Apache-2.0 */
/* The part of conf.h that a running program needs: settings that may not change while it runs. */
#include "config.h"

#include "util/conf_value.h"

static bool same_list(const struct conf_list *a, const struct conf_list *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return false;
	return true;
}

static bool same(enum conf_type type, const void *a, const void *b)
{
	switch (type) {
	case CONF_T_LIST:
		return same_list(a, b);
	case CONF_T_U64:
		return *(const uint64_t *)a == *(const uint64_t *)b;
	case CONF_T_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case CONF_T_SECRET:
		return str_eq(secret_reveal(a), secret_reveal(b));
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_URL:
	case CONF_T_ENUM:
	case CONF_T_JSON:
	case CONF_T_DECIMAL:
		return !strcmp(*(char *const *)a, *(char *const *)b);
	}
	return false;
}

static void copy(enum conf_type type, void *to, const void *from)
{
	const struct conf_list *list = from;

	switch (type) {
	case CONF_T_LIST:
		conf_list_clear(to);
		for (unsigned i = 0; i < list->n; i++)
			conf_list_add(to, str_c(list->item[i]));
		return;
	case CONF_T_U64:
		*(uint64_t *)to = *(const uint64_t *)from;
		return;
	case CONF_T_BOOL:
		*(bool *)to = *(const bool *)from;
		return;
	case CONF_T_SECRET:
		secret_set(to, secret_reveal(from));
		return;
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_URL:
	case CONF_T_ENUM:
	case CONF_T_JSON:
	case CONF_T_DECIMAL:
		conf_set_text(to, conf_copy(str_c(*(char *const *)from)));
		return;
	}
}

unsigned conf_keep_fixed(struct conf *c, const struct conf *running,
			 void (*differs)(void *arg, const struct conf_row *r), void *arg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONF_COUNT; i++) {
		const struct conf_row *r = &conf_rows[i];
		void *to = conf_slot(c, r);
		const void *from = conf_slot(running, r);

		if (r->reload || same(r->type, to, from))
			continue;
		copy(r->type, to, from);
		c->from[i] = running->from[i];
		n++;
		if (differs)
			differs(arg, r);
	}
	return n;
}
