/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/conf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct gw_err e;
static unsigned problems;

static void count(void *arg, const char *sentence)
{
	(void)arg;
	printf("# %s\n", sentence);
	problems++;
}

static void put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(99);
}

/* Load from @file (text, NULL none), the environment, and flags ("--port 1 --debug", NULL none). */
static struct conf *load(const char *file, const char *flags)
{
	static char args[512];
	static char *argv[32];
	int argc = 0;
	struct conf_source s = { &argc, argv, true, true, NULL, NULL, count, NULL };
	struct conf *c = NULL;
	char *save = NULL;

	problems = 0;
	memset(&e, 0, sizeof e);
	argv[argc++] = (char[]){ "test" };
	snprintf(args, sizeof args, "%s", flags ? flags : "");
	for (char *p = strtok_r(args, " ", &save); p; p = strtok_r(NULL, " ", &save))
		argv[argc++] = p;
	argv[argc] = NULL;
	if (file) {
		put("conf.json", file);
		s.file = "conf.json";
	}
	if (conf_load(&c, &s, &e)) {
		printf("# %s\n", e.pub);
		return NULL;
	}
	return c;
}

static bool refused(const char *file, const char *flags, const char *with)
{
	struct conf *c = load(file, flags);

	conf_free(c);
	return !c && strstr(e.pub, with);
}

#define FILE_ERR(text, with) OK(refused(text, NULL, with), "file refused: %s", with)
#define FLAG_ERR(text, with) OK(refused(NULL, text, with), "flags refused: %s", with)

static bool env_err(const char *name, const char *value, const char *with)
{
	bool ok;

	setenv(name, value, 1);
	ok = refused(NULL, NULL, with);
	unsetenv(name);
	return ok;
}

static uint64_t port(const char *file, const char *flags)
{
	struct conf *c = load(file, flags);
	uint64_t n = c ? c->port : 0;

	conf_free(c);
	return n;
}

static void test_precedence(void)
{
	struct conf *c = load(NULL, NULL);

	OK(c && c->port == 8080 && !strcmp(c->host, "0.0.0.0") && !strcmp(c->network, "test") &&
	       c->from[CONF_port] == CONF_FROM_DEFAULT && !c->file[0],
	   "without anything: the defaults");
	OK(c && strstr(c->database, "/gateway.db"), "the database is in the state directory");
	conf_free(c);
	OK(port("{\"port\": 1000}", NULL) == 1000, "the file beats the default");
	put(".env", "PORT=2000\n");
	OK(port("{\"port\": 1000}", NULL) == 2000, ".env beats the file");
	setenv("PORT", "3000", 1);
	OK(port("{\"port\": 1000}", NULL) == 3000, "the environment beats .env");
	setenv("PORT", "", 1);
	OK(port("{\"port\": 1000}", NULL) == 2000, "an empty variable counts as not set");
	setenv("PORT", "3000", 1);
	put(".env.local", "PORT=4000\n");
	OK(port("{\"port\": 1000}", NULL) == 4000, ".env.local overwrites the environment");
	put(".env.local", "PORT=\n");
	OK(port("{\"port\": 1000}", NULL) == 1000,
	   "an empty line in .env.local takes the variable away");
	put(".env.local", "PORT=4000\n");
	OK(port("{\"port\": 1000}", "--port 5000") == 5000, "the command line beats all");
	OK(port("{\"port\": 1000}", "-p 5001") == 5001, "-p is --port");
	OK(port(NULL, "-p5002") == 5002 && port(NULL, "--port=5003") == 5003,
	   "values may be attached");
	unlink(".env");
	unlink(".env.local");
	unsetenv("PORT");
}

static void test_argv(void)
{
	char *argv[] = { (char[]){ "serve" },
			 (char[]){ "--json" },
			 (char[]){ "--service-key" },
			 (char[]){ "zSecretText" },
			 (char[]){ "x" },
			 (char[]){ "-h" },
			 (char[]){ "127.0.0.1" },
			 (char[]){ "--debug" },
			 (char[]){ "--" },
			 (char[]){ "--port" },
			 NULL };
	int argc = 10;
	struct conf_source s = { .argc = &argc, .argv = argv };
	struct conf *c = NULL;
	char *key = argv[3];

	OK(!conf_load(&c, &s, &e), "flags among others");
	OK(argc == 5 && !strcmp(argv[1], "--json") && !strcmp(argv[2], "x") &&
	       !strcmp(argv[3], "--") && !strcmp(argv[4], "--port"),
	   "what is not ours stays, and all behind --");
	OK(!strcmp(key, "***********"), "the service key is overwritten in the argument list");
	OK(c && str_eq_c(secret_reveal(&c->service_key), "zSecretText"), "and known");
	OK(c && !strcmp(c->host, "127.0.0.1") && c->debug, "-h is the host, a flag alone is true");
	conf_free(c);
}

