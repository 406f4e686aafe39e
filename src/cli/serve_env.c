/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/serve_env.h"

#include <limits.h>
#include <unistd.h>

#include "util/buf.h"

/* Rows that serve decides, or that are no business of its children. */
static bool ours(unsigned i)
{
	return i == CONF_port || i == CONF_host || i == CONF_state_dir || i == CONF_database ||
	       i == CONF_service_did || i == CONF_service_key_file || i == CONF_rpc_url ||
	       i == CONF_providers || i == CONF_provider_key_dir || i == CONF_workers ||
	       i == CONF_web_server || i == CONF_user || i == CONF_settle_user ||
	       i == CONF_settle_interval;
}

/* An empty list that was set is not the default: a comma alone says so. */
static void add_list(struct buf *b, const struct conf_list *l)
{
	if (!l->n)
		buf_add_byte(b, ',');
	for (unsigned i = 0; i < l->n; i++) {
		if (i)
			buf_add_byte(b, ',');
		buf_add_c(b, l->item[i]);
	}
}

static void add_value(struct buf *b, const struct conf *c, const struct conf_row *r)
{
	const void *at = (const char *)c + r->offset;

	switch (r->type) {
	case CONF_T_U64:
		buf_addf(b, "%llu", (unsigned long long)*(const uint64_t *)at);
		break;
	case CONF_T_BOOL:
		buf_add_c(b, *(const bool *)at ? "true" : "false");
		break;
	case CONF_T_LIST:
		add_list(b, at);
		break;
	case CONF_T_SECRET:
		buf_add_str(b, secret_reveal(at));
		break;
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_URL:
	case CONF_T_ENUM:
	case CONF_T_JSON:
	case CONF_T_DECIMAL:
		buf_add_c(b, *(char *const *)at);
		break;
	}
}

static void put(struct proc_env *v, const struct conf *c, unsigned i)
{
	struct buf b;

	buf_init(&b, 8 << 20);
	add_value(&b, c, &conf_rows[i]);
	if (b.len)
		proc_env_set(v, conf_rows[i].env, b.p, b.len);
	if (b.p)
		secret_wipe(b.p, b.len);
	buf_clear(&b);
}

static void put_text(struct proc_env *v, const char *name, const char *value)
{
	if (value && value[0])
		proc_env_set(v, name, value, strlen(value));
}

static struct proc_env *common(const struct conf *c, const struct serve_facts *f)
{
	static const char *const kept[] = { "PATH",
					    "TZ",
					    "LANG",
					    "LC_ALL",
					    "SSL_CERT_FILE",
					    "SSL_CERT_DIR",
					    "ASAN_OPTIONS",
					    "UBSAN_OPTIONS",
					    "LSAN_OPTIONS",
					    "TSAN_OPTIONS",
					    "GW_CLOCK_OFFSET_S" };
	struct proc_env *v = proc_env_new();

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		put_text(v, kept[i], getenv(kept[i]));
	for (unsigned i = 0; i < CONF_COUNT; i++)
		if (c->from[i] != CONF_FROM_DEFAULT && !conf_rows[i].secret &&
		    !conf_rows[i].no_effect && !ours(i))
			put(v, c, i);
	put_text(v, "STATE_DIR", f->state_dir);
	put_text(v, "DATABASE", f->database);
	put_text(v, "SERVICE_DID", f->service_did);
	put_text(v, "ROOCH_NODE_URL", f->node_url);
	put(v, c, CONF_providers);
	return v;
}

struct proc_env *serve_env_responder(const struct conf *c, const struct serve_facts *f,
				     const char *provider)
{
	const struct conf_provider *p = provider ? conf_find_provider(provider) : NULL;
	struct proc_env *v = common(c, f);

	if (p)
		put(v, c, p->key);
	return v;
}

struct proc_env *serve_env_settle(const struct conf *c, const struct serve_facts *f,
				  const char *key_file)
{
	struct proc_env *v = common(c, f);

	put_text(v, "SERVICE_KEY_FILE", key_file);
	return v;
}

int serve_find_program(const char *sub, const char *name, char *out, size_t size, struct gw_err *e)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	char *slash;

	if (n > 0) {
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		if (slash) {
			*slash = '\0';
			if (snprintf(out, size, "%s/%s%s", exe, sub, name) < (int)size &&
			    !access(out, X_OK))
				return 0;
			if (snprintf(out, size, "%s/../libexec/llm-gateway/%s", exe, name) <
				    (int)size &&
			    !access(out, X_OK))
				return 0;
			if (snprintf(out, size, "%s/%s", exe, name) < (int)size &&
			    !access(out, X_OK))
				return 0;
		}
	}
	if (snprintf(out, size, "%s/%s", GW_LIBEXECDIR, name) < (int)size && !access(out, X_OK))
		return 0;
	return gw_fail(e, GWE_CONFIG, 0, "%s is not there: neither beside this program nor in %s",
		       name, GW_LIBEXECDIR);
}
