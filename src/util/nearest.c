/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/nearest.h"

/* Names of options and commands are shorter than this; longer ones match nothing. */
enum { NAME_MAX_LEN = 64 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance in halves: 2 for an insertion, removal or exchange, 1 for another letter case. */
static unsigned distance(struct str a, struct str b)
{
	unsigned row[NAME_MAX_LEN + 1];

	for (unsigned j = 0; j <= b.len; j++)
		row[j] = 2 * j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];

		row[0] = 2 * i;
		for (unsigned j = 1; j <= b.len; j++) {
			char x = a.p[i - 1], y = b.p[j - 1];
			unsigned same = x == y ? 0 : lower(x) == lower(y) ? 1 : 2;
			unsigned here = least(diagonal + same, least(row[j], row[j - 1]) + 2);

			diagonal = row[j];
			row[j] = here;
		}
	}
	return row[b.len];
}

void nearest_init(struct nearest *n, struct str wanted)
{
	/* One mistake in three letters is a typing error; more is another word. */
	*n = (struct nearest){ .wanted = wanted, .distance = (unsigned)(2 * (wanted.len / 3) + 3) };
}

void nearest_offer(struct nearest *n, const char *name)
{
	struct str s = str_c(name);
	unsigned d;

	if (!s.len || s.len > NAME_MAX_LEN || n->wanted.len > NAME_MAX_LEN)
		return;
	d = distance(n->wanted, s);
	if (d < n->distance) {
		n->distance = d;
		n->best = name;
	}
}

const char *nearest_name(const struct nearest *n)
{
	return n->best;
}

const char *nearest_hint(const struct nearest *n, char out[NEAREST_HINT_SIZE])
{
	out[0] = '\0';
	if (n->best)
		snprintf(out, NEAREST_HINT_SIZE, " (did you mean %s?)", n->best);
	return out;
}