static void test_errors(void)
{
	FILE_ERR(
	    "{\"prot\": 1}",
	    "Configuration validation failed: conf.json:1: prot: unknown key (did you mean port?)");
	FILE_ERR("{\n \"host\": \"a\",\n \"adminDID\": []}",
		 "conf.json:3: adminDID: unknown key (did you mean adminDid?)");
	FILE_ERR("{\n\"port\": \"x\"}",
		 "conf.json:2: port: expected a whole number from 1 to 65535, not \"x\"");
	FILE_ERR("{\"port\": 65536}",
		 "conf.json:1: port: expected a whole number from 1 to 65535, not \"65536\"");
	FILE_ERR("{\"port\": 1.5}", "not a number with a fraction");
	FILE_ERR("{\"port\": 99999999999999999999999}", "from 1 to 65535");
	FILE_ERR("{\"idleTimeoutMs\": 5}", "from 10 to 7200000 ms");
	FILE_ERR("{\"debug\": \"true\"}", "expected true or false, not a string");
	FILE_ERR("{\"network\": \"prod\"}", "expected one of local|dev|test|main, not \"prod\"");
	FILE_ERR("{\"port\": 1,\n\"port\": 2}", "conf.json:2: duplicate");
	FILE_ERR("[1]", "one JSON object");
	FILE_ERR("{\"port\": 1", "conf.json:1: ");
	FILE_ERR("", "conf.json:1: ");
	FILE_ERR("{\"adminDid\": [1]}", "expected a comma list");
	FILE_ERR("{\"pricingOverrides\": [\"a\"]}",
		 "expected a JSON object, not a list of strings");
	FILE_ERR("{\"pricingOverrides\": \"{\"}", "pricingOverrides: expected a JSON object; ");
	FILE_ERR("{\"openaiBaseUrl\": \"ftp://x\"}", "expected a URL");
	FILE_ERR("{\"openaiBaseUrl\": \"https://u:p@x\"}", "expected a URL");
	FILE_ERR("{\"openaiApiKey\": \"a b\"}", "openaiApiKey: expected a text of visible ASCII");
	OK(!strstr(e.pub, "a b"), "a bad secret is not shown");
	FILE_ERR("{\"serviceKey\" \"zSecret\"}", "conf.json:1: ");
	OK(!strstr(e.pub, "zSecret"), "a syntax error shows no secret");
	FILE_ERR("{\"clientGone\": [\"stop\", \"cloude=drain\"]}", "CLIENT_GONE: expected");
	FILE_ERR("{\"providers\": [\"opnai\"]}", "unknown provider opnai (did you mean openai?)");
	FLAG_ERR("--port 0", "--port: expected a whole number from 1 to 65535, not \"0\"");
	FLAG_ERR("--port", "option --port needs a value");
	FLAG_ERR("--port 1 -p 2", "option --port is given twice");
	FLAG_ERR("--config nowhere.json", "nowhere.json: cannot read it: No such file");
	FLAG_ERR("--network testnet", "--network: expected one of");
	OK(env_err("DEBUG", "maybe", "environment: DEBUG: expected true or false, not \"maybe\""),
	   "bad variable");
	OK(env_err("OPENAI_API_KEY", "sk a", "expected a text of visible") &&
	       !strstr(e.pub, "sk a"),
	   "bad secret");
	put(".env", "A=1\n\nexport PORT = 'x'\n");
	OK(refused(NULL, NULL, ".env:3: PORT: expected a whole number"),
	   "a bad line of .env is named");
	put(".env", "A=1\nnonsense\n");
	OK(refused(NULL, NULL, ".env:2: expected NAME=value"), "a line that is none is named");
	unlink(".env");
	OK(refused("{\"port\": 0, \"host\": 1, \"x\": 2}", NULL, "port") && problems == 3,
	   "every problem is reported");
}

