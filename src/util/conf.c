/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/conf_json.h"
#include "util/dotenv.h"
#include "util/log.h"
#include "util/nearest.h"

enum { FILE_MAX = 4 << 20, SHOWN_MAX = 40 };

#define HAS(text, c) (__builtin_strchr((text), (c)) != NULL)

static const struct conf_row rows[CONF_COUNT] = {
#define OPT(field_, type_, env_, key_, flag_, def_, min_, max_, flags_, unit_, help_) \
	[CONF_##field_] = {                                                           \
		.field = #field_,                                                     \
		.type = CONF_T_##type_,                                               \
		.env = env_,                                                          \
		.key = key_,                                                          \
		.flag = flag_,                                                        \
		.letter = HAS(flags_, 'p') ? 'p' : HAS(flags_, 'h') ? 'h' : '\0',     \
		.def = def_,                                                          \
		.min = min_,                                                          \
		.max = max_,                                                          \
		.reload = HAS(flags_, 'R'),                                           \
		.secret = HAS(flags_, 'S'),                                           \
		.no_effect = HAS(flags_, 'N'),                                        \
		.credentials = HAS(flags_, 'C'),                                      \
		.unit = unit_,                                                        \
		.help = help_,                                                        \
		.offset = offsetof(struct conf, field_),                              \
	},
#include "util/conf.def"
#undef OPT
};

const struct conf_provider conf_providers[] = {
	{ "openai", CONF_openai_api_key, CONF_openai_base_url, false },
	{ "openrouter", CONF_openrouter_api_key, CONF_openrouter_base_url, false },
	{ "litellm", CONF_litellm_api_key, CONF_litellm_base_url, true },
	{ "claude", CONF_anthropic_api_key, CONF_anthropic_base_url, false },
	{ "gemini", CONF_gemini_api_key, CONF_gemini_base_url, false },
	{ NULL, CONF_COUNT, CONF_COUNT, false },
};

/* One run of conf_load. */
struct load {
	const struct conf_source *src;
	struct conf *c;
	struct gw_err *e;
	unsigned problems;
	char *dir;		     /* that relative paths of the source at hand count from */
	struct dot {
		const char *file;
		struct secret value; /* empty: the line says NAME= */
		unsigned line;	     /* 0: not in the file */
	} dot[2][CONF_COUNT];	     /* .env and .env.local */
};

/* ---- small things ---- */

