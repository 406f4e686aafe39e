/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dotenv - read a .env file: NAME=value lines as people write them for shells and containers.
 *
 *	# a comment            blank lines and comments are skipped
 *	export NAME=value      `export` may stand before a name, blanks around =
 *	NAME=value # comment   unquoted: up to a # with a blank before it; outer blanks are cut
 *	NAME='as it is'        nothing inside is special; may span lines
 *	NAME=`as it is`
 *	NAME="a\nb"            \n \r \t \" \\ and \$ are resolved, other backslashes stay; may span lines
 *
 * Values are not expanded ($OTHER stays).
 *
 * Layer:   util
 * Threads: no shared state
 */
#ifndef GW_UTIL_DOTENV_H
#define GW_UTIL_DOTENV_H

#include "util/str.h"

/*
 * Call @each for every line in order; name and value are lent until it returns (the value's memory
 * is wiped afterwards). CONFIG with "@file:LINE: ..." for a line that is none of the above; the
 * text of the line is not shown, it may hold a key.
 */
int dotenv_read(struct str text, const char *file,
		void (*each)(void *arg, struct str name, struct str value, unsigned line), void *arg,
		struct gw_err *e) GW_MUST_CHECK;

#endif
