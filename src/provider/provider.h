/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider - the upstreams as data: names, routes, keys, request rules, error shapes.
 * table.c has one row per provider; one file per provider holds its functions.
 *
 * Rule:    protocol gateway.md 3, 4, 9; providers/
 * Layer:   provider; calls billing, codec, util; never store, ledger, auth, sockets or replies
 * Threads: constant tables
 */
#ifndef GW_PROVIDER_PROVIDER_H
#define GW_PROVIDER_PROVIDER_H

#include "billing/reading.h"
#include "util/arena.h"
#include "util/buf.h"

/* One allowed path of a provider, resolved for one request. */
struct route {
	enum provider_id provider;
	enum api api;
	bool free;		/* DIDAuth, but no charge (model lists, count_tokens) */
	bool get;		/* method GET without body, else POST with JSON */
	bool stream_by_path;	/* gemini :streamGenerateContent */
	bool array_stream;	/* gemini stream asked without alt=sse is not offered: always false today */
	struct str upstream_path; /* after the base URL, with the query that is sent; in the arena */
	struct str model;	/* from the path (gemini, /v1/models/{model}); else empty */
};

const char *provider_name(enum provider_id p); /* route name: "claude" */
const char *provider_maker(enum provider_id p); /* fixtures and prices: "anthropic"; openrouter, litellm as they are */
/* By route name or by maker's name; false: none. */
bool provider_find(struct str name, enum provider_id *out);
bool provider_states_cost(enum provider_id p); /* openrouter, litellm: unknown models are accepted */

/*
 * Find the route of @method @path. @path is the raw request path after "/<provider>" without
 * query, @query the raw query. Errors: NOT_FOUND with the allowed paths named, METHOD_NOT_ALLOWED
 * (then *allow is "GET" or "POST"). Nothing is decoded; every '%' is refused.
 */
int provider_route(enum provider_id p, struct str method, struct str path, struct str query,
		   struct arena *a, struct route *out, const char **allow, struct gw_err *e) GW_MUST_CHECK;

/* What the gateway has to know of a request body; one pass, the bytes stay where they are. */
enum { REQUEST_EDITS = 4, REQUEST_FALLBACKS = 8, REQUEST_HELPERS = 4 };
struct request_edit {
	size_t at, remove; /* offsets in the client's body */
	struct str insert; /* in the arena */
};
struct request_view {
	struct str body;		/* borrowed */
	struct str model;		/* in the arena */
	/*
	 * Models that the upstream may serve instead (OpenRouter "models", LiteLLM "fallbacks"): the
	 * bound of the request is that of the dearest, and each has to be priceable.
	 */
	struct str fallback[REQUEST_FALLBACKS];
	unsigned n_fallback;
	bool stream;
	/* for the upper bound, design.md 9 */
	uint64_t text_bytes;		/* bytes of all text in the body that may become tokens */
	uint64_t prediction_bytes;	/* of it: what the client expects as output, chat "prediction" */
	uint64_t media;			/* inline media and things the body only names */
	bool has_output_cap;
	uint64_t output_cap;
	uint64_t choices;		/* >= 1 */
	enum price_tier tier;		/* the dearest that may serve: asked tier, "auto" = standard */
	bool tools[TOOL_COUNT];		/* tools with fees that the body allows */
	uint64_t tool_uses_cap;		/* per tool where the body bounds it (max_uses), else 0 */
	/* models that tools name: of the image tool, advisers; each has to be priceable */
	struct str helper[REQUEST_HELPERS];
	unsigned n_helper;
	bool compacts;			/* the conversation may be summarised first */
	bool fast;
	bool us;			/* processing in a region with a surcharge was asked for */
	/* splices, ascending, not overlapping */
	struct request_edit edit[REQUEST_EDITS];
	unsigned n_edit;
};

struct request_limits {
	unsigned max_depth; /* JSON nesting */
};

/*
 * Read @body for @r and decide the documented edits. Errors: INVALID_JSON, MODEL_NOT_SUPPORTED
 * (model missing), UNSUPPORTED_PARAMETER (background, stream not a boolean...), BAD_REQUEST.
 */
int provider_read_request(const struct route *r, struct str body, const struct request_limits *l,
			  struct arena *a, struct request_view *out, struct gw_err *e) GW_MUST_CHECK;
/* Pieces of the edited body in order, pointing into @v->body and the edits; at most 2*REQUEST_EDITS+1. */
enum { REQUEST_PIECES = 2 * REQUEST_EDITS + 1 };
unsigned provider_body_pieces(const struct request_view *v, struct str out[REQUEST_PIECES]);

/* Headers for the upstream, "Name: value" lines, in the arena. */
enum { UPSTREAM_HEADERS = 12 };
struct client_headers { /* only these ever pass; empty when absent or not visible ASCII */
	struct str anthropic_version, anthropic_beta, http_referer, x_title;
};
struct upstream_auth {
	struct str key;		/* revealed secret; may be empty (mock without key) */
	bool claude_bearer;	/* option: send the Anthropic key as Bearer */
	struct str http_referer, x_title; /* configured defaults for OpenRouter */
};
unsigned provider_headers(const struct route *r, const struct client_headers *c,
			  const struct upstream_auth *k, struct arena *a, const char *out[UPSTREAM_HEADERS]);

/* May this answer header of the upstream pass to the client? (design.md 7); @rename: new name or NULL */
bool provider_pass_header(struct str name, const char **rename);

/* The provider's own error body (JSON) for an error of ours. @status as sent. */
void provider_error_body(enum provider_id p, int status, const char *code, const char *message,
			 struct buf *out);
/* The provider's own error as the last event of a stream: complete SSE bytes, empty line included. */
void provider_stream_error(enum provider_id p, enum api api, int status, const char *code,
			   const char *message, struct buf *out);

#endif