static char *copy(struct str s)
{
	char *p = malloc(s.len + 1);

	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

static char *join(const char *dir, struct str path)
{
	size_t n = strlen(dir);
	char *p;

	if (path.len && path.p[0] == '/')
		return copy(path);
	p = malloc(n + 1 + path.len + 1);
	if (!p)
		abort();
	memcpy(p, dir, n);
	p[n] = '/';
	memcpy(p + n + 1, path.p, path.len);
	p[n + 1 + path.len] = '\0';
	return p;
}

static void *slot(const struct conf *c, const struct conf_row *r)
{
	return (char *)(uintptr_t)c + r->offset;
}

static GW_PRINTF(2, 3) void problem(struct load *l, const char *fmt, ...)
{
	struct gw_err one;
	char text[sizeof one.pub];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gw_fail(&one, GWE_CONFIG, 0, "%s", text); /* makes it printable */
	if (!l->problems++)
		gw_fail(l->e, GWE_CONFIG, 0, "Configuration validation failed: %s", one.pub);
	if (l->src->problem)
		l->src->problem(l->src->arg, one.pub);
}

/* Read a whole file; -1 with errno. */
static int slurp(const char *path, struct secret *out, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err = 0;
	char *p = NULL;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	if (fstat(fd, st))
		err = errno;
	else if (S_ISDIR(st->st_mode))
		err = EISDIR;
	else if (!(p = malloc(FILE_MAX)))
		err = ENOMEM;
	while (!err) {
		n = read(fd, p + len, FILE_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = errno;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len == FILE_MAX)
			err = EFBIG;
	}
	close(fd);
	if (!err)
		secret_set(out, (struct str){ p, len });
	secret_wipe(p, len);
	free(p);
	errno = err;
	return err ? -1 : 0;
}

/* ---- values ---- */

static void expected(const struct conf_row *r, char *out, size_t size)
{
	const char *unit = r->unit;

	switch (r->type) {
	case CONF_T_STR:
		snprintf(out, size, "a text without control characters");
		return;
	case CONF_T_PATH:
		snprintf(out, size, "a path");
		return;
	case CONF_T_URL:
		snprintf(out, size, "a URL (%s)%s", unit[0] ? unit : "http|https",
			 r->credentials ? "" : " without credentials, query or fragment");
		return;
	case CONF_T_LIST:
		snprintf(out, size, "a comma list (in the file: a list of strings)");
		return;
	case CONF_T_U64:
		snprintf(out, size, "a whole number from %llu to %llu%s%s", (unsigned long long)r->min,
			 (unsigned long long)r->max, unit[0] ? " " : "", unit);
		return;
	case CONF_T_BOOL:
		snprintf(out, size, "true or false");
		return;
	case CONF_T_ENUM:
		snprintf(out, size, "one of %s", unit);
		return;
	case CONF_T_SECRET:
		snprintf(out, size, "a text of visible ASCII characters");
		return;
	case CONF_T_JSON:
		snprintf(out, size, "a JSON object");
		return;
	case CONF_T_DECIMAL:
		snprintf(out, size, "a decimal number such as 1.1");
		return;
	}
}

static bool printable(struct str v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
	return str_utf8(v);
}

/* Is @v one of the |-separated @words? */
static bool one_of(const char *words, struct str v)
{
	struct str rest = str_c(words);

	while (rest.len) {
		ptrdiff_t bar = str_find(rest, '|');
		struct str word = bar < 0 ? rest : str_sub(rest, 0, (size_t)bar);

		if (str_eq(word, v))
			return true;
		rest = str_sub(rest, word.len + 1, rest.len);
	}
	return false;
}

static bool good_url(const struct conf_row *r, struct str v)
{
	struct str scheme, rest;
	ptrdiff_t at = str_find(v, ':');

	if (at <= 0 || !str_visible(v, 2000))
		return false;
	scheme = str_sub(v, 0, (size_t)at);
	rest = str_sub(v, (size_t)at, v.len);
	if (!one_of(r->unit[0] ? r->unit : "http|https", scheme) || !str_starts(rest, "://"))
		return false;
	rest = str_sub(rest, 3, rest.len);
	if (!r->credentials && str_find(rest, '@') >= 0)
		return false;
	if (str_find(rest, '?') >= 0 || str_find(rest, '#') >= 0 || str_find(rest, '\\') >= 0)
		return false;
	return rest.len && rest.p[0] != '/' && rest.p[0] != ':';
}

static bool is_decimal(struct str v)
{
	bool digit = false, point = false;

	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] >= '0' && v.p[i] <= '9')
			digit = true;
		else if (v.p[i] == '.' && !point)
			point = true;
		else if (i || (v.p[i] != '-' && v.p[i] != '+'))
			return false;
	}
	return digit;
}

static bool set_bool(bool *out, struct str v)
{
	bool yes = str_caseeq_c(v, "true") || str_eq_c(v, "1") || str_caseeq_c(v, "yes") || str_caseeq_c(v, "on");
	bool no = str_caseeq_c(v, "false") || str_eq_c(v, "0") || str_caseeq_c(v, "no") || str_caseeq_c(v, "off");

	if (yes || no)
		*out = yes;
	return yes || no;
}

static void list_clear(struct conf_list *l)
{
	for (unsigned i = 0; i < l->n; i++)
		free(l->item[i]);
	free(l->item);
	*l = (struct conf_list){ NULL, 0 };
}

static void list_add(struct conf_list *l, struct str v)
{
	char **p = realloc(l->item, (l->n + 1) * sizeof *p);

	if (!p)
		abort();
	l->item = p;
	l->item[l->n++] = copy(v);
}

