/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payment frames in streams: what goes on, and what is found, does not depend on how the bytes are cut into
 * reads; and only frames, with the line ends that belong to them, are taken out.
 */
#include "config.h"

#include "client/frame_filter.h"
#include "client/proposal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { MAX = 1 << 20 };

struct seen {
	struct buf out, frames;
	unsigned n_frames;
};

static bool on_bytes(void *arg, const char *p, size_t n)
{
	struct seen *s = arg;

	return buf_add(&s->out, p, n);
}

/* A frame is read, and its proposal looked at, as the client does. */
static void on_frame(void *arg, struct str value)
{
	struct proposal_base base = { .chain_id = 4, .fragment = "k", .nonce = 2 };
	struct payment_response r;
	struct seen *s = arg;
	struct u256 step;
	struct buf scratch;
	struct gw_err e;

	s->n_frames++;
	buf_add_str(&s->frames, value);
	buf_add_byte(&s->frames, '\0');
	buf_init(&scratch, (size_t)4 * PAYMENT_HEADER_MAX);
	if (!payment_response_read(&r, value, &scratch, NULL) && r.has_subrav) {
		base.channel_id = r.subrav.channel_id;
		enum proposal_fault f = proposal_check(&r.subrav, r.has_cost ? &r.cost : NULL,
						       &base, u256_of(1000), &step);

		if (f != PROPOSAL_GOOD && f != PROPOSAL_SIGNED_BEFORE &&
		    !proposal_complain(f, &r.subrav, r.has_cost ? &r.cost : NULL, &base,
				       u256_of(1000), &e))
			abort();
		if (f == PROPOSAL_GOOD &&
		    (r.subrav.nonce != 3 || u256_cmp(step, u256_of(1000)) > 0))
			abort();
	}
	buf_clear(&scratch);
}

static void filter(struct seen *s, enum payment_frame kind, struct str body, size_t each)
{
	struct frame_filter f = {
		.kind = kind, .on_bytes = on_bytes, .on_frame = on_frame, .arg = s
	};

	*s = (struct seen){ .n_frames = 0 };
	buf_init(&s->out, MAX);
	buf_init(&s->frames, MAX);
	frame_filter_init(&f);
	for (size_t at = 0; at < body.len; at += each)
		if (!frame_filter_feed(&f, body.p + at,
				       body.len - at < each ? body.len - at : each))
			abort();
	if (!frame_filter_end(&f))
		abort();
	frame_filter_clear(&f);
}

static void clear(struct seen *s)
{
	buf_clear(&s->out);
	buf_clear(&s->frames);
}

/* What is left is what came, with parts left out. */
static bool is_rest(struct str out, struct str body)
{
	size_t k = 0;

	for (size_t i = 0; i < body.len && k < out.len; i++)
		k += body.p[i] == out.p[k];
	return k == out.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	enum payment_frame kind;
	struct seen whole, parts;
	struct str body;

	if (n < 2)
		return 0;
	kind = (enum payment_frame)(p[0] % 3);
	body = (struct str){ (const char *)p + 2, n - 2 };
	filter(&whole, kind, body, MAX);
	filter(&parts, kind, body, p[1] + 1u);
	if (!str_eq(buf_str(&whole.out), buf_str(&parts.out)) ||
	    !str_eq(buf_str(&whole.frames), buf_str(&parts.frames)))
		abort();
	if (!is_rest(buf_str(&whole.out), body) || (!whole.n_frames && whole.out.len != body.len))
		abort();
	clear(&whole);
	clear(&parts);
	return 0;
}
