/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "crypto/key.h"

#include <gnutls/gnutls.h>
#include <secp256k1.h>

#include "crypto/curve.h"
#include "crypto/hash.h"

_Static_assert(KEY_ED25519 == 0 && KEY_K1 == 1 && KEY_R1 == 2, "in the database, never renumber");

static const struct curve *const curves[] = {
	[KEY_ED25519] = &curve_ed25519,
	[KEY_K1] = &curve_k1,
	[KEY_R1] = &curve_r1,
};
enum { N_CURVES = sizeof curves / sizeof curves[0] };

struct signing_key {
	enum key_type type;
	uint8_t secret[32];
	uint8_t pub[KEY_PUB_MAX];
};

int crypto_init(struct gw_err *e)
{
	int rc;

	secp256k1_selftest(); /* aborts where the library was built for another machine */
	rc = gnutls_global_init();
	return rc < 0 ? gw_fail(e, GWE_INTERNAL, rc, "TLS cannot be used: %s", gnutls_strerror(rc))
		      : 0;
}

void crypto_done(void)
{
	gnutls_global_deinit();
}

const char *key_type_name(enum key_type t)
{
	return curves[t]->name;
}

bool key_type_find(struct str name, enum key_type *out)
{
	for (unsigned i = 0; i < N_CURVES; i++) {
		if (str_eq_c(name, curves[i]->name)) {
			*out = (enum key_type)i;
			return true;
		}
	}
	return false;
}

size_t key_pub_len(enum key_type t)
{
	return curves[t]->pub_len;
}

bool key_pub_valid(enum key_type t, const uint8_t *pub, size_t len)
{
	return len == curves[t]->pub_len && curves[t]->pub_valid(pub);
}

bool key_verify(enum key_type t, const uint8_t *pub, size_t pub_len, const void *msg,
		size_t msg_len, const uint8_t *sig, size_t sig_len)
{
	struct key_point p;

	return key_point_read(&p, t, pub, pub_len) &&
	       key_point_verify(&p, msg, msg_len, sig, sig_len);
}

bool key_point_read(struct key_point *out, enum key_type t, const uint8_t *pub, size_t len)
{
	*out = (struct key_point){ .type = t };
	out->valid = len == curves[t]->pub_len && curves[t]->expand(out->bytes, pub);
	return out->valid;
}

bool key_point_verify(const struct key_point *p, const void *msg, size_t msg_len,
		      const uint8_t *sig, size_t sig_len)
{
	return p->valid && sig_len == KEY_SIG &&
	       curves[p->type]->verify(p->bytes, (struct str){ msg, msg_len }, sig);
}

void key_sig_low_s(enum key_type t, uint8_t sig[KEY_SIG])
{
	if (curves[t]->low_s)
		curves[t]->low_s(sig);
}

static struct signing_key *signing_key_new(enum key_type t)
{
	struct signing_key *k = calloc(1, sizeof *k);

	if (!k) {
		fputs("out of memory\n", stderr);
		abort();
	}
	k->type = t;
	return k;
}

int signing_key_import(struct signing_key **out, enum key_type t, const uint8_t *priv, size_t len,
		       struct gw_err *e)
{
	struct signing_key *k = signing_key_new(t);

	if (!curves[t]->decode(k->secret, priv, len) || !curves[t]->derive(k->pub, k->secret)) {
		signing_key_free(k);
		return gw_fail(e, GWE_BAD_REQUEST, 0, "these bytes are no private key of type %s",
			       curves[t]->name);
	}
	*out = k;
	return 0;
}

int signing_key_generate(struct signing_key **out, enum key_type t, struct gw_err *e)
{
	struct signing_key *k = signing_key_new(t);

	(void)e;
	do /* all but one in 2^32 are in range */
		random_bytes(k->secret, sizeof k->secret);
	while (!curves[t]->derive(k->pub, k->secret));
	*out = k;
	return 0;
}

void signing_key_free(struct signing_key *k)
{
	secret_wipe(k, sizeof *k);
	free(k);
}

enum key_type signing_key_type(const struct signing_key *k)
{
	return k->type;
}

size_t signing_key_pub(const struct signing_key *k, uint8_t pub[KEY_PUB_MAX])
{
	memcpy(pub, k->pub, curves[k->type]->pub_len);
	return curves[k->type]->pub_len;
}

int signing_key_sign(const struct signing_key *k, const void *msg, size_t len, uint8_t sig[KEY_SIG],
		     struct gw_err *e)
{
	if (!curves[k->type]->sign(sig, k->secret, k->pub, (struct str){ msg, len }))
		return gw_fail_priv(e, GWE_INTERNAL, 0, "signing with a key of type %s",
				    curves[k->type]->name);
	return 0;
}

size_t signing_key_export(const struct signing_key *k, uint8_t out[160])
{
	return curves[k->type]->encode(out, k->secret);
}