static void set_text(char **out, char *p)
{
	free(*out);
	*out = p;
}

static void list_from_commas(struct conf_list *l, struct str v)
{
	list_clear(l);
	while (v.len) {
		ptrdiff_t comma = str_find(v, ',');
		struct str item = comma < 0 ? v : str_sub(v, 0, (size_t)comma);

		v = str_sub(v, item.len + 1, v.len);
		item = str_trim(item);
		if (item.len)
			list_add(l, item);
	}
}

/* Store @v, a text that is not empty. false: not of the row's form; *why may say more. */
static bool set_value(struct load *l, const struct conf_row *r, struct str v, char *why, size_t size)
{
	void *to = slot(l->c, r);
	uint64_t n;

	switch (r->type) {
	case CONF_T_STR:
		if (!printable(v))
			return false;
		set_text(to, copy(v));
		return true;
	case CONF_T_PATH:
		if (!printable(v))
			return false;
		set_text(to, join(l->dir, v));
		return true;
	case CONF_T_URL:
		while (str_ends(v, "/"))
			v.len--;
		if (!good_url(r, v))
			return false;
		set_text(to, copy(v));
		return true;
	case CONF_T_LIST:
		if (!printable(v))
			return false;
		list_from_commas(to, v);
		return true;
	case CONF_T_U64:
		if (!str_u64(v, &n) || n < r->min || n > r->max)
			return false;
		*(uint64_t *)to = n;
		return true;
	case CONF_T_BOOL:
		return set_bool(to, v);
	case CONF_T_ENUM:
		if (!one_of(r->unit, v))
			return false;
		set_text(to, copy(v));
		return true;
	case CONF_T_SECRET:
		if (!str_visible(v, FILE_MAX))
			return false;
		secret_set(to, v);
		return true;
	case CONF_T_JSON:
		if (!conf_json_is_object(v, why, size))
			return false;
		set_text(to, copy(v));
		return true;
	case CONF_T_DECIMAL:
		/* Rule: gateway.md 8: what is not a number counts as not set */
		if (!is_decimal(v)) {
			log_warn("%s is not a decimal number; using %s", r->env ? r->env : r->field, r->def);
			v = str_c(r->def);
		}
		set_text(to, copy(v));
		return true;
	}
	return false;
}

/* Store the text of a source; @where: "config.json:3: port". An empty text says nothing. */
static void take(struct load *l, const struct conf_row *r, struct str v, enum conf_from from,
		 const char *where)
{
	char form[160], why[96] = "";

	v = r->type == CONF_T_STR || r->type == CONF_T_PATH ? v : str_trim(v);
	if (!v.len)
		return;
	if (set_value(l, r, v, why, sizeof why)) {
		l->c->from[r - rows] = from;
		return;
	}
	expected(r, form, sizeof form);
	if (r->secret || str_find(v, '@') >= 0 || r->type == CONF_T_JSON || !printable(v))
		problem(l, "%s: expected %s%s%s", where, form, why[0] ? "; " : "", why);
	else
		problem(l, "%s: expected %s, not \"%.*s%s\"", where, form, (int)(v.len > SHOWN_MAX ? SHOWN_MAX : v.len),
			v.p, v.len > SHOWN_MAX ? "..." : "");
}

/* ---- the file ---- */

/* May a member of kind @k be read as @r? The text of the ones that may goes the way of all texts. */
static bool kind_fits(const struct conf_row *r, enum conf_json_kind k)
{
	switch (r->type) {
	case CONF_T_U64:
		return k == CONF_JSON_INTEGER || k == CONF_JSON_STRING;
	case CONF_T_BOOL:
		return k == CONF_JSON_BOOL;
	case CONF_T_LIST:
		return k == CONF_JSON_TEXTS || k == CONF_JSON_STRING;
	case CONF_T_JSON:
		return k == CONF_JSON_OBJECT || k == CONF_JSON_STRING;
	case CONF_T_DECIMAL:
		return k == CONF_JSON_INTEGER || k == CONF_JSON_REAL || k == CONF_JSON_STRING;
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_URL:
	case CONF_T_ENUM:
	case CONF_T_SECRET:
		return k == CONF_JSON_STRING;
	}
	return false;
}

