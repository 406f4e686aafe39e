/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration from outside: the JSON file and the .env file. Nothing that is handed out lies
 * outside the text, and a text that is refused says where.
 * Input: the text, for both.
 */
#include "config.h"

#include "codec/conf_json.h"
#include "util/dotenv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
	unsigned members, line;
};

/* Every byte is looked at, so that a checker sees those that are not there. */
static size_t touch(struct str s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += (unsigned char)s.p[i];
	return sum;
}

static void on_member(void *arg, const struct conf_json_member *m)
{
	struct seen *s = arg;
	size_t sum = strlen(m->key) + touch(m->text);

	for (size_t i = 0; i < m->n_item; i++)
		sum += touch(m->item[i]);
	assert(sum < SIZE_MAX && m->line >= s->line && conf_json_kind_name(m->kind));
	s->line = m->line;
	s->members++;
}

static void on_variable(void *arg, struct str name, struct str value, unsigned line)
{
	struct seen *s = arg;

	assert(name.len > 0 && touch(name) + touch(value) < SIZE_MAX && line >= s->line);
	s->line = line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str text = { (const char *)data, len };
	struct gw_err e = { .code = GWE_OK };
	struct seen s = { .line = 1 };
	char why[200];
	bool object = conf_json_is_object(text, why, sizeof why);
	int rc = conf_json_read(text, "file", on_member, &s, &e);

	assert(rc == 0 || (e.code == GWE_CONFIG && strncmp(e.pub, "file:", 5) == 0));
	assert(object || rc != 0);
	s.line = 1;
	rc = dotenv_read(text, "file", on_variable, &s, &e);
	assert(rc == 0 || (e.code == GWE_CONFIG && strncmp(e.pub, "file:", 5) == 0));
	return 0;
}
