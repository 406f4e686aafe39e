/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules - what differs between the providers: a row of names, paths and request members as data,
 * and a few functions. Inside src/provider/ only.
 *
 * A new provider is one file with its struct provider_ops and one row in table.c (and its number
 * in billing/reading.h). A NULL function means "as OpenAI does it".
 *
 * Rule:    protocol gateway.md 3, 4, 9; providers/
 * Layer:   provider
 * Threads: constant tables
 */
#ifndef GW_PROVIDER_RULES_H
#define GW_PROVIDER_RULES_H

#include "provider/provider.h"

/* "{model}" in a path stands for one or more of A-Z a-z 0-9 . _ - */
struct path_rule {
	const char *path;
	enum api api;
	unsigned flags;
};
enum {
	PATH_GET = 1,	 /* else POST */
	PATH_FREE = 2,	 /* no charge */
	PATH_STREAM = 4, /* the path alone asks for a stream */
	PATH_LIST = 8,	 /* the query members of lists pass */
};

/*
 * A grammar says which members of a request body mean something to us, and where. A place is a
 * kind of object; arrays have the place of their elements. What no rule names has no place, and
 * all that is said there is text.
 */
enum request_place {
	PLACE_NONE,
	PLACE_ROOT,
	PLACE_MESSAGE, /* holds parts */
	PLACE_PART,
	PLACE_LINK,   /* {"url": ...} */
	PLACE_SOURCE, /* inline data with its type, or what it names */
	PLACE_FORCED, /* the object with the switch that we force */
	PLACE_CONFIG,
	PLACE_EDIT,
	PLACE_TOOL,
	PLACE_PLUGIN,
	PLACES
};

enum request_fact {
	FACT_NONE, /* only leads to a place */
	FACT_MODEL,
	FACT_FALLBACK, /* a list of further models */
	FACT_STREAM,
	FACT_OUTPUT_CAP,
	FACT_CHOICES,
	FACT_TIER,
	FACT_SPEED,
	FACT_GEO,
	FACT_BACKGROUND,
	FACT_REFUSED,	  /* never, whatever its value */
	FACT_FORCED,	  /* the object ... */
	FACT_FORCED_FLAG, /* ... and the switch inside */
	FACT_TOOL,	  /* the member itself is the tool */
	FACT_TOOL_TYPE,
	FACT_TOOL_USES,	    /* of one tool */
	FACT_ALL_TOOL_USES, /* of all together */
	FACT_HELPER,	    /* another model that the tool lets work */
	FACT_PLUGIN,
	FACT_CONTEXT_EDIT,
	FACT_PREDICTION,
	FACT_NAMED,  /* something the body only names */
	FACT_LINK,   /* a data: or another URL */
	FACT_FILE,   /* a data: URL or text */
	FACT_INLINE, /* a medium, whatever else is said */
	FACT_DATA,   /* a medium if FACT_MEDIA_TYPE says so, else text */
	FACT_BASE64, /* the same if FACT_TYPE is base64 */
	FACT_RESULT, /* a medium if FACT_TYPE is image_generation_call */
	FACT_MEDIA_TYPE,
	FACT_TYPE,
	FACT_ID,
};

struct member_rule {
	const char *name;
	enum request_fact fact;
	enum request_place next; /* place of the objects in the value */
	enum tool_kind tool;	 /* FACT_TOOL */
	bool twin;		 /* another spelling of the member before */
};

/* Each list ends with a row without a name and has at most 31 others. */
struct body_grammar {
	const struct member_rule *at[PLACES];
	const struct body_grammar *also; /* looked at when this one has no rule */
};

struct request_reader;
struct header_list;

struct provider_ops {
	const struct path_rule *paths; /* ends with a row without a path */
	/* NULL: nothing to read */
	const struct body_grammar *(*grammar)(enum api api);
	/* When all is read: what this API demands, and the edits. NULL: nothing */
	int (*finish)(struct request_reader *q, struct gw_err *e);
	void (*headers)(struct header_list *h, const struct client_headers *c,
			const struct upstream_auth *k);
	void (*error_body)(int status, const char *code, const char *message, struct buf *out);
	void (*stream_error)(enum api api, int status, const char *code, const char *message,
			     struct buf *out);
};

struct provider_row {
	const char *name, *maker;
	bool states_cost;
	const struct provider_ops *ops;
};

/* Never NULL. */
const struct provider_row *provider_row_get(enum provider_id p);

extern const struct provider_ops openai_ops, openrouter_ops, litellm_ops, claude_ops, gemini_ops;

/* Chat completions as the brokers read them too. */
extern const struct body_grammar openai_chat_members;
/* Streams of chat completions without usage would go unmetered: the switch is forced on. */
int openai_force_stream_usage(struct request_reader *q, struct gw_err *e) GW_MUST_CHECK;

/* {"error":{"message":...,"type":...,"code":...}} */
void openai_error_body(int status, const char *code, const char *message, struct buf *out);
void openai_stream_error(enum api api, int status, const char *code, const char *message,
			 struct buf *out);

/* The word for @status in a table that ends with status 0, which is the word for all others. */
struct status_word {
	int status;
	const char *word;
};
const char *status_word_find(const struct status_word *t, int status);

/* Add "@front@value", say "Accept: " and a type, unless @value is empty or not printable ASCII. */
struct header_list {
	struct arena *arena;
	const char **line;
	unsigned n;
};
bool header_list_add(struct header_list *h, const char *front, struct str value);

#endif