/* The name of the file as given; of a long path only the end, so that the rest of the sentence has room. */
static void place(char *out, size_t size, const char *file, unsigned line, const char *key)
{
	size_t n = strlen(file);
	const char *tail = n > 80 ? file + n - 77 : file;

	snprintf(out, size, "%s%s:%u: %.60s", n > 80 ? "..." : "", tail, line, key);
}

static void take_member(void *arg, const struct conf_json_member *m)
{
	struct load *l = arg;
	const struct conf_row *r = NULL;
	char where[256], form[160], hint[NEAREST_HINT_SIZE];
	struct nearest near;

	place(where, sizeof where, l->c->file, m->line, m->key);
	nearest_init(&near, str_c(m->key));
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		nearest_offer(&near, rows[i].key);
		if (rows[i].key && !strcmp(rows[i].key, m->key))
			r = &rows[i];
	}
	if (!r) {
		problem(l, "%s: unknown key%s", where, nearest_hint(&near, hint));
	} else if (!kind_fits(r, m->kind)) {
		expected(r, form, sizeof form);
		problem(l, "%s: expected %s, not %s", where, form, conf_json_kind_name(m->kind));
	} else if (m->kind == CONF_JSON_TEXTS) {
		list_clear(slot(l->c, r));
		for (unsigned i = 0; i < m->n_item; i++) {
			struct str item = str_trim(m->item[i]);

			if (!item.len || !printable(item))
				problem(l, "%s: element %u is empty or not printable", where, i + 1);
			else
				list_add(slot(l->c, r), item);
		}
		l->c->from[r - rows] = CONF_FROM_FILE;
	} else {
		take(l, r, m->text, CONF_FROM_FILE, where);
	}
}

static void load_file(struct load *l, const char *file)
{
	struct secret text = { NULL, 0 };
	struct stat st;
	struct gw_err e;
	char *cwd = l->dir, *slash;

	set_text(&l->c->file, copy(str_c(file)));
	if (slurp(file, &text, &st)) {
		problem(l, "%s: cannot read it: %s", file, strerror(errno));
		return;
	}
	l->dir = join(cwd, str_c(file));
	slash = strrchr(l->dir, '/');
	*slash = '\0';
	if (conf_json_read(secret_reveal(&text), file, take_member, l, &e))
		problem(l, "%s", e.pub);
	free(l->dir);
	l->dir = cwd;
	secret_clear(&text);
}

/* ---- the environment ---- */

struct dot_arg {
	struct load *l;
	unsigned which;
	const char *file;
};

static void take_dot(void *arg, struct str name, struct str value, unsigned line)
{
	struct dot_arg *a = arg;

	for (unsigned i = 0; i < CONF_COUNT; i++) {
		struct dot *d = &a->l->dot[a->which][i];

		if (!rows[i].env || !str_eq_c(name, rows[i].env))
			continue;
		secret_set(&d->value, value);
		d->line = line;
		d->file = a->file;
	}
}

static void load_dotenv(struct load *l)
{
	static const char *const file[2] = { ".env", ".env.local" };

	for (unsigned i = 0; i < 2; i++) {
		struct dot_arg a = { l, i, file[i] };
		struct secret text = { NULL, 0 };
		struct stat st;
		struct gw_err e;

		if (slurp(file[i], &text, &st)) {
			if (errno != ENOENT)
				problem(l, "%s: cannot read it: %s", file[i], strerror(errno));
			continue;
		}
		if (dotenv_read(secret_reveal(&text), file[i], take_dot, &a, &e))
			problem(l, "%s", e.pub);
		secret_clear(&text);
	}
}

