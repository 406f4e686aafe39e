/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The development ledger: whatever is asked of it, it answers JSON, and goes on.
 * Input: r and a request body, t and a transaction, or c and a body for control.
 */
#include "config.h"

#include <assert.h>
#include <unistd.h>

#include "codec/jscan.h"
#include "crypto/key.h"
#include "devnode/dev_admin.h"
#include "devnode/dev_rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[] = "/tmp/fuzz-devnode.XXXXXX", path[64];
static struct store *st;

static void leave(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[80];

	store_close(st);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	(void)rmdir(dir);
}

static void enter(void)
{
	struct store_options o = { .path = path, .role = STORE_DEVNODE };
	struct gw_err e;
	bool made;

	if (st)
		return;
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/db", dir);
	if (crypto_init(&e) || store_migrate(path, SCHEMA_DEVNODE, false, &made, &e) ||
	    store_open(&st, &o, &e))
		abort();
	atexit(leave);
}

static void ask(struct str body)
{
	struct dev_answer how;
	struct jval root;
	struct gw_err e;
	struct buf out;
	bool garbage;

	buf_init(&out, DEV_ANSWER_MAX);
	dev_rpc(st, body, &out, &how);
	garbage = str_has(buf_str(&out), "<html>");
	assert(garbage || !jscan_check(buf_str(&out), 64, false, &root, &e));
	assert(how.status >= 200 && how.status <= 599);
	buf_clear(&out);
}

static void send_tx(struct str tx)
{
	struct buf b;

	buf_init(&b, DEV_BODY_MAX);
	buf_add_c(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rooch_dryRunRawTransaction\","
		      "\"params\":[\"");
	for (size_t i = 0; i < tx.len; i++)
		buf_addf(&b, "%02x", (unsigned char)tx.p[i]);
	buf_add_c(&b, "\"]}");
	ask(buf_str(&b));
	buf_clear(&b);
}

static void control(struct str body)
{
	static const char *const paths[] = { "/devnode/did", "/devnode/account", "/devnode/hub",
					     "/devnode/clock", "/devnode/fault" };
	struct gw_err e;
	struct buf out;

	for (unsigned i = 0; i < 5; i++) {
		buf_init(&out, 1 << 20);
		(void)!dev_admin(st, STR_LIT("POST"), str_c(paths[i]), body, &out, &e);
		buf_clear(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str rest;

	enter();
	if (!len)
		return 0;
	rest = (struct str){ (const char *)data + 1, len - 1 };
	if (data[0] == 't')
		send_tx(rest);
	else if (data[0] == 'c')
		control(rest);
	else
		ask(rest);
	return 0;
}
