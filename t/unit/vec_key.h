/* SPDX-License-Identifier: Apache-2.0 */
/* vec_key - the private keys of vectors (member seedOrScalar, bare) as keys to sign with. */
#ifndef GW_T_VEC_KEY_H
#define GW_T_VEC_KEY_H

#include "crypto/key.h"

#include "vectors.h"

static struct signing_key *vec_key(struct vectors *vs, enum key_type t)
{
	/* what stands before the secret where a stored key is DER */
	static const char ed25519[] = "302e020100300506032b657004220420",
			  r1[] = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201"
				 "010420";
	const char *head = t == KEY_ED25519 ? ed25519 : t == KEY_R1 ? r1 : "";
	struct str secret = vec_bytes(vs, "seedOrScalar");
	struct signing_key *k = NULL;
	uint8_t stored[80];
	size_t n = strlen(head) / 2;
	struct gw_err e;

	if (secret.len != 32 || !hex_decode(stored, n, str_c(head)))
		vec_die(vs, "seedOrScalar");
	memcpy(stored + n, secret.p, 32);
	if (signing_key_import(&k, t, stored, n + 32, &e))
		vec_die(vs, e.pub);
	return k;
}

#endif
