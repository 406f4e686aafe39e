/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "provider/rules.h"

#include <assert.h>

#define PROVIDER(name, maker, states_cost, ops) \
	{ \
		name, maker, states_cost, ops \
	}

static const struct provider_row rows[PROVIDER_COUNT] = {
	[PROVIDER_OPENAI] = PROVIDER("openai", "openai", false, &openai_ops),
	[PROVIDER_OPENROUTER] = PROVIDER("openrouter", "openrouter", true, &openrouter_ops),
	[PROVIDER_LITELLM] = PROVIDER("litellm", "litellm", true, &litellm_ops),
	[PROVIDER_CLAUDE] = PROVIDER("claude", "anthropic", false, &claude_ops),
	[PROVIDER_GEMINI] = PROVIDER("gemini", "gemini", false, &gemini_ops),
};

const struct provider_row *provider_row_get(enum provider_id p)
{
	assert((unsigned)p < PROVIDER_COUNT);
	return &rows[p];
}

const char *provider_name(enum provider_id p)
{
	return provider_row_get(p)->name;
}

const char *provider_maker(enum provider_id p)
{
	return provider_row_get(p)->maker;
}

bool provider_states_cost(enum provider_id p)
{
	return provider_row_get(p)->states_cost;
}

bool provider_find(struct str name, enum provider_id *out)
{
	for (unsigned i = 0; i < PROVIDER_COUNT; i++)
		if (str_eq_c(name, rows[i].name) || str_eq_c(name, rows[i].maker)) {
			*out = (enum provider_id)i;
			return true;
		}
	return false;
}