static void load_env(struct load *l)
{
	char where[128];

	for (unsigned i = 0; i < CONF_COUNT; i++) {
		const struct conf_row *r = &rows[i];
		const struct dot *first = &l->dot[0][i], *second = &l->dot[1][i], *d = NULL;
		const char *env = r->env && l->src->use_env ? getenv(r->env) : NULL;

		if (!r->env)
			continue;
		if (second->line)
			d = second;
		else if ((!env || !*env) && first->line)
			d = first;
		if (d) {
			snprintf(where, sizeof where, "%s:%u: %s", d->file, d->line, r->env);
			take(l, r, secret_reveal(&d->value), CONF_FROM_ENV, where);
		} else if (env) {
			snprintf(where, sizeof where, "environment: %s", r->env);
			take(l, r, str_c(env), CONF_FROM_ENV, where);
		}
	}
}

/* ---- the command line ---- */

struct flag_hit {
	const struct conf_row *row; /* NULL and !config: not ours */
	bool config;		    /* --config, -c */
	char *value;		    /* inside the argument; NULL: none there */
};

static struct flag_hit flag_find(char *arg)
{
	struct flag_hit hit = { NULL, false, NULL };
	bool is_long = arg[0] == '-' && arg[1] == '-';
	char *eq = is_long ? strchr(arg, '=') : NULL;
	struct str name = { arg + 2, eq ? (size_t)(eq - arg - 2) : strlen(arg) < 2 ? 0 : strlen(arg + 2) };

	if (arg[0] != '-' || !arg[1] || (is_long && !arg[2]))
		return hit;
	hit.config = is_long ? str_eq_c(name, "config") : arg[1] == 'c';
	for (unsigned i = 0; i < CONF_COUNT && !hit.config; i++)
		if (is_long ? rows[i].flag && str_eq_c(name, rows[i].flag) : rows[i].letter == arg[1])
			hit.row = &rows[i];
	if (is_long)
		hit.value = eq ? eq + 1 : NULL;
	else if (arg[2])
		hit.value = arg + 2;
	return hit;
}

/*
 * Take our flags out of argv. @flag gets pointers into argv; secrets are overwritten there by the
 * caller once they are stored.
 */
