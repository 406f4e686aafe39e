/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "util/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "util/conf_value.h"
#include "util/dotenv.h"
#include "util/file.h"
#include "util/log.h"
#include "util/nearest.h"

enum { FILE_MAX = 4 << 20, SHOWN_MAX = 40 };

/* One run of conf_load. */
struct load {
	const struct conf_source *src;
	struct conf *c;
	struct gw_err *e;
	unsigned problems;
	char *dir; /* that relative paths of the source at hand count from */
	struct dot {
		const char *file;
		struct secret value; /* empty: the line says NAME= */
		unsigned line;	     /* 0: not in the file */
	} dot[2][CONF_COUNT];	     /* .env and .env.local */
};

/* ---- small things ---- */

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

/* LOG_TARGET: a file's name counts from the same place as any path, also for programs that we start. */
static void absolute_log(struct load *l)
{
	char *file;

	if (!strcmp(l->c->log_target, "stderr") || !strcmp(l->c->log_target, "syslog"))
		return;
	file = conf_join(l->dir, str_c(l->c->log_target));
	conf_set_text(&l->c->log_target, file);
}

/* Store the text of a source; @where: "config.json:3: port". An empty text says nothing. */
static void take(struct load *l, const struct conf_row *r, struct str v, enum conf_from from,
		 const char *where)
{
	char form[160], why[96] = "";

	v = r->type == CONF_T_STR || r->type == CONF_T_PATH ? v : str_trim(v);
	if (!v.len)
		return;
	if (conf_value_set(l->c, r, l->dir, v, why, sizeof why)) {
		if (r == &conf_rows[CONF_log_target])
			absolute_log(l);
		l->c->from[r - conf_rows] = from;
		return;
	}
	conf_expected(r, form, sizeof form);
	if (r->secret || str_find(v, '@') >= 0 || r->type == CONF_T_JSON || !conf_printable(v))
		problem(l, "%s: expected %s%s%s", where, form, why[0] ? "; " : "", why);
	else
		problem(l, "%s: expected %s, not \"%.*s%s\"", where, form,
			(int)(v.len > SHOWN_MAX ? SHOWN_MAX : v.len), v.p,
			v.len > SHOWN_MAX ? "..." : "");
}

/* ---- the file ---- */

/* The name of the file as given; of a long path only the end, so that the rest of the sentence has
 * room. */
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
		nearest_offer(&near, conf_rows[i].key);
		if (conf_rows[i].key && !strcmp(conf_rows[i].key, m->key))
			r = &conf_rows[i];
	}
	if (!r) {
		problem(l, "%s: unknown key%s", where, nearest_hint(&near, hint));
	} else if (!conf_kind_fits(r, m->kind)) {
		conf_expected(r, form, sizeof form);
		problem(l, "%s: expected %s, not %s", where, form, conf_json_kind_name(m->kind));
	} else if (m->kind == CONF_JSON_TEXTS) {
		conf_list_clear(conf_slot(l->c, r));
		for (unsigned i = 0; i < m->n_item; i++) {
			struct str item = str_trim(m->item[i]);

			if (!item.len || !conf_printable(item))
				problem(l, "%s: element %u is empty or not printable", where,
					i + 1);
			else
				conf_list_add(conf_slot(l->c, r), item);
		}
		l->c->from[r - conf_rows] = CONF_FROM_FILE;
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

	conf_set_text(&l->c->file, conf_copy(str_c(file)));
	if (file_read(file, FILE_MAX, &text, &st)) {
		problem(l, "%s: cannot read it: %s", file, strerror(errno));
		return;
	}
	l->dir = conf_join(cwd, str_c(file));
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

		if (!conf_rows[i].env || !str_eq_c(name, conf_rows[i].env))
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

		if (file_read(file[i], FILE_MAX, &text, &st)) {
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
		const struct conf_row *r = &conf_rows[i];
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
	struct str name = { arg + 2, eq		       ? (size_t)(eq - arg - 2)
				     : strlen(arg) < 2 ? 0
						       : strlen(arg + 2) };

	if (arg[0] != '-' || !arg[1] || (is_long && !arg[2]))
		return hit;
	hit.config = is_long ? str_eq_c(name, "config") : arg[1] == 'c';
	for (unsigned i = 0; i < CONF_COUNT && !hit.config; i++)
		if (is_long ? conf_rows[i].flag && str_eq_c(name, conf_rows[i].flag)
			    : conf_rows[i].letter == arg[1])
			hit.row = &conf_rows[i];
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
		if (hit.config ? *file != NULL : flag[hit.row - conf_rows] != NULL)
			return gw_fail(l->e, GWE_USAGE, 0, "option --%s is given twice", name);
		if (hit.config)
			*file = hit.value;
		else
			flag[hit.row - conf_rows] = hit.value;
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
		snprintf(where, sizeof where, "--%s", conf_rows[i].flag);
		take(l, &conf_rows[i], str_c(flag[i]), CONF_FROM_FLAG, where);
		if (!conf_rows[i].secret)
			continue;
		memset(flag[i], '*', strlen(flag[i]));
		log_warn("--%s was visible to every user of this machine until now; put it into %s "
			 "or a file instead",
			 conf_rows[i].flag, conf_rows[i].env);
	}
}