static void test_types(void)
{
	struct conf *c =
	    load("{\"adminDid\": [\"did:a\", \" did:b \"], \"stateDir\": \"st\", "
		 "\"openaiBaseUrl\": \"http://x:1/\","
		 "\"pricingOverrides\": {\"m\": {\"promptPerMTokUsd\": 0.10}}, "
		 "\"pricingMultiplier\": 1.10,"
		 "\"audiences\": \"a, ,b\", \"defaultPricePicoUSD\": 18446744073709551615,"
		 "\"logTarget\": \"x.log\","
		 "\"upstreamProxy\": \"socks5://u:p@h:1\", \"openaiApiKey\": \"sk\"}",
		 NULL);
	struct buf b;
	char cwd[4096];

	OK(c && c->admin_did.n == 2 && !strcmp(c->admin_did.item[1], "did:b"), "a list of strings");
	OK(c && c->audiences.n == 2 && !strcmp(c->audiences.item[1], "b"), "a comma list");
	OK(c && !strcmp(c->pricing_overrides, "{\"m\": {\"promptPerMTokUsd\": 0.10}}"),
	   "prices keep their digits");
	OK(c && !strcmp(c->pricing_multiplier, "1.10"), "the multiplier keeps its digits");
	OK(c && c->default_price_pico_usd == UINT64_MAX, "64 bits");
	OK(c && !strcmp(c->openai_base_url, "http://x:1"), "no slash at the end of a URL");
	OK(c && getcwd(cwd, sizeof cwd) && !strncmp(c->state_dir, cwd, strlen(cwd)) &&
	       strstr(c->state_dir, "/st"),
	   "paths are absolute");
	OK(c && !strncmp(c->log_target, cwd, strlen(cwd)) && strstr(c->log_target, "/x.log"),
	   "so is the file of the log");
	OK(c && c->providers.n == 1 && conf_offers(c, "openai") && !conf_offers(c, "claude"),
	   "offered: with a key");
	buf_init(&b, 4096);
	conf_value_json(c, CONF_openai_api_key, &b);
	conf_value_json(c, CONF_proxy, &b);
	OK(!strcmp(buf_c(&b), "\"***\"\"socks5://***@h:1\""), "secrets are masked: %s", buf_c(&b));
	buf_clear(&b);
	conf_free(c);
	c = load(NULL, NULL);
	OK(c && !strcmp(c->log_target, "stderr"), "which stderr is not");
	conf_free(c);
	setenv("PRICING_MULTIPLIER", "much", 1);
	c = load(NULL, NULL);
	OK(c && !strcmp(c->pricing_multiplier, "1"),
	   "a multiplier that is no number counts as not set");
	conf_free(c);
	unsetenv("PRICING_MULTIPLIER");
}

static void test_dotenv(void)
{
	static const char text[] = "\xef\xbb\xbf# comment\r\n"
				   "SERVICE_ID=\"two\\nlines\" # c\r\n"
				   " export  HOST = h#1 # comment\r\n"
				   "OPENAI_API_KEY='sk-#\"x'\n"
				   "OPENAI_BASE_URL=`http://a/`\n"
				   "PRICING_OVERRIDES='{\n  \"m\": {}\n}'\n"
				   "OTHER=whatever $HOME\n"
				   "GEMINI_API_KEY=a=b\n"
				   "X_TITLE=\"a \\$b \\\\ \\q\"";
	struct conf *c;

	put(".env", text);
	c = load(NULL, NULL);
	OK(!c && strstr(e.pub, ".env:2: SERVICE_ID"),
	   "\\n in double quotes is a line end (refused for a name)");
	put(".env", strchr(text, '\n') + 1 + strlen("SERVICE_ID=\"two\\nlines\" # c\r\n"));
	c = load(NULL, NULL);
	OK(c && !strcmp(c->host, "h#1"), "# starts a comment only behind a blank");
	OK(c && str_eq_c(secret_reveal(&c->openai_api_key), "sk-#\"x"), "single quotes");
	OK(c && !strcmp(c->openai_base_url, "http://a"), "back quotes");
	OK(c && !strcmp(c->pricing_overrides, "{\n  \"m\": {}\n}"), "values may span lines");
	OK(c && str_eq_c(secret_reveal(&c->gemini_api_key), "a=b"), "= in a value");
	OK(c && !strcmp(c->x_title, "a $b \\ \\q"), "backslashes in double quotes: %s",
	   c ? c->x_title : "");
	conf_free(c);
	put(".env", "HOST='open\nPORT=1\n");
	OK(refused(NULL, NULL, ".env:1: the value has no closing '"), "an open quote is named");
	put(".env", "HOST='a' b\n");
	OK(refused(NULL, NULL, ".env:1: after the closing '"), "text behind a quote is named");
	unlink(".env");
}

