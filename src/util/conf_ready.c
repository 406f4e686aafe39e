/* SPDX-License-Identifier: Apache-2.0 */
/* The part of conf.h that knows the providers, and what a program needs when it starts. */
#include "config.h"

#include "util/conf_value.h"
#include "util/log.h"

const struct conf_provider conf_providers[] = {
	{ "openai", CONF_openai_api_key, CONF_openai_base_url, false },
	{ "openrouter", CONF_openrouter_api_key, CONF_openrouter_base_url, false },
	{ "litellm", CONF_litellm_api_key, CONF_litellm_base_url, true },
	{ "claude", CONF_anthropic_api_key, CONF_anthropic_base_url, false },
	{ "gemini", CONF_gemini_api_key, CONF_gemini_base_url, false },
	{ NULL, CONF_COUNT, CONF_COUNT, false },
};

bool conf_provider_complete(const struct conf *c, const struct conf_provider *p)
{
	char *const *base = conf_slot(c, &conf_rows[p->base_url]);

	return secret_is_set(conf_provider_key(c, p)) && (!p->needs_base_url || (*base)[0]);
}

const struct conf_provider *conf_find_provider(const char *name)
{
	for (const struct conf_provider *p = conf_providers; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

bool conf_offers(const struct conf *c, const char *provider)
{
	for (unsigned i = 0; i < c->providers.n; i++)
		if (!strcmp(c->providers.item[i], provider))
			return true;
	return false;
}

const struct secret *conf_provider_key(const struct conf *c, const struct conf_provider *p)
{
	return conf_slot(c, &conf_rows[p->key]);
}

static int check_provider(const struct conf *c, const struct conf_provider *p, struct gw_err *e)
{
	if (!secret_is_set(conf_provider_key(c, p)))
		return gw_fail(e, GWE_CONFIG, 0,
			       "%s is required for the provider %s: set it, or put the key into "
			       "%s.key in PROVIDER_KEY_DIR",
			       conf_rows[p->key].env, p->name, p->name);
	if (!conf_provider_complete(c, p))
		return gw_fail(e, GWE_CONFIG, 0, "%s is required with %s",
			       conf_rows[p->base_url].env, conf_rows[p->key].env);
	return 0;
}

int conf_check_ready(const struct conf *c, const char *provider, bool responder, struct gw_err *e)
{
	static const char no_key[] =
	    "SERVICE_KEY is required (`llm-gateway keygen` makes one; PAYMENT=off does without)";
	static const char no_provider[] =
	    "At least one provider API key is required (OPENAI_, OPENROUTER_, LITELLM_, "
	    "ANTHROPIC_ or GEMINI_API_KEY)";
	const struct conf_provider *p = provider ? conf_find_provider(provider) : NULL;
	bool paid = !strcmp(c->payment, "on");

	if (provider && !p)
		return gw_fail(e, GWE_CONFIG, 0, "there is no provider %s", provider);
	if (responder) {
		if (secret_is_set(&c->service_key))
			return gw_fail(
			    e, GWE_CONFIG, 0,
			    "SERVICE_KEY must not be given to a responder: it gets SERVICE_DID; "
			    "the key is for llm-gateway-settle only");
		if (paid && !c->service_did[0])
			return gw_fail(e, GWE_CONFIG, 0,
				       "SERVICE_DID is required: the DID of SERVICE_KEY "
				       "(`llm-gateway inspect key` shows it)");
		return p ? check_provider(c, p, e) : 0;
	}
	if (paid && !secret_is_set(&c->service_key)) {
		if (!c->providers.n)
			return gw_fail(e, GWE_CONFIG, 0, "%s; %s", no_key, no_provider);
		return gw_fail(e, GWE_CONFIG, 0, "%s", no_key);
	}
	if (!c->providers.n && secret_is_set(&c->litellm_api_key))
		return gw_fail(e, GWE_CONFIG, 0, "%s; LITELLM_API_KEY also needs LITELLM_BASE_URL",
			       no_provider);
	if (!c->providers.n)
		return gw_fail(e, GWE_CONFIG, 0, "%s", no_provider);
	for (unsigned i = 0; i < c->providers.n; i++)
		if (check_provider(c, conf_find_provider(c->providers.item[i]), e))
			return -1;
	return 0;
}

int conf_open_log(const struct conf *c, const char *program, struct gw_err *e)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	struct log_options o = { .program = program, .level = LOG_LVL_INFO };

	for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (!strcmp(c->log_level, levels[i]))
			o.level = (enum log_level)i;
	if (c->debug || c->global_debug)
		o.level = LOG_LVL_DEBUG;
	o.format = !strcmp(c->log_format, "kv") ? LOG_FMT_KV : LOG_FMT_JSON;
	o.path = c->log_target;
	o.target = !strcmp(c->log_target, "stderr")   ? LOG_TO_STDERR
		   : !strcmp(c->log_target, "syslog") ? LOG_TO_SYSLOG
						      : LOG_TO_FILE;
	return log_open(&o, e);
}
