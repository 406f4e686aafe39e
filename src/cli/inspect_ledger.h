/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inspect_ledger - what the inspections of the chain's data share: how they take bytes, how they print.
 *
 * Layer:   cli; calls codec, util
 * Threads: main thread only
 */
#ifndef GW_CLI_INSPECT_LEDGER_H
#define GW_CLI_INSPECT_LEDGER_H

#include "cli/inspect.h"

enum { INSPECT_INPUT_MAX = 1 << 20 };

/* @arg itself, or all of standard input for "-", appended without blanks around it. USAGE. */
int inspect_text(struct buf *out, const char *arg, struct gw_err *e) GW_MUST_CHECK;
/* Hex digits of either case, with 0x or without, as bytes; "-" as above. BAD_REQUEST, USAGE. */
int inspect_hex(struct buf *out, const char *arg, struct gw_err *e) GW_MUST_CHECK;
/* The negative verdict of @e, or misuse when that is what it says. */
int inspect_failed(bool json, const struct gw_err *e);

/* For answers that are JSON anyway: one line with --json, else one member per line. */
void inspect_json(struct jwrite *w, struct buf *b, bool json);
/* JSON on several lines, appended as one, or with @indent in front of every line but the first. */
void inspect_lines(struct buf *out, const struct buf *lines, const char *indent);
/* 64-bit numbers as decimal text, as the protocol writes them. */
void inspect_u64(struct jwrite *w, const char *key, uint64_t v);
/* Bytes as hex without 0x. */
void inspect_bytes(struct jwrite *w, const char *key, const void *p, size_t n);

#endif
