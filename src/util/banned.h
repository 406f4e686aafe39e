/* SPDX-License-Identifier: Apache-2.0 */
/*
 * banned - functions that must not be used; including this makes them fail to
 * compile. str.h includes it, so every module gets it.
 */
#ifndef GW_UTIL_BANNED_H
#define GW_UTIL_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atoll atof gets
#pragma GCC poison gmtime localtime ctime asctime rand srand strtod

#endif
