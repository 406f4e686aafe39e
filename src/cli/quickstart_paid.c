/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paid half of quickstart.
 *
 * The gateway's DID gets its address from the ledger, and the ledger runs behind the gateway's web
 * server. So the first time `serve` is started with the key of a DID that nobody has, only for its
 * ledger; then the real one is registered, and `serve` started again.
 */
#include "config.h"

#include "cli/quickstart.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/stored_key.h"
#include "crypto/hash.h"
#include "ledger/rooch_send.h"
#include "util/file.h"

enum { DEVNODE_PORT = 6767 };

static bool somebody_listens(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	yes = fd >= 0 && !connect(fd, (const struct sockaddr *)&a, sizeof a);
	if (fd >= 0)
		close(fd);
	return yes;
}

/* ---- the service key ---- */

/* Into the environment of those that we start; and into the file @path where that is not NULL. */
static int hand_out(const struct stored_key *k, const char *path, struct gw_err *e)
{
	struct buf text;
	int rc = 0;

	buf_init(&text, SERVICE_KEY_MAX);
	if (!buf_room(&text, SERVICE_KEY_MAX)) /* no growing, which would leave copies behind */
		abort();
	service_key_write(k, &text);
	if (path)
		rc = file_write_new(path, 0600, buf_str(&text), e);
	if (!rc && setenv("SERVICE_KEY", buf_c(&text), 1))
		rc = gw_fail(e, GWE_CONFIG, errno, "cannot set the environment");
	secret_wipe(text.p, text.cap);
	buf_clear(&text);
	return rc;
}

/* 1: there is no such file yet. */
static int read_key(struct stored_key *k, const char *path, struct gw_err *e)
{
	struct secret text = { NULL, 0 };
	struct stat st;
	int rc;

	if (file_read(path, SERVICE_KEY_MAX, &text, &st))
		return errno == ENOENT
			       ? 1
			       : gw_fail(e, GWE_CONFIG, errno, "%s: %s", path, strerror(errno));
	rc = service_key_read(k, secret_reveal(&text), e);
	secret_clear(&text);
	return rc;
}

/* As `keygen --register`, but the ledger has to be brought up first. */
static int make_key(struct quick *q, struct stored_key *k, const char *path, struct gw_err *e)
{
	struct rooch_id nobody;
	int rc;

	if (signing_key_generate(&k->key, KEY_K1, e))
		return -1;
	random_bytes(nobody.b, sizeof nobody.b);
	stored_key_name_did(k, &nobody);
	if (!q->conf->rpc_url[0] && (hand_out(k, NULL, e) || quick_serve(q, false, e)))
		return -1;
	rc = stored_key_register(k, q->node, e) || hand_out(k, path, e);
	quick_stop(&q->serve_pid);
	return rc ? -1 : 0;
}

static int have_key(struct quick *q, struct stored_key *k, struct gw_err *e)
{
	char path[2100];
	int none;

	snprintf(path, sizeof path, "%s/service.key", q->dir);
	none = read_key(k, path, e);
	if (none > 0)
		return make_key(q, k, path, e);
	return none ? -1 : hand_out(k, NULL, e);
}

int quick_ledger(struct quick *q, struct gw_err *e)
{
	struct stored_key k = { .key = NULL };
	bool own = !q->conf->rpc_url[0];
	int rc;

	snprintf(q->node, sizeof q->node, "%s",
		 own ? rooch_network_url("local") : q->conf->rpc_url);
	if (own && somebody_listens(DEVNODE_PORT))
		return gw_fail(
			e, GWE_CONFIG, 0,
			"%s is in use, perhaps by the ledger of another gateway; end that, or use "
			"it: --rpc-url %s",
			q->node, q->node);
	if (crypto_init(e))
		return -1;
	rc = have_key(q, &k, e);
	if (!rc) {
		quick_say("  ledger           %s (for development: its money is worth nothing)",
			  q->node);
		quick_say("  gateway's DID    %s, registered there", k.did);
	}
	stored_key_clear(&k);
	crypto_done();
	return rc;
}

/* ---- the payer ---- */

int quick_wallet(struct quick *q, struct gw_err *e)
{
	char fund[] = "fund", open_[] = "open", key[] = "--key", node[] = "--node",
	     gateway[] = "--gateway";
	char *fund_argv[] = { q->client, fund, key, q->key, node, q->node, NULL };
	char *open_argv[] = { q->client, open_, key, q->key, node, q->node, gateway, q->url, NULL };

	quick_say("\nMoney from the ledger's faucet, deposited in the wallet's hub:\n");
	if (quick_run(fund_argv, e))
		return -1;
	quick_say("\nA payment channel to the gateway:\n");
	return quick_run(open_argv, e);
}

int quick_settle_up(struct quick *q, struct gw_err *e)
{
	char commit[] = "commit", balance[] = "balance", key[] = "--key", node[] = "--node",
	     gateway[] = "--gateway";
	char *commit_argv[] = {
		q->client, commit, key, q->key, node, q->node, gateway, q->url, NULL
	};
	char *balance_argv[] = { q->client, balance, key, q->key, node, q->node, NULL };

	quick_say("\nThe voucher that pays for it (the next request would bring it along):\n");
	if (quick_run(commit_argv, e))
		return -1;
	quick_say("\nThe payer's balance, from the ledger and from the wallet:\n");
	return quick_run(balance_argv, e);
}