static int split_argv(struct load *l, char *flag[CONF_COUNT], const char **file)
{
	static char yes[] = "true"; /* what a flag alone means */
	int *argc = l->src->argc, kept = 1, i = 1;
	char **argv = l->src->argv;

	while (i < *argc && strcmp(argv[i], "--") != 0) {
		struct flag_hit hit = flag_find(argv[i]);
		const char *name = hit.config ? "config" : hit.row ? hit.row->flag : NULL;

		if (!name) {
			argv[kept++] = argv[i++];
			continue;
		}
		if (hit.row && hit.row->type == CONF_T_BOOL && !hit.value)
			hit.value = yes;
		else if (!hit.value && i + 1 < *argc)
			hit.value = argv[++i];
		if (!hit.value || !*hit.value)
			return gw_fail(l->e, GWE_USAGE, 0, "option --%s needs a value", name);
		if (hit.config ? *file != NULL : flag[hit.row - rows] != NULL)
			return gw_fail(l->e, GWE_USAGE, 0, "option --%s is given twice", name);
		if (hit.config)
			*file = hit.value;
		else
			flag[hit.row - rows] = hit.value;
		i++;
	}
	while (i < *argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

static void load_flags(struct load *l, char *flag[CONF_COUNT])
{
	char where[128];

	for (unsigned i = 0; i < CONF_COUNT; i++) {
		if (!flag[i])
			continue;
		snprintf(where, sizeof where, "--%s", rows[i].flag);
		take(l, &rows[i], str_c(flag[i]), CONF_FROM_FLAG, where);
		if (!rows[i].secret)
			continue;
		memset(flag[i], '*', strlen(flag[i]));
		log_warn("--%s was visible to every user of this machine until now; put it into %s or a file instead",
			 rows[i].flag, rows[i].env);
	}
}

/* ---- what follows from other settings ---- */

static void default_state_dir(struct load *l)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (l->c->state_dir[0])
		return;
	if (!geteuid())
		set_text(&l->c->state_dir, copy(STR_LIT("/var/lib/llm-gateway")));
	else if (xdg && xdg[0] == '/')
		set_text(&l->c->state_dir, join(xdg, STR_LIT("llm-gateway")));
	else if (home && home[0] == '/')
		set_text(&l->c->state_dir, join(home, STR_LIT(".local/state/llm-gateway")));
	else
		problem(l, "STATE_DIR: neither it nor HOME is set; say where the database is to live");
}

/* The files of PROVIDER_KEY_DIR answer for keys that nothing else has set. */
static void load_key_dir(struct load *l)
{
	const char *only = l->src->provider;

	for (const struct conf_provider *p = conf_providers; p->name && l->c->provider_key_dir[0]; p++) {
		struct secret *key = slot(l->c, &rows[p->key]);
		char path[4096];
		struct gw_err e;

		if (secret_is_set(key) || (only && strcmp(only, p->name) != 0))
			continue;
		snprintf(path, sizeof path, "%s/%s.key", l->c->provider_key_dir, p->name);
		if (access(path, F_OK) && errno == ENOENT)
			continue;
		if (conf_read_secret(path, key, &e))
			problem(l, "%s", e.pub);
		else
			l->c->from[p->key] = CONF_FROM_FILE;
	}
}

static void keep_only(struct load *l)
{
	const char *only = l->src->provider;

	for (const struct conf_provider *p = conf_providers; p->name && only; p++)
		if (strcmp(only, p->name) != 0) {
			secret_clear(slot(l->c, &rows[p->key]));
			l->c->from[p->key] = CONF_FROM_DEFAULT;
		}
}

static bool has_what_it_needs(const struct conf *c, const struct conf_provider *p)
{
	char *const *base = slot(c, &rows[p->base_url]);

	return secret_is_set(conf_provider_key(c, p)) && (!p->needs_base_url || (*base)[0]);
}

/* PROVIDERS: known names only; without it, those with a key. */
static void fill_providers(struct load *l)
{
	struct conf_list *list = &l->c->providers;
	char hint[NEAREST_HINT_SIZE];

	for (unsigned i = 0; i < list->n; i++) {
		struct nearest near;

		nearest_init(&near, str_c(list->item[i]));
		for (const struct conf_provider *p = conf_providers; p->name; p++)
			nearest_offer(&near, p->name);
		if (!conf_find_provider(list->item[i]))
			problem(l, "PROVIDERS: unknown provider %.40s%s", list->item[i], nearest_hint(&near, hint));
	}
	for (const struct conf_provider *p = conf_providers; p->name && !l->c->from[CONF_providers]; p++)
		if (has_what_it_needs(l->c, p))
			list_add(list, str_c(p->name));
}

static void check_client_gone(struct load *l)
{
	for (unsigned i = 0; i < l->c->client_gone.n; i++) {
		struct str item = str_c(l->c->client_gone.item[i]);
		ptrdiff_t eq = str_find(item, '=');
		struct str policy = str_sub(item, (size_t)(eq + 1), item.len);
		char name[32] = "";

		if ((eq < 0 || (str_copy(name, sizeof name, str_sub(item, 0, (size_t)eq)) &&
				conf_find_provider(name))) &&
		    (str_eq_c(policy, "stop") || str_eq_c(policy, "drain")))
			continue;
		problem(l, "CLIENT_GONE: expected stop, drain or PROVIDER=stop|drain, not \"%.40s\"", item.p);
	}
}

static void warn_no_effect(const struct load *l)
{
	struct buf names;

	buf_init(&names, 1024);
	for (unsigned i = 0; i < CONF_COUNT; i++)
		if (rows[i].no_effect && l->c->from[i] != CONF_FROM_DEFAULT)
			buf_addf(&names, "%s%s", names.len ? ", " : "", rows[i].env);
	if (names.len)
		log_warn("accepted without effect: %s", buf_c(&names));
	buf_clear(&names);
}

/* ---- the public part ---- */

const struct conf_row *conf_row(enum conf_id id)
{
	return &rows[id];
}

static struct conf *defaults(struct load *l)
{
	l->c = calloc(1, sizeof *l->c);
	if (!l->c)
		abort();
	l->c->file = copy(STR_NULL);
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		enum conf_type t = rows[i].type;

		if (t != CONF_T_U64 && t != CONF_T_BOOL && t != CONF_T_LIST && t != CONF_T_SECRET)
			*(char **)slot(l->c, &rows[i]) = copy(STR_NULL);
		take(l, &rows[i], str_c(rows[i].def), CONF_FROM_DEFAULT, rows[i].field);
	}
	return l->c;
}