/* ---- what follows from other settings ---- */

static void default_state_dir(struct load *l)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (l->c->state_dir[0])
		return;
	if (!geteuid())
		conf_set_text(&l->c->state_dir, conf_copy(STR_LIT("/var/lib/llm-gateway")));
	else if (xdg && xdg[0] == '/')
		conf_set_text(&l->c->state_dir, conf_join(xdg, STR_LIT("llm-gateway")));
	else if (home && home[0] == '/')
		conf_set_text(&l->c->state_dir,
			      conf_join(home, STR_LIT(".local/state/llm-gateway")));
	else
		problem(l,
			"STATE_DIR: neither it nor HOME is set; say where the database is to live");
}

/* The files of PROVIDER_KEY_DIR answer for keys that nothing else has set. */
static void load_key_dir(struct load *l)
{
	const char *only = l->src->provider;

	for (const struct conf_provider *p = conf_providers; p->name && l->c->provider_key_dir[0];
	     p++) {
		struct secret *key = conf_slot(l->c, &conf_rows[p->key]);
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
			secret_clear(conf_slot(l->c, &conf_rows[p->key]));
			l->c->from[p->key] = CONF_FROM_DEFAULT;
		}
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
			problem(l, "PROVIDERS: unknown provider %.40s%s", list->item[i],
				nearest_hint(&near, hint));
	}
	for (const struct conf_provider *p = conf_providers; p->name && !l->c->from[CONF_providers];
	     p++)
		if (conf_provider_complete(l->c, p))
			conf_list_add(list, str_c(p->name));
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
		problem(l,
			"CLIENT_GONE: expected stop, drain or PROVIDER=stop|drain, not \"%.40s\"",
			item.p);
	}
}

static void warn_no_effect(const struct load *l)
{
	struct buf names;

	buf_init(&names, 1024);
	for (unsigned i = 0; i < CONF_COUNT; i++)
		if (conf_rows[i].no_effect && l->c->from[i] != CONF_FROM_DEFAULT)
			buf_addf(&names, "%s%s", names.len ? ", " : "", conf_rows[i].env);
	if (names.len)
		log_warn("accepted without effect: %s", buf_c(&names));
	buf_clear(&names);
}

/* ---- the public part ---- */

static struct conf *defaults(struct load *l)
{
	l->c = calloc(1, sizeof *l->c);
	if (!l->c)
		abort();
	l->c->file = conf_copy(STR_NULL);
	for (unsigned i = 0; i < CONF_COUNT; i++) {
		enum conf_type t = conf_rows[i].type;

		if (t != CONF_T_U64 && t != CONF_T_BOOL && t != CONF_T_LIST && t != CONF_T_SECRET)
			conf_set_text(conf_slot(l->c, &conf_rows[i]), conf_copy(STR_NULL));
		take(l, &conf_rows[i], str_c(conf_rows[i].def), CONF_FROM_DEFAULT,
		     conf_rows[i].field);
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
		l->dir = conf_copy(STR_LIT("/"));
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
			conf_set_text(&l->c->database,
				      conf_join(l->c->state_dir, STR_LIT("gateway.db")));
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
	for (unsigned i = 0; i < CONF_COUNT; i++)
		conf_value_clear(c, &conf_rows[i]);
	free(c->file);
	free(c);
}

int conf_read_secret(const char *path, struct secret *out, struct gw_err *e)
{
	struct secret text = { NULL, 0 };
	struct stat st;
	struct str v;
	int rc = -1;

	if (file_read(path, FILE_MAX, &text, &st))
		return gw_fail(e, GWE_CONFIG, errno, "%s: cannot read it: %s", path,
			       strerror(errno));
	v = str_trim(secret_reveal(&text));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		gw_fail(e, GWE_CONFIG, 0,
			"%s: it has to belong to the user that reads it, or to root", path);
	else if (st.st_mode & (st.st_uid == 0 && geteuid() != 0 ? 0037 : 0077))
		gw_fail(e, GWE_CONFIG, 0, "%s: others can read it (mode %03o): chmod 600", path,
			(unsigned)(st.st_mode & 0777));
	else if (!str_visible(v, FILE_MAX))
		gw_fail(e, GWE_CONFIG, 0, "%s: expected one line of visible ASCII characters",
			path);
	else
		rc = 0;
	if (!rc)
		secret_set(out, v);
	secret_clear(&text);
	return rc;
}
