/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_value - one setting: the form of its type, how it is stored in struct conf, how it is shown.
 * For conf.c and conf_ready.c only; everybody else reads the fields of struct conf.
 *
 * Rule:    style.md 9
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_CONF_VALUE_H
#define GW_UTIL_CONF_VALUE_H

#include "codec/conf_json.h"
#include "util/conf.h"

/* Texts that struct conf owns. Out of memory aborts. */
char *conf_copy(struct str s);
char *conf_join(const char *dir, struct str path); /* dir/path, or path when it is absolute */
void conf_set_text(char **out, char *p);	   /* takes @p */
void conf_list_add(struct conf_list *l, struct str v);
void conf_list_clear(struct conf_list *l);

/* Where @r lives in @c. */
void *conf_slot(const struct conf *c, const struct conf_row *r);
/* No control bytes, well-formed UTF-8. */
bool conf_printable(struct str v);
/* "a whole number from 1 to 65535" */
void conf_expected(const struct conf_row *r, char *out, size_t size);
/* Store @v, a text that is not empty; relative paths count from @dir. false: not of the row's form,
 * @why may say more; nothing changed. */
bool conf_value_set(struct conf *c, const struct conf_row *r, const char *dir, struct str v,
		    char *why, size_t size);
/* Release and forget. */
void conf_value_clear(struct conf *c, const struct conf_row *r);
/* May a member of kind @k be read as @r? Those that may all go through conf_value_set, except
 * lists. */
bool conf_kind_fits(const struct conf_row *r, enum conf_json_kind k);

#endif