int conf_load(struct conf **out, const struct conf_source *s, struct gw_err *e)
{
	struct load *l = calloc(1, sizeof *l);
	char *flag[CONF_COUNT] = { NULL };
	const char *file = NULL;
	int rc;

	if (!l)
		abort();
	l->src = s;
	l->e = e;
	l->dir = getcwd(NULL, 0);
	if (!l->dir)
		l->dir = copy(STR_LIT("/"));
	defaults(l);
	rc = s->argc ? split_argv(l, flag, &file) : 0;
	if (s->file)
		file = s->file;
	if (!rc) {
		if (s->use_env && s->use_dotenv)
			load_dotenv(l);
		if (file)
			load_file(l, file);
		load_env(l);
		load_flags(l, flag);
		keep_only(l);
		load_key_dir(l);
		default_state_dir(l);
		fill_providers(l);
		check_client_gone(l);
		if (!l->c->database[0])
			set_text(&l->c->database, join(l->c->state_dir, STR_LIT("gateway.db")));
		warn_no_effect(l);
		rc = l->problems ? -1 : 0;
	}
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		secret_clear(&l->dot[0][i].value);
		secret_clear(&l->dot[1][i].value);
	}
	if (rc)
		conf_free(l->c);
	else
		*out = l->c;
	free(l->dir);
	free(l);
	return rc;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		enum conf_type t = rows[i].type;
		void *p = slot(c, &rows[i]);

		if (t == CONF_T_SECRET)
			secret_clear(p);
		else if (t == CONF_T_LIST)
			list_clear(p);
		else if (t != CONF_T_U64 && t != CONF_T_BOOL)
			free(*(char **)p);
	}
	free(c->file);
	free(c);
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
	return slot(c, &rows[p->key]);
}

static int check_provider(const struct conf *c, const struct conf_provider *p, struct gw_err *e)
{
	if (!secret_is_set(conf_provider_key(c, p)))
		return gw_fail(e, GWE_CONFIG, 0, "%s is required for the provider %s: set it, or put the key into "
			       "%s.key in PROVIDER_KEY_DIR", rows[p->key].env, p->name, p->name);
	if (!has_what_it_needs(c, p))
		return gw_fail(e, GWE_CONFIG, 0, "%s is required with %s", rows[p->base_url].env,
			       rows[p->key].env);
	return 0;
}

int conf_check_ready(const struct conf *c, const char *provider, bool responder, struct gw_err *e)
{
	static const char no_key[] = "SERVICE_KEY is required (`llm-gateway keygen` makes one; PAYMENT=off does without)";
	static const char no_provider[] = "At least one provider API key is required (OPENAI_, OPENROUTER_, LITELLM_, "
					  "ANTHROPIC_ or GEMINI_API_KEY)";
	const struct conf_provider *p = provider ? conf_find_provider(provider) : NULL;
	bool paid = !strcmp(c->payment, "on");

	if (provider && !p)
		return gw_fail(e, GWE_CONFIG, 0, "there is no provider %s", provider);
	if (responder) {
		if (secret_is_set(&c->service_key))
			return gw_fail(e, GWE_CONFIG, 0, "SERVICE_KEY must not be given to a responder: it gets SERVICE_DID; "
				       "the key is for llm-gateway-settle only");
		if (paid && !c->service_did[0])
			return gw_fail(e, GWE_CONFIG, 0, "SERVICE_DID is required: the DID of SERVICE_KEY "
				       "(`llm-gateway inspect key` shows it)");
		return p ? check_provider(c, p, e) : 0;
	}
	if (paid && !secret_is_set(&c->service_key)) {
		if (!c->providers.n)
			return gw_fail(e, GWE_CONFIG, 0, "%s; %s", no_key, no_provider);
		return gw_fail(e, GWE_CONFIG, 0, "%s", no_key);
	}
	if (!c->providers.n && secret_is_set(&c->litellm_api_key))
		return gw_fail(e, GWE_CONFIG, 0, "%s; LITELLM_API_KEY also needs LITELLM_BASE_URL", no_provider);
	if (!c->providers.n)
		return gw_fail(e, GWE_CONFIG, 0, "%s", no_provider);
	for (unsigned i = 0; i < c->providers.n; i++)
		if (check_provider(c, conf_find_provider(c->providers.item[i]), e))
			return -1;
	return 0;
}

