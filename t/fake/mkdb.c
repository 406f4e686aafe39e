/* SPDX-License-Identifier: Apache-2.0 */
/* mkdb FILE - make the gateway's database, for tests of what comes after. */
#include "config.h"

#include <stdio.h>

#include "store/store.h"

int main(int argc, char **argv)
{
	struct gw_err e;
	bool made;

	if (argc != 2)
		return 2;
	if (store_migrate(argv[1], SCHEMA_GATEWAY, false, &made, &e) < 0) {
		fprintf(stderr, "mkdb: %s\n", e.pub);
		return 1;
	}
	return 0;
}
