/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/secret.h"

void secret_wipe(void *p, size_t n)
{
	if (p && n)
		explicit_bzero(p, n);
}

void secret_clear(struct secret *s)
{
	secret_wipe(s->p, s->len);
	free(s->p);
	*s = (struct secret){ NULL, 0 };
}

void secret_set(struct secret *s, struct str v)
{
	char *p = malloc(v.len + 1);

	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	if (v.len)
		memcpy(p, v.p, v.len);
	p[v.len] = '\0';
	secret_clear(s);
	s->p = p;
	s->len = v.len;
}

bool secret_is_set(const struct secret *s)
{
	return s->p && s->len;
}

struct str secret_reveal(const struct secret *s)
{
	return (struct str){ s->p, s->len };
}

bool secret_equal(struct str a, struct str b)
{
	unsigned char d = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		d |= (unsigned char)(a.p[i] ^ b.p[i]);
	return !d;
}