static void test_key_dir(void)
{
	struct conf_source s = { .use_env = true, .provider = "claude" };
	struct conf *c;

	mkdir("keys", 0700);
	put("keys/claude.key", "sk-ant-1\n");
	put("keys/openai.key", "sk-1\n");
	chmod("keys/claude.key", 0600);
	chmod("keys/openai.key", 0644);
	setenv("PROVIDER_KEY_DIR", "keys", 1);
	OK(refused(NULL, NULL, "keys/openai.key: others can read it (mode 644): chmod 600"),
	   "an open key file is refused");
	chmod("keys/openai.key", 0600);
	c = load(NULL, NULL);
	OK(c && str_eq_c(secret_reveal(&c->anthropic_api_key), "sk-ant-1") &&
	       conf_offers(c, "openai"),
	   "keys from files");
	conf_free(c);
	setenv("ANTHROPIC_API_KEY", "other", 1);
	setenv("GEMINI_API_KEY", "g", 1);
	c = load(NULL, NULL);
	OK(c && str_eq_c(secret_reveal(&c->anthropic_api_key), "other"),
	   "the variable beats the file");
	conf_free(c);
	c = NULL;
	OK(!conf_load(&c, &s, &e) && secret_is_set(&c->anthropic_api_key) &&
	       !secret_is_set(&c->openai_api_key) && !secret_is_set(&c->gemini_api_key),
	   "a responder keeps its own key only");
	conf_free(c);
	unsetenv("PROVIDER_KEY_DIR");
	unsetenv("ANTHROPIC_API_KEY");
	unsetenv("GEMINI_API_KEY");
}

static bool not_ready(const char *flags, const char *provider, bool responder, const char *with)
{
	struct conf *c = load(NULL, flags);
	bool ok = c && conf_check_ready(c, provider, responder, &e) && strstr(e.pub, with);

	printf("# %s\n", e.pub);
	conf_free(c);
	return ok;
}

static void test_ready(void)
{
	struct conf *c;

	OK(not_ready(NULL, NULL, false, "SERVICE_KEY is required"), "no service key");
	OK(strstr(e.pub, "At least one provider API key is required"), "and no provider");
	setenv("SERVICE_KEY", "z1", 1);
	OK(not_ready(NULL, NULL, false, "At least one provider API key is required"),
	   "no provider");
	OK(not_ready(NULL, "openai", true, "SERVICE_KEY must not be given to a responder"),
	   "a responder with the claim key");
	setenv("LITELLM_API_KEY", "k", 1);
	OK(not_ready(NULL, NULL, false, "LITELLM_BASE_URL"), "litellm needs its address");
	setenv("LITELLM_BASE_URL", "http://x", 1);
	c = load(NULL, NULL);
	OK(c && !conf_check_ready(c, NULL, false, &e), "one provider is enough");
	conf_free(c);
	setenv("PROVIDERS", "litellm,openai", 1);
	OK(not_ready(NULL, NULL, false, "OPENAI_API_KEY is required for the provider openai"),
	   "a listed one needs its key");
	unsetenv("PROVIDERS");
	unsetenv("SERVICE_KEY");
	OK(not_ready(NULL, "litellm", true, "SERVICE_DID is required"),
	   "a responder needs the DID");
	OK(not_ready("--payment off", "openai", true, "OPENAI_API_KEY is required"),
	   "and its own key");
	c = load(NULL, "--payment off");
	OK(c && !conf_check_ready(c, "litellm", true, &e) && !conf_check_ready(c, NULL, true, &e) &&
	       !conf_check_ready(c, NULL, false, &e),
	   "payment off does without a service key");
	conf_free(c);
	unsetenv("LITELLM_API_KEY");
	unsetenv("LITELLM_BASE_URL");
}

int main(void)
{
	char dir[] = "/tmp/u-conf.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		return 99;
	for (unsigned i = 0; i < CONF_COUNT; i++)
		if (conf_rows[i].env)
			unsetenv(conf_rows[i].env);
	test_precedence();
	test_argv();
	test_errors();
	test_types();
	test_dotenv();
	test_key_dir();
	test_ready();
	unlink("keys/claude.key");
	unlink("keys/openai.key");
	rmdir("keys");
	unlink("conf.json");
	if (chdir("/") || rmdir(dir))
		return 99;
	return TAP_END;
}