const char *conf_from_name(enum conf_from f)
{
	switch (f) {
	case CONF_FROM_DEFAULT:
		return "default";
	case CONF_FROM_FILE:
		return "file";
	case CONF_FROM_ENV:
		return "environment";
	case CONF_FROM_FLAG:
		return "flag";
	}
	return "";
}

/* With user and password of the URL masked. */
static void url_json(struct buf *out, const char *url)
{
	const char *at = strrchr(url, '@'), *host = strstr(url, "://");
	struct buf b;

	if (!at || !host) {
		buf_add_json(out, str_c(url));
		return;
	}
	buf_init(&b, 4096);
	buf_addf(&b, "%.*s://***%s", (int)(host - url), url, at);
	buf_add_json(out, buf_str(&b));
	buf_clear(&b);
}

void conf_value_json(const struct conf *c, enum conf_id id, struct buf *out)
{
	const struct conf_row *r = &rows[id];
	const void *p = slot(c, r);
	const struct conf_list *list = p;
	const char *text;

	switch (r->type) {
	case CONF_T_U64:
		buf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)p);
		return;
	case CONF_T_BOOL:
		buf_add_c(out, *(const bool *)p ? "true" : "false");
		return;
	case CONF_T_SECRET:
		buf_add_c(out, secret_is_set(p) ? "\"***\"" : "\"\"");
		return;
	case CONF_T_LIST:
		buf_add_byte(out, '[');
		for (unsigned i = 0; i < list->n; i++) {
			buf_add_c(out, i ? ", " : "");
			buf_add_json(out, str_c(list->item[i]));
		}
		buf_add_byte(out, ']');
		return;
	case CONF_T_JSON:
		text = *(char *const *)p;
		buf_add_c(out, text[0] ? text : "\"\"");
		return;
	case CONF_T_URL:
		url_json(out, *(char *const *)p);
		return;
	case CONF_T_STR:
	case CONF_T_PATH:
	case CONF_T_ENUM:
	case CONF_T_DECIMAL:
		buf_add_json(out, str_c(*(char *const *)p));
		return;
	}
}

int conf_read_secret(const char *path, struct secret *out, struct gw_err *e)
{
	struct secret text = { NULL, 0 };
	struct stat st;
	struct str v;
	int rc = -1;

	if (slurp(path, &text, &st))
		return gw_fail(e, GWE_CONFIG, errno, "%s: cannot read it: %s", path, strerror(errno));
	v = str_trim(secret_reveal(&text));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		gw_fail(e, GWE_CONFIG, 0, "%s: it has to belong to the user that reads it, or to root", path);
	else if (st.st_mode & (st.st_uid == 0 && geteuid() != 0 ? 0037 : 0077))
		gw_fail(e, GWE_CONFIG, 0, "%s: others can read it (mode %03o): chmod 600", path,
			(unsigned)(st.st_mode & 0777));
	else if (!str_visible(v, FILE_MAX))
		gw_fail(e, GWE_CONFIG, 0, "%s: expected one line of visible ASCII characters", path);
	else
		rc = 0;
	if (!rc)
		secret_set(out, v);
	secret_clear(&text);
	return rc;
}
