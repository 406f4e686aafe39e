/* SPDX-License-Identifier: Apache-2.0 */
/* llm-gateway-settle - turn vouchers into money, and guard them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "auth/did_auth.h"
#include "cli/opts.h"
#include "settle/claim_key.h"
#include "settle/report.h"
#include "settle/run.h"
#include "store/backup.h"
#include "util/conf.h"
#include "util/log.h"

/* clang-format off */
static const char text[] =
	"Claim what payers have signed, dispute and finalise where they leave, and tidy up. For cron or a\n"
	"timer; may be killed at any time and finishes then what it had begun. The claim key comes from\n"
	"--key-file, SERVICE_KEY_FILE, service.key in the credentials directory, or SERVICE_KEY.\n"
	"\n"
	"Exit status: 0 nothing is wrong; 1 something failed and will be tried again; 2 settings, key or\n"
	"database have to be mended; 3 money is at risk, see the log.";
/* clang-format on */

struct args {
	bool once, dry_run, report, json, withdraw, help, version;
	const char *loop, *channel, *close, *backup, *key_file;
	uint64_t loop_s;
	struct rooch_id only;
};

static int complain(const struct gw_err *e)
{
	fprintf(stderr, "llm-gateway-settle: %s%s%s\n", e->pub, e->priv[0] ? ": " : "", e->priv);
	return SETTLE_CONFIG;
}

/* ---- options ---- */

static int check(struct args *a, int argc, char **argv, struct gw_err *e)
{
	const char *channel = a->close ? a->close : a->channel;

	if (argc > 1)
		return gw_fail(e, GWE_USAGE, 0, "what is %.64s? It takes no arguments", argv[1]);
	if (a->close && a->channel)
		return gw_fail(e, GWE_USAGE, 0, "--close names the channel itself");
	if (channel && !rooch_id_parse(&a->only, str_c(channel)))
		return gw_fail(e, GWE_USAGE, 0, "a channel is 0x and 64 hex digits");
	if (a->loop && (!str_u64(str_c(a->loop), &a->loop_s) || !a->loop_s || a->loop_s > 86400))
		return gw_fail(e, GWE_USAGE, 0, "--loop takes 1 to 86400 seconds");
	if (a->loop && (a->once || a->close || a->withdraw || a->dry_run))
		return gw_fail(e, GWE_USAGE, 0,
			       "--loop goes with none of --once, --dry-run, --withdraw, --close");
	if (a->json && !a->report)
		return gw_fail(e, GWE_USAGE, 0, "--json goes with --report");
	return 0;
}

/* ---- one at a time ---- */

/* 0 ours (until the process ends), 1 another run has it, -1. */
static int lock(const char *database, struct gw_err *e)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof path, "%s-settle.lock", database) >= (int)sizeof path)
		return gw_fail(e, GWE_CONFIG, 0, "the path of the database is too long");
	/* whoever made it: a run by root by hand must not keep the timer's user out for ever */
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return gw_fail(e, GWE_CONFIG, errno, "cannot open %s: %s", path, strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	close(fd);
	return errno == EWOULDBLOCK
		       ? 1
		       : gw_fail(e, GWE_CONFIG, errno, "cannot lock %s: %s", path, strerror(errno));
}

/* ---- runs ---- */

static int loop(struct settle *s, const struct run_orders *o, uint64_t seconds)
{
	const struct timespec pause = { .tv_sec = (time_t)seconds };
	sigset_t stop;
	int status, last = SETTLE_OK;

	settle_stop_signals(&stop);
	log_info("every %llu seconds", (unsigned long long)seconds);
	do {
		status = run_once(s, o);
		if (status != last)
			log_info("status %d, was %d", status, last);
		last = status;
	} while (status != SETTLE_CONFIG && s->stop != STOP_TOLD &&
		 sigtimedwait(&stop, NULL, &pause) < 0);
	return status;
}

static int settings(struct settle *s, const struct conf *c, char asset[ROOCH_ASSET_TEXT],
		    struct gw_err *e)
{
	s->chain_id = rooch_network_chain_id(c->network);
	s->min_claim = u256_of(c->min_claim_amount);
	s->parallel = (unsigned)c->max_concurrent_claims;
	s->max_retries = (unsigned)c->max_retries;
	s->retry_delay_ms = (int64_t)c->retry_delay_ms;
	s->max_age_ms = (int64_t)c->max_claim_age_s * 1000;
	s->asset = asset;
	return rooch_asset_canonical(asset, str_c(c->default_asset_id))
		       ? 0
		       : gw_fail(e, GWE_CONFIG, 0, "DEFAULT_ASSET_ID: not a coin type");
}

