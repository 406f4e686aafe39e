/* SPDX-License-Identifier: Apache-2.0 */
/*
 * did_document - the keys of a DID, from the W3C form (a directory of files) or from the ledger.
 *
 * Rule:    protocol did-auth.md 3 to 5
 * Layer:   auth; calls crypto, codec, util
 * Threads: a document is immutable once made
 */
#ifndef GW_AUTH_DID_DOCUMENT_H
#define GW_AUTH_DID_DOCUMENT_H

#include "crypto/key.h"
#include "util/str.h"

enum { DID_TEXT = 256, FRAGMENT_TEXT = 129 };

struct did_key {
	enum key_type type;
	uint8_t pub[33];
	size_t pub_len;
};
struct did_method { /* verification method */
	char *id;	/* did#fragment */
	char *fragment;
	char *type, *multibase; /* as written; the key may be unusable */
	bool usable;
	struct did_key key;
	struct key_point point; /* the same, ready to verify with */
	bool authentication; /* listed in that relationship */
};
struct did_document {
	char *id;
	struct did_method *method;
	unsigned n_method;
	/* private */
	struct did_shared *shared; /* how many hold it */
};
/* Shared, not copied: dup costs an increment, and the last free releases it. */
void did_document_free(struct did_document *d);
struct did_document *did_document_dup(const struct did_document *d);

/* W3C JSON form; BAD_REQUEST with a sentence. Unusable keys are kept and marked. */
int did_document_parse(struct str json, struct did_document **out, struct gw_err *e) GW_MUST_CHECK;
/* The method whose id is @id, as text; NULL when there is none. */
const struct did_method *did_document_find(const struct did_document *d, struct str id);

/* For readers of other forms: a document without methods, to which they are then added. Texts are
 * copied. @multibase may be empty. At most DID_DOCUMENT_METHODS. */
enum { DID_DOCUMENT_METHODS = 64 };
struct did_document *did_document_new(struct str id);
void did_document_add(struct did_document *d, struct str id, struct str type, struct str multibase);
/* List @id in the relationship `authentication`. */
void did_document_authenticate(struct did_document *d, struct str id);

/* did:rooch text well-formed, lower case (did-auth.md 4)? */
bool did_rooch_valid(struct str did);
/* "DID#FRAGMENT": its parts, views into @id. False without '#', or with a fragment that is not 1 to
 * 128 bytes of UTF-8 free of '#'. */
bool did_split(struct str id, struct str *did, struct str *fragment);

/* did:key (did-auth.md 3). Parse: false for other texts. Format: NUL at the end. */
bool did_key_parse(struct str did, struct did_key *out);
void did_key_format(char out[DID_TEXT], const struct did_key *k);

/* A directory of <identifier>.json files. 0 found, 1 none, -1 error. Names are checked, no path tricks. */
int did_directory_read(const char *dir, struct str did, struct did_document **out, struct gw_err *e)
	GW_MUST_CHECK;

/*
 * The cache in front of a source: LRU, found 5 min, not found 10 s, forced refresh at most once per
 * DID in 5 s. Thread-safe. resolve has the shape of did_resolver.
 *
 * Any number of threads that miss the same DID wait for one read. A source that cannot be read is
 * covered by what the cache still holds: a document for up to an hour after it was read, "not
 * found" for its 10 s; with nothing of the kind the answer is the source's error. Unknown DIDs
 * take at most a quarter of @capacity, so that inventing them does not push out the others.
 */
struct did_cache;
typedef int (*did_source_fn)(void *arg, struct str did, struct did_document **out, struct gw_err *e);
struct did_cache *did_cache_new(size_t capacity, did_source_fn source, void *arg);
void did_cache_free(struct did_cache *c);
int did_cache_resolve(void *cache, struct str did, bool refresh, struct did_document **out, struct gw_err *e)
	GW_MUST_CHECK;

#endif
