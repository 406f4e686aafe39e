/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/request.h"

#include <assert.h>

static void add_edit(struct request_view *v, struct request_edit edit)
{
	unsigned i = v->n_edit;

	assert(i < REQUEST_EDITS);
	for (; i && v->edit[i - 1].at > edit.at; i--)
		v->edit[i] = v->edit[i - 1];
	v->edit[i] = edit;
	v->n_edit++;
}

void request_replace(struct request_reader *q, struct request_span s, struct str insert)
{
	add_edit(q->v, (struct request_edit){ s.at, s.len, insert });
}

void request_append(struct request_reader *q, struct str member)
{
	/* the root has a member, or the model would have been missed */
	add_edit(q->v, (struct request_edit){ q->end, 0, member });
}

int request_force(struct request_reader *q, const struct forced_member *m, struct gw_err *e)
{
	switch (q->forced.type) {
	case J_NONE:
		request_append(q, str_c(m->append));
		return 0;
	case J_NULL:
		request_replace(q, q->forced, str_c(m->replace));
		return 0;
	case J_OBJECT:
		break;
	case J_ARRAY:
	case J_STRING:
	case J_NUMBER:
	case J_TRUE:
	case J_FALSE:
		return gw_fail(e, GWE_BAD_REQUEST, 0, "Member '%s' must be an object", m->name);
	}
	if (q->flag.type == J_NONE)
		add_edit(q->v, (struct request_edit){
				       q->forced.at + 1, 0,
				       str_c(q->forced_any ? m->insert : m->insert_only) });
	else if (q->flag.type != J_TRUE)
		request_replace(q, q->flag, STR_LIT("true"));
	return 0;
}

unsigned provider_body_pieces(const struct request_view *v, struct str out[REQUEST_PIECES])
{
	size_t at = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < v->n_edit; i++) {
		const struct request_edit *d = &v->edit[i];

		if (d->at > at)
			out[n++] = str_sub(v->body, at, d->at - at);
		if (d->insert.len)
			out[n++] = d->insert;
		at = d->at + d->remove;
	}
	if (at < v->body.len)
		out[n++] = str_sub(v->body, at, v->body.len - at);
	return n;
}