static int with_key(struct settle *s, const struct conf *c, const struct args *a,
		    struct stored_key *key, struct gw_err *e)
{
	const struct run_orders o = { .ages = { c->keep_usage_days, c->keep_voucher_days,
						   nonce_hold_s(c) },
				      .close = a->close != NULL,
				      .withdraw = a->withdraw };
	struct store_options so = { .path = c->database,
				    .role = STORE_SETTLE,
				    .busy_timeout_ms = 30000,
				    .read_only = a->dry_run };
	struct rooch_rpc_options ro = { .url = c->rpc_url[0] ? c->rpc_url
							     : rooch_network_url(c->network),
					.timeout_ms = (unsigned)c->node_timeout_ms,
					.slots = s->parallel + 1 };
	struct rooch_rpc *rpc;
	int rc;

	if (claim_key_open(key, c, a->key_file, e))
		return -1;
	if (!rooch_did_parse(&s->account, str_c(key->did)))
		return gw_fail(e, GWE_CONFIG, 0, "the claim key is not that of a did:rooch");
	s->key = key->key;
	s->fragment = key->fragment;
	if (store_open(&s->store, &so, e))
		return -1;
	if (!a->dry_run) {
		rc = lock(c->database, e);
		if (rc < 0)
			return -1;
		if (rc && (a->close || a->withdraw))
			return gw_fail(e, GWE_CONFIG, 0, "another run is at work; try again later");
		if (rc) {
			log_info("another run is at work; nothing to do");
			return SETTLE_OK;
		}
	}
	rpc = rooch_rpc_new(&ro);
	settle_chain_of(&s->chain, rpc);
	rc = a->loop ? loop(s, &o, a->loop_s) : run_once(s, &o);
	rooch_rpc_free(rpc);
	return rc;
}

static int settle(const struct conf *c, const struct args *a)
{
	struct stored_key key = { .key = NULL };
	struct settle s = { .dry_run = a->dry_run,
			    .only = a->channel || a->close ? &a->only : NULL };
	char asset[ROOCH_ASSET_TEXT];
	struct gw_err e = { .code = GWE_OK };
	sigset_t stop;
	int rc;

	settle_stop_signals(&stop);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (crypto_init(&e) || upstream_global_init(&e) || settings(&s, c, asset, &e))
		return complain(&e);
	rc = with_key(&s, c, a, &key, &e);
	store_close(s.store);
	stored_key_clear(&key);
	crypto_done();
	return rc < 0 ? complain(&e) : rc;
}

static int report(const struct conf *c, const struct args *a)
{
	struct gw_err e;

	return report_print(c->database, c->default_asset_id, a->channel ? &a->only : NULL, a->json,
			    &e)
		       ? complain(&e)
		       : SETTLE_OK;
}

static int run(const struct conf *c, const struct args *a)
{
	struct gw_err e;

	if (conf_open_log(c, "llm-gateway-settle", &e))
		return complain(&e);
	if (a->backup) {
		if (store_backup(c->database, a->backup, &e))
			return complain(&e);
		if (!a->once && !a->report)
			return SETTLE_OK;
	}
	return a->report ? report(c, a) : settle(c, a);
}

int main(int argc, char **argv)
{
	struct args a = { .once = false };
	const struct opt rows[] = {
		{ .name = "once", .flag = &a.once, .help = "one run, then end (the default)" },
		{ .name = "loop",
		  .value = &a.loop,
		  .arg = "SECONDS",
		  .help = "a run every SECONDS" },
		{ .name = "dry-run",
		  .flag = &a.dry_run,
		  .help = "say what would be done; write nothing, send nothing" },
		{ .name = "channel",
		  .value = &a.channel,
		  .arg = "ID",
		  .help = "only this channel" },
		{ .name = "report",
		  .flag = &a.report,
		  .help = "earned, signed, claimed, pending, at risk, from the database" },
		{ .name = "json", .flag = &a.json, .help = "print the report as JSON" },
		{ .name = "withdraw", .flag = &a.withdraw, .help = "then take the revenue home" },
		{ .name = "close",
		  .value = &a.close,
		  .arg = "ID",
		  .help = "claim and close this channel, which ends its epoch" },
		{ .name = "backup",
		  .value = &a.backup,
		  .arg = "FILE",
		  .help = "copy the database to FILE; nothing else without --once" },
		{ .name = "key-file",
		  .value = &a.key_file,
		  .arg = "FILE",
		  .help = "the claim key" },
		{ .name = "version", .flag = &a.version, .help = "show the version" },
		OPTS_SETTINGS,
		OPTS_HELP(&a.help),
		OPTS_END,
	};
	struct conf_source from = {
		.argc = &argc, .argv = argv, .use_env = true, .use_dotenv = true, .provider = ""
	};
	struct conf *c = NULL;
	struct gw_err e;
	int rc;

	if (opts_ask_help(argc, argv)) {
		opts_help_for(stdout, "llm-gateway-settle", "[OPTION]...", text, rows);
		return SETTLE_OK;
	}
	if (conf_load(&c, &from, &e))
		return complain(&e);
	if (opts_parse(rows, &argc, argv, &e) || check(&a, argc, argv, &e)) {
		rc = complain(&e);
	} else if (a.version) {
		puts("llm-gateway-settle " PACKAGE_VERSION);
		rc = SETTLE_OK;
	} else {
		rc = run(c, &a);
	}
	conf_free(c);
	return rc;
}
